//! What a service needs in scope: `use auth_runtime::prelude::*;`.

#[cfg(feature = "api-key")]
pub use crate::api_key::ApiKeys;
#[cfg(any(feature = "jwt", feature = "jwt-rust-crypto"))]
pub use crate::jwt::Jwt;
#[cfg(feature = "_sql")]
pub use crate::sql::SqlUsers;
#[cfg(feature = "basic")]
pub use crate::users::Basic;
pub use crate::{Auth, declared::{RoleTable as _, Table as _}, authenticate::{Authenticator, PermissionOverrides, Principal}, guard::AuthConfig as _, optional_auth, permission, permissions, mount::{Protect as _, Service as _}, protected, public, requirement, roles, extract::{CurrentUser, LoadUser}};
