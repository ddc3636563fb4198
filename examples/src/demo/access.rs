//! The permissions, roles and security schemes of the demo.

use auth_runtime::{prelude::*, users::UserTokens};
use auth_store::SqlUsers;

permissions! {
    /// Permissions on entries.
    pub enum Permission {
        /// View entries
        View = "view",
        /// Write entries and change own entries
        Edit = "edit",
        /// Delete entries
        Delete = "delete",
    }
}

roles! {
    /// The roles of users and machine clients.
    pub enum Role: Permission {
        /// Views entries
        Viewer = "Viewer" => [View],
        /// Views and writes entries
        User = "User": Viewer => [Edit],
        /// Has all permissions
        Administrator = "Administrator" => all,
    }
}

// Invariants that the compiler checks, and one that the test of `access.lock` checks.
invariants! {
    only(Administrator, "delete");
    never(Viewer, "edit");
    max_public = 6;
}

/// The accepted credentials.
#[derive(Auth, Clone, Debug)]
#[auth(permissions = Permission, roles = Role, realm = "entry book")]
pub struct Auth {
    /// Access token from `/auth/token`.
    #[scheme(oauth2(password(token_url = "/auth/token")))]
    pub access_token: UserTokens<SqlUsers>,
    /// User name and password.
    // Otherwise a browser asks for a password when Swagger UI gets a 401.
    #[scheme(basic, silent_for_scripts)]
    pub password: Basic<SqlUsers>,
    /// API key of a machine client.
    #[scheme(api_key(header = "X-API-Key"))]
    pub key: ApiKeys<SqlUsers>,
    /// Session of a browser, from the page `/auth/login`.
    #[scheme(cookie = "__Host-session")]
    pub session: Sessions<SqlUsers>,
}
