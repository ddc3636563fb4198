//! Declarative access control for [Poem](poem) and [poem-openapi](poem_openapi): write the access rule of an operation
//! next to the operation. The library enforces the rule, and derives the OpenAPI security requirements and error
//! responses from it.
//!
//! ```
//! use auth_runtime::prelude::*;
//! use poem_openapi::{OpenApi, payload::PlainText};
//!
//! permissions! {
//!     /// Permissions on entries.
//!     pub enum Permission {
//!         /// View entries
//!         View = "view",
//!     }
//! }
//!
//! roles! {
//!     /// Roles of the staff.
//!     pub enum Role: Permission {
//!         /// Reads
//!         Viewer = "Viewer" => [View],
//!     }
//! }
//!
//! /// The accepted credentials.
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
//! Write `#[protected]` above `#[OpenApi]`, and replace `OpenApiService::new(..)` by `auth.service(..)`. An operation
//! without a rule does not compile.
//!
//! # Attributes
//!
//! | attribute | admits |
//! |---|---|
//! | [`#[protected]`](macro@protected) | authenticated callers that meet its clauses |
//! | [`#[permission("view")]`](macro@permission) | callers with the permission |
//! | [`#[optional_auth]`](macro@optional_auth) | anonymous callers that pass its checks, and authenticated callers that meet its clauses |
//! | [`#[public(reason = "..")]`](macro@public) | all callers; credentials are ignored |
//!
//! | clause of `#[protected(..)]` | requires |
//! |---|---|
//! | `roles("A", "B")`, `all_roles("A", "B")` | one of the roles, or all of them |
//! | `permissions("a", "b")`, `any_permission("a", "b")` | all permissions, or one of them |
//! | `scopes("a", "b")` | a token with all of the OAuth 2 scopes |
//! | `schemes("a", "b")` | a credential of one of the schemes |
//! | `fresh = "5m"` | a sign-in within this time |
//! | `acr("gold", "silver")` | a sign-in under one of the authentication context classes |
//! | `claim("tenant" = "acme")` | a claim with the value |
//! | `check = expression`, `check("name") = expression` | that the expression is true |
//! | `RULE` | everything that the rule in this constant requires |
//! | `any(..)`, `all(..)`, `not(..)` | one of the clauses, all of them, or that the single clause of `not` is not met |
//!
//! With `hide`, denied callers get 404 instead of 403, and the OpenAPI document omits the operation. A request without
//! a credential still gets 401.
//!
//! [`permissions!`] and [`roles!`] declare the names. [`requirement!`] makes a rule for a subtree. [`invariants!`]
//! states invariants of roles and routes, which the compiler and a test check. The derive macro [`Auth`](derive@Auth)
//! turns a struct of schemes into a configuration.
//!
//! # Modules
//!
//! | task | module |
//! |---|---|
//! | verify tokens, or issue them | [`jwt`] |
//! | mount a token endpoint | `token_service` |
//! | verify user names and passwords | [`users`] |
//! | let users reset passwords, verify addresses and use a second factor | `account` |
//! | verify API keys | [`api_key`] |
//! | sign in browsers | [`session`] |
//! | verify another credential | [`authenticate`], [`credential`] |
//! | limit failed attempts | [`throttle`] |
//! | find the address of a client behind a proxy | [`client_ip`] |
//! | get the caller in a handler | [`extract`], [`Principal`](authenticate::Principal) |
//! | describe the caller to a front end | [`me`] |
//! | mount an API or guard a subtree | [`mount`] |
//! | protect MCP tools | `mcp` |
//! | change the body of refusals | [`respond`] |
//! | record decisions | [`event`] |
//! | review who may call what, and compare two versions | [`review`] |
//! | test rules | [`testing`] |
//! | weaken a protection | [`danger`] |
//!
//! The crate `auth-store` keeps users and keys in SQLite, PostgreSQL, MariaDB or MySQL. The crate `auth-admin` has a
//! command that manages them. The crate `auth-ldap` verifies passwords with an LDAP directory.
//!
//! # Features
//!
//! | feature | default | enables |
//! |---|---|---|
//! | `account` | no | password reset and e-mail verification by mail, and a second factor |
//! | `api-key` | yes | API keys |
//! | `basic` | yes | user names and passwords |
//! | `custom-fetcher` | no | keys of an issuer ([`jwt::RemoteKeys`]), fetched by your own [`jwt::Fetch`] |
//! | `http-client` | no | keys of an issuer ([`jwt::RemoteKeys`]), fetched over HTTPS |
//! | `jwt` | yes | JSON Web Tokens with AWS-LC, which needs a C compiler |
//! | `jwt-rust-crypto` | no | JSON Web Tokens with `RustCrypto`, in pure Rust: slower, and cannot sign with RSA keys |
//! | `mcp` | no | MCP tools under the same rules, as streamable HTTP |
//! | `metrics` | no | counters through the `metrics` facade |
//! | `openapi-explorer`, `rapidoc`, `redoc`, `scalar` | no | other pages that show the OpenAPI document |
//! | `session` | yes | sessions of browsers, with sign-in and sign-out |
//! | `smtp` | no | mails of `account` over SMTP |
//! | `swagger-ui` | yes | Swagger UI inside the binary |
//! | `testing` | no | for dev-dependencies: sends requests as chosen callers, and generates tests from the rules |
//! | `throttle` | with `basic` or `api-key` | limits of failed attempts |
//! | `token-service` | no | an API that issues, refreshes and revokes access tokens |
//!
//! # The steps of a request
//!
//! Each request to an operation that is not public takes the same steps: [credential] → [authenticate] → [policy] (the
//! decision) → the handler, or a [rejection](respond). The module [`guard`] runs them.

#![cfg_attr(docsrs, feature(doc_cfg))]

// The macros name this crate as its users do.
#[allow(unused_extern_crates, reason = "used by what the macros emit here")]
extern crate self as auth_runtime;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
#[cfg(feature = "account")]
pub mod account;
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
#[cfg(feature = "mcp")]
pub mod mcp;
pub mod me;
pub mod mount;
#[cfg(feature = "basic")]
pub mod password;
pub mod policy;
pub mod prelude;
pub mod respond;
pub mod review;
#[cfg(any(feature = "account", feature = "token-service"))]
pub mod seal;
#[cfg(feature = "session")]
pub mod session;
pub mod testing;
#[cfg(feature = "throttle")]
pub mod throttle;
#[cfg(feature = "token-service")]
pub mod token_service;
#[cfg(feature = "basic")]
pub mod users;

pub use auth_macros::{
    Auth, invariants, optional_auth, permission, permissions, protected, public, requirement, roles,
};

/// Emits the clauses that the macros hand to an editor.
#[doc(hidden)]
#[macro_export]
macro_rules! __editor {
    ($($tokens:tt)*) => { $($tokens)* };
}
