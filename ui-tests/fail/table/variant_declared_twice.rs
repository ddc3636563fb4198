use auth_runtime::prelude::*;

permissions! {
    /// What a caller may do.
    pub enum Permission {
        /// View entries
        View = "view",
        /// Look at entries
        View = "look",
    }
}

fn main() {
    let _ = Permission::View.name();
}
