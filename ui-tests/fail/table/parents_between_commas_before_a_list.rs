use auth_runtime::prelude::*;
use auth_ui_tests::{Keys, Permission};

roles! {
    /// Who works here.
    pub enum Role: Permission {
        /// Reads
        Viewer = "Viewer" => [View],
        /// Writes
        Editor = "Editor" => [Edit],
        /// Does everything
        User = "User": Viewer, Editor => [View],
    }
}

#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = Role)]
struct Auth {
    #[scheme(api_key(header = "X-API-Key"))]
    key: Keys,
}

fn main() {
    let _ = (Role::User.permissions(), Auth { key: Keys });
}
