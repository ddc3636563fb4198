use auth_runtime::prelude::*;

permissions! {
    /// The permissions of a caller.
    pub enum Permission {}
}

fn main() {
    let _ = Permission::ALL;
}
