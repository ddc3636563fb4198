use auth_runtime::prelude::*;
use auth_ui_tests::Permission;

#[derive(Auth, Clone)]
#[auth(permissions = Permission)]
struct Auth {
    #[grants]
    grants: Grants<Permission>,
}

fn main() {
    fn is_auth<A: auth_runtime::authenticate::Authority>() {}
    is_auth::<Auth>();
}
