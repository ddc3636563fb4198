use auth_runtime::prelude::*;

roles! {
    /// Who works here.
    pub enum Role: auth_ui_tests::Permission {
        /// Reads
        Viewer = "Viewer" => [Veiw],
    }
}

fn main() {
    let _ = Role::Viewer.permissions();
}
