use auth_runtime::prelude::*;
use auth_ui_tests::Permission;

#[derive(Auth, Clone)]
#[auth(permissions = Permission)]
struct Auth {
    #[overrides]
    overrides: PermissionOverrides<Permission>,
}

fn main() {
    fn is_auth<A: auth_runtime::guard::AuthConfig>() {}
    is_auth::<Auth>();
}
