//! What a service needs in scope: `use auth_runtime::prelude::*;`.

#[cfg(feature = "api-key")]
pub use crate::api_key::ApiKeys;
#[cfg(any(feature = "jwt", feature = "jwt-rust-crypto"))]
pub use crate::jwt::Jwt;
#[cfg(feature = "basic")]
pub use crate::users::Basic;
pub use crate::{
    Auth,
    authenticate::{Authenticator, PermissionOverrides, Principal, Unavailable},
    declared::{AuthSchema as _, RoleTable as _, Table as _},
    extract::{CurrentUser, LoadUser},
    guard::AuthConfig as _,
    mount::{Protect as _, Service as _},
    optional_auth, permission, permissions, protected, public, requirement, roles,
};
