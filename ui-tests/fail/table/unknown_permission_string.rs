use auth_runtime::prelude::*;

roles! {
    /// Who works here.
    pub enum Role: auth_ui_tests::Permission {
        /// Reads
        Viewer = "Viewer" => ["veiw"],
    }
}

fn main() {
    let _ = Role::Viewer.permissions();
}
