use auth_runtime::prelude::*;
use auth_ui_tests::Permission;

roles! {
    /// Who works here.
    pub enum Role: Permission {
        /// Reads
        Viewer = "Viewer" => View,
    }
}

fn main() {
    let _ = Role::Viewer.permissions();
}
