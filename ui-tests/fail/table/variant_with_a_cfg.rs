use auth_runtime::prelude::*;

permissions! {
    /// What a caller may do.
    pub enum Permission {
        /// View entries
        #[cfg(unix)]
        View = "view",
    }
}

fn main() {
    let _ = Permission::View.name();
}
