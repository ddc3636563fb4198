//! The names that a service needs in scope: `use auth_runtime::prelude::*;`.
//!
//! | kind | names |
//! |---|---|
//! | attributes | `protected`, `permission`, `optional_auth`, `public` |
//! | macros | `permissions!`, `roles!`, `requirement!`, `invariants!`, and the derive macro `Auth` |
//! | fields of an `Auth` struct | `Basic`, `ApiKeys`, `Jwt`, `Sessions`, `PermissionOverrides` |
//! | callers | `Principal`, `CurrentUser`, `LoadUser` |
//! | plugins | `Authenticator`, `Unavailable` |
//!
//! The traits `Service` (`auth.service(..)`), `Protect` (`.protect(..)`) and those of permissions and roles are
//! imported as `_`. You can name your own struct `Auth`, because a derive macro and a type may have the same name.

#[cfg(feature = "api-key")]
pub use crate::api_key::ApiKeys;
#[cfg(any(feature = "jwt", feature = "jwt-rust-crypto"))]
pub use crate::jwt::Jwt;
#[cfg(feature = "mcp")]
pub use crate::mcp::Mcp as _;
#[cfg(feature = "session")]
pub use crate::session::Sessions;
#[cfg(feature = "basic")]
pub use crate::users::Basic;
pub use crate::{
    Auth,
    authenticate::{Authenticator, PermissionOverrides, Principal, Unavailable},
    declared::{AuthSchema as _, RoleTable as _, Table as _},
    extract::{CurrentUser, LoadUser},
    guard::AuthConfig as _,
    invariants,
    mount::{Protect as _, Service as _},
    optional_auth, permission, permissions, protected, public, requirement, roles,
};
