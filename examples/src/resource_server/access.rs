//! Who may be allowed what, and how callers prove who they are.

use auth_runtime::prelude::*;

permissions! {
    /// What a caller may do with products.
    pub enum Permission {
        /// View products
        ProductsView = "products:view",
        /// Create products
        ProductsCreate = "products:create",
    }
}

roles! {
    /// Who works here. Roles come from tokens only.
    pub enum Role: Permission {
        /// Does everything
        Administrator = "Administrator" => all,
    }
}

/// How callers prove who they are. What is not configured is `None`: it is not accepted, offered or documented.
#[derive(Auth, Clone, Debug)]
#[auth(permissions = Permission, roles = Role, realm = "resource server")]
pub struct Auth {
    /// Access token of one of the configured issuers.
    #[scheme(bearer(format = "JWT"))]
    pub access_token: Option<Jwt>,
    /// User name and password.
    #[scheme(basic)]
    pub password: Option<Basic>,
    /// Key of a machine client.
    #[scheme(api_key(header = "X-API-Key"))]
    pub api_key: Option<ApiKeys>,
    /// What single callers may do in place of what their credential says.
    #[overrides]
    pub overrides: PermissionOverrides<Permission>,
}
