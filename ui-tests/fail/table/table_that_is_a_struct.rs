use auth_runtime::prelude::*;

permissions! {
    pub struct Permission;
}

fn main() {}
