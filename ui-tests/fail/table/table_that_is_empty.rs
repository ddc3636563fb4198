use auth_runtime::prelude::*;

permissions! {
    /// What a caller may do.
    pub enum Permission {}
}

fn main() {
    let _ = Permission::ALL;
}
