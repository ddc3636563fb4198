use auth_runtime::prelude::*;

permissions! {
    /// The permissions of a caller.
    pub enum Permission {
        /// View entries
        View = "view",
        /// Look at entries
        Look = "view",
    }
}

fn main() {
    let _ = Permission::View.name();
}
