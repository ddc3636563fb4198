use auth_runtime::prelude::*;

permissions! {
    pub enum Permission {
        View = "view",
        use auth_ui_tests::Permission,
    }
}

fn main() {}
