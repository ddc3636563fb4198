use auth_runtime::prelude::*;

permissions! {
    pub enum Permission {
        View = "view",
    }
}

roles! {
    pub enum Role: Permission {
        Clerk = "Clerk" => ["*"],
    }
}

fn main() {}
