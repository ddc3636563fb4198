use auth_runtime::prelude::*;

permissions! {
    enum Permission {
        View = "view",
        OrdersRead = "orders:read",
        OrdersWrite = "orders:write",
        OrdersRefund = "orders:refund:full",
        Ordering = "ordering",
        /// A name may end with a star: it is then no pattern.
        Star = "stars:*",
        OneStar = "stars:one",
    }
}

roles! {
    enum Role: Permission {
        Clerk = "Clerk" => ["orders:*"],
        Cashier = "Cashier": Clerk => ["view"],
        Refunds = "Refunds" => ["orders:refund:*"],
        Astronomer = "Astronomer" => ["stars:*"],
    }
}

const CLERK: PermissionSet = Role::Clerk.permissions();

fn main() {
    use Permission::{OrdersRead, OrdersRefund, OrdersWrite, Star};
    assert_eq!(CLERK.iter().collect::<Vec<_>>(), [OrdersRead, OrdersWrite, OrdersRefund]);
    assert_eq!(Role::Cashier.permissions().len(), 4);
    assert_eq!(Role::Refunds.permissions().iter().collect::<Vec<_>>(), [OrdersRefund]);
    assert_eq!(Role::Astronomer.permissions().iter().collect::<Vec<_>>(), [Star]);
}
