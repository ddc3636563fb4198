use auth_runtime::prelude::*;

permissions! {
    pub enum Permission { View = "view", Approve = "orders:approve", Pay = "orders:pay" }
}

roles! {
    pub enum Role: Permission {
        Viewer = "Viewer" => [View, Pay],
        Approver = "Approver" => [View, Approve],
        Payer = "Payer" => [View, Pay],
        Boss = "Boss" => all,
    }
}

#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = Role)]
struct Auth {
    #[scheme(api_key(header = "X-API-Key"))]
    key: auth_ui_tests::Keys,
}

invariants! {
    only(Boss, Approver, "orders:approve");
    only(Boss, Role::Payer, Permission::Pay);
    never(Viewer, Approver, "orders:*");
    never(Payer, "orders:pay");
    separate(Approver, Payer);
}

fn main() {}
