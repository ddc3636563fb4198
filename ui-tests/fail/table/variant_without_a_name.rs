use auth_runtime::prelude::*;

permissions! {
    /// The permissions of a caller.
    pub enum Permission {
        /// View entries
        View,
    }
}

fn main() {
    let _ = Permission::View.name();
}
