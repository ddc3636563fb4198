//! Who may be allowed what, and how callers prove who they are.

use auth_runtime::{prelude::*, users::UserTokens};
use auth_store::SqlUsers;

permissions! {
    /// What a caller may do with entries.
    pub enum Permission {
        /// View entries
        View = "view",
        /// Write entries, and change one's own
        Edit = "edit",
        /// Delete entries
        Delete = "delete",
    }
}

roles! {
    /// Who works here.
    pub enum Role: Permission {
        /// Reads
        Viewer = "Viewer" => [View],
        /// Reads and writes
        User = "User": Viewer => [Edit],
        /// Does everything
        Administrator = "Administrator" => all,
    }
}

/// How callers prove who they are.
#[derive(Auth, Clone, Debug)]
#[auth(permissions = Permission, roles = Role, realm = "entry book")]
pub struct Auth {
    /// Access token from `/auth/token`.
    #[scheme(oauth2(password(token_url = "/auth/token")))]
    pub access_token: UserTokens<SqlUsers>,
    /// User name and password.
    #[scheme(basic)]
    pub password: Basic<SqlUsers>,
    /// Key of a machine client.
    #[scheme(api_key(header = "X-API-Key"))]
    pub key: ApiKeys<SqlUsers>,
}
