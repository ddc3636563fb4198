//! The policy of an application as a document: written down, read back, analysed and compared.
//!
//! Rules are data, so a program can say for every route who gets in, and show a reviewer the callers that a change lets
//! in. [`AccessPolicy`] holds the tables, the schemes and the rules of an application. It comes from the code, where it is
//! what is enforced, or from the file `access.lock`.
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
//! The document shows the rule of each operation by itself. Where a subtree with a rule contains operations with rules, a
//! caller must meet both.

mod build;
mod claim;
mod clause;
mod error;
mod lock;
mod policy;
mod rule;
mod target;
#[cfg(test)]
mod tests;

pub use self::{
    build::AccessPolicyBuilder,
    claim::ClaimContent,
    clause::{CheckText, Clause, Clauses},
    error::ParsePolicyError,
    policy::{AccessPolicy, RoleDefinition},
    rule::{AccessRule, RuleAccess},
    target::Target,
};
