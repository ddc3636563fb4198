use auth_runtime::prelude::*;

mod plugin {
    auth_runtime::permissions! {
        pub enum Permission { Read = "read", View = "view" }
    }
}

permissions! {
    pub enum Permission {
        View = "view",
        Comments(plugin::Permission),
    }
}

fn main() {}
