use auth_runtime::prelude::*;

permissions! {
    /// The permissions of a caller.
    pub enum Permission {
        /// View entries
        #[cfg(unix)]
        View = "view",
    }
}

fn main() {
    let _ = Permission::View.name();
}
