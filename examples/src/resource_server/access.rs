//! The permissions, roles and security schemes of the resource server.

use auth_runtime::prelude::*;

permissions! {
    /// Permissions on products.
    pub enum Permission {
        /// View products
        ProductsView = "products:view",
        /// Create products
        ProductsCreate = "products:create",
    }
}

roles! {
    /// The roles of callers. Only tokens carry roles.
    pub enum Role: Permission {
        /// Has all permissions
        Administrator = "Administrator" => all,
    }
}

/// The accepted credentials. A scheme that is not configured is `None`: it is neither accepted nor documented.
#[derive(Auth, Clone, Debug)]
#[auth(permissions = Permission, roles = Role, realm = "resource server")]
pub struct Auth {
    /// Access token of one of the configured issuers.
    #[scheme(bearer(format = "JWT"))]
    pub access_token: Option<Jwt>,
    /// User name and password.
    #[scheme(basic)]
    pub password: Option<Basic>,
    /// API key of a machine client.
    #[scheme(api_key(header = "X-API-Key"))]
    pub api_key: Option<ApiKeys>,
    /// Permissions of single callers, which replace those of their credential and its roles. The roles stay.
    #[overrides]
    pub overrides: PermissionOverrides<Permission>,
}
