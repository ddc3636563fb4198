use auth_runtime::prelude::*;

roles! {
    /// The roles of the staff.
    pub enum Role: auth_ui_tests::Permission {
        /// Reads
        Viewer = "Viewer": Owner => [View],
        /// Writes
        User = "User": Viewer => [Edit],
        /// Owns
        Owner = "Owner": User,
    }
}

fn main() {
    let _ = Role::Viewer.permissions();
}
