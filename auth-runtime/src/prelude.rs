//! What a service needs in scope: `use auth_runtime::prelude::*;`.

#[cfg(feature = "api-key")]
pub use crate::api_key::ApiKeys;
#[cfg(any(feature = "jwt", feature = "jwt-rust-crypto"))]
pub use crate::jwt::Jwt;
#[cfg(feature = "_sql")]
pub use crate::sql::SqlUsers;
#[cfg(feature = "basic")]
pub use crate::users::Basic;
pub use crate::{
    Auth,
    access::{RoleTable as _, Table as _},
    authenticate::{Authenticator, Authority as _, Grants},
    optional_auth, permission, permissions,
    principal::Principal,
    protect::Protect as _,
    protected, public, requirement, roles,
    service::Service as _,
    user::{CurrentUser, LoadUser},
};
