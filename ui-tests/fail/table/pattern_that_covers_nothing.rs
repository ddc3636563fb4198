use auth_runtime::prelude::*;

permissions! {
    pub enum Permission {
        View = "view",
        OrdersRead = "orders:read",
    }
}

roles! {
    pub enum Role: Permission {
        Clerk = "Clerk" => ["order:*"],
    }
}

fn main() {}
