use auth_runtime::prelude::*;

mod plugin {
    auth_runtime::permissions! {
        pub enum Permission { Read = "comments:read" }
    }
}

permissions! {
    pub enum Permission {
        View = "view",
        Comments(plugin::Permission),
        Remarks(plugin::Permission),
    }
}

fn main() {}
