//! The permissions, roles and security schemes of the notice board.

use auth_runtime::prelude::*;

use super::Ldap;

permissions! {
    /// Permissions on the notice.
    pub enum Permission {
        /// Read the notice
        Read = "notice:read",
        /// Write the notice
        Write = "notice:write",
    }
}

roles! {
    /// The roles of users and machine clients. The setting `LDAP_ROLES` maps groups to roles.
    pub enum Role: Permission {
        /// Reads the notice
        Reader = "Reader" => [Read],
        /// Reads and writes the notice
        Editor = "Editor": Reader => [Write],
    }
}

/// The accepted credentials.
#[derive(Auth, Clone, Debug)]
#[auth(permissions = Permission, roles = Role, realm = "notice board")]
pub struct Auth {
    /// API key of a machine client.
    #[scheme(api_key(header = "X-API-Key"))]
    pub key: Option<ApiKeys>,
    /// User name and password in the directory.
    #[scheme(basic)]
    pub directory: Ldap,
}
