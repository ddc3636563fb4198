//! Declarative access control for [Poem](poem) and [poem-openapi](poem_openapi): say who may call an endpoint next to
//! it, and get the enforcement, the OpenAPI security and the documented refusals from that one declaration.
//!
//! ```
//! use auth_runtime::prelude::*;
//! use poem_openapi::{OpenApi, payload::PlainText};
//!
//! permissions! {
//!     /// What a caller may do.
//!     pub enum Permission {
//!         /// View entries
//!         View = "view",
//!     }
//! }
//!
//! roles! {
//!     /// Who works here.
//!     pub enum Role: Permission {
//!         /// Reads
//!         Viewer = "Viewer" => [View],
//!     }
//! }
//!
//! /// How callers prove who they are.
//! #[derive(Auth, Clone)]
//! #[auth(permissions = Permission, roles = Role)]
//! struct Auth {
//!     /// Key of a machine client.
//!     #[scheme(api_key(header = "X-API-Key"))]
//!     key: ApiKeys,
//! }
//!
//! struct Entries;
//!
//! #[protected]
//! #[OpenApi]
//! impl Entries {
//!     #[permission("view")]
//!     #[oai(path = "/entries", method = "get")]
//!     async fn list(&self, caller: Principal<Auth>) -> PlainText<String> {
//!         PlainText(format!("Hello {}", caller.display_name()))
//!     }
//! }
//!
//! let auth = Auth { key: ApiKeys::default() };
//! let app = poem::Route::new().nest("/", auth.service(Entries, "Entries", "1.0"));
//! ```
//!
//! # The line
//!
//! A request is judged in one straight line: [credential] → [authenticate] → [policy] (the decision) → the handler
//! or a response that [rejects](respond) it. `guard/mod.rs` spells it out.

#![cfg_attr(docsrs, feature(doc_cfg))]

// The macros name this crate as its users do.
#[allow(unused_extern_crates, reason = "used by what the macros emit here")]
extern crate self as auth_runtime;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
#[cfg(feature = "api-key")]
pub mod api_key;
pub mod authenticate;
pub mod client_ip;
pub mod credential;
#[cfg(any(feature = "jwt", feature = "jwt-rust-crypto", feature = "throttle"))]
pub mod danger;
pub mod declared;
pub mod event;
pub mod extract;
pub mod guard;
#[cfg(any(feature = "jwt", feature = "jwt-rust-crypto"))]
pub mod jwt;
pub mod mount;
pub mod policy;
pub mod prelude;
pub mod respond;
pub mod testing;
#[cfg(feature = "throttle")]
pub mod throttle;
#[cfg(feature = "basic")]
pub mod users;

pub use auth_macros::{Auth, optional_auth, permission, permissions, protected, public, requirement, roles};
