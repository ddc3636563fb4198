//! Invariants that hold compile, and that of the routes is checked where the policy is built.

use auth_runtime::{prelude::*, review::AccessPolicy};
use poem_openapi::OpenApi;

permissions! {
    pub enum Permission { View = "view", Delete = "delete", Approve = "orders:approve", Pay = "orders:pay" }
}

roles! {
    pub enum Role: Permission {
        Viewer = "Viewer" => [View],
        Approver = "Approver": Viewer => [Approve],
        Payer = "Payer": Viewer => [Pay],
        Administrator = "Administrator": Viewer => [Delete],
    }
}

#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = Role)]
pub struct Staff {
    #[scheme(api_key(header = "X-API-Key"))]
    key: auth_ui_tests::Keys,
}

invariants! {
    auth = Staff;
    only(Administrator, delete);
    only("Approver", "Payer", "orders:*");
    never(Viewer, "orders:*");
    never(Role::Payer, Permission::Approve);
    separate(Approver, Role::Payer, "Administrator");
    max_public = 1;
}

struct Probes;

#[protected(auth = Staff)]
#[OpenApi]
impl Probes {
    #[public(reason = "probe")]
    #[oai(path = "/live", method = "get")]
    async fn live(&self) {}

    #[optional_auth]
    #[oai(path = "/hello", method = "get")]
    async fn hello(&self) {}
}

fn main() {
    let builder = || AccessPolicy::of::<Staff>().invariants(INVARIANTS);
    assert!(builder().build().rules().is_empty());
    let panic = std::panic::catch_unwind(|| builder().api::<Probes>("/").build()).unwrap_err();
    assert_eq!(
        panic.downcast_ref::<String>().unwrap(),
        "`max_public = 1` is broken: 2 operations let anonymous callers in: GET /hello, GET /live"
    );
    let _ = Staff { key: auth_ui_tests::Keys };
}
