use auth_runtime::prelude::*;

permissions! {
    pub enum Permission {
        View = "view",
        Comments(String),
    }
}

fn main() {}
