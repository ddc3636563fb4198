//! Who may be allowed what, and how callers prove who they are.

use auth_runtime::prelude::*;

use super::Ldap;

permissions! {
    /// What a caller may do with the notice.
    pub enum Permission {
        /// Read the notice
        Read = "notice:read",
        /// Write the notice
        Write = "notice:write",
    }
}

roles! {
    /// Who works here. Groups of the directory stand for roles, as the settings say.
    pub enum Role: Permission {
        /// Reads
        Reader = "Reader" => [Read],
        /// Reads and writes
        Editor = "Editor": Reader => [Write],
    }
}

/// How callers prove who they are.
#[derive(Auth, Clone, Debug)]
#[auth(permissions = Permission, roles = Role, realm = "notice board")]
pub struct Auth {
    /// Key of a machine client.
    #[scheme(api_key(header = "X-API-Key"))]
    pub key: Option<ApiKeys>,
    /// User name and password of the directory.
    #[scheme(basic)]
    pub directory: Ldap,
}
