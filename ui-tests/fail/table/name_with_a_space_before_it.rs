use auth_runtime::prelude::*;

permissions! {
    /// What a caller may do.
    pub enum Permission {
        /// View entries
        View = " view",
    }
}

fn main() {
    let _ = Permission::View.name();
}
