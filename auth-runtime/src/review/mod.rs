//! The access policy of an application as text: written, parsed, analysed and compared.
//!
//! A program can evaluate every rule for every kind of caller, and show a reviewer the callers that a change admits.
//! [`AccessPolicy`] has the permissions, roles, schemes and rules of an application. It is built from the constants
//! that are enforced, or parsed from the file `access.lock`.
//!
//! ```
//! # use auth_runtime::{prelude::*, review::AccessPolicy};
//! # use poem_openapi::{OpenApi, payload::PlainText};
//! # permissions! { pub enum Permission { View = "view" } }
//! # roles! { pub enum Role: Permission { Viewer = "Viewer" => [View] } }
//! # #[derive(Auth, Clone)] #[auth(permissions = Permission, roles = Role)]
//! # struct Auth { #[scheme(api_key(header = "X-API-Key"))] key: ApiKeys }
//! struct Entries;
//!
//! #[protected]
//! #[OpenApi]
//! impl Entries {
//!     #[permission("view")]
//!     #[oai(path = "/entries", method = "get")]
//!     async fn list(&self) -> PlainText<&'static str> {
//!         PlainText("entries")
//!     }
//! }
//!
//! let policy = AccessPolicy::of::<Auth>().api::<Entries>("/").build();
//! let text = policy.to_string();
//! assert!(text.contains(r#"GET /entries requires permission("view")"#));
//! assert_eq!(text.parse::<AccessPolicy>()?, policy);
//! # Ok::<(), auth_runtime::review::ParsePolicyError>(())
//! ```
//!
//! Rules inside of a protected subtree are combined with its rule if they are listed with
//! [`subtree_with`](AccessPolicyBuilder::subtree_with).

mod analysis;
#[cfg(feature = "testing")]
mod boundary;
mod build;
mod cell;
mod difference;
mod error;
mod explain;
mod finding;
mod invariants;
mod lint;
mod lock;
mod markdown;
mod matrix;
mod persona;
mod policy;
mod rule;
mod scheme_text;
mod target;
#[cfg(test)]
mod tests;

#[cfg(feature = "testing")]
pub(crate) use self::build::{Described, mount_path};
pub use self::{
    build::AccessPolicyBuilder,
    cell::{Condition, MatrixCell},
    difference::{Change, ChangeKind, Difference, DifferenceClass, Subject},
    error::ParsePolicyError,
    explain::Explanation,
    finding::{Finding, FindingKind},
    invariants::Invariants,
    lock::{AccessLockError, check_access_lock},
    matrix::{Matrix, MatrixColumn, MatrixRow},
    persona::Persona,
    policy::{AccessPolicy, RoleDefinition},
    rule::{AccessRule, RuleAccess},
    target::Target,
};
pub use crate::policy::{CheckText, ClaimContent, Clause, Clauses, ExplainedClause};
