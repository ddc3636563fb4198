use auth_runtime::prelude::*;

roles! {
    /// The roles of the staff.
    pub enum Role: auth_ui_tests::Permission {
        /// Reads
        Viewer = "Viewer" => ["veiw"],
    }
}

fn main() {
    let _ = Role::Viewer.permissions();
}
