use auth_runtime::prelude::*;
use auth_ui_tests::{Passwords, Permission};

#[derive(Auth, Clone)]
#[auth(permissions = Permission)]
struct Auth {
    #[scheme(basic(realm = "entries"))]
    password: Passwords,
}

fn main() {
    fn is_auth<A: auth_runtime::guard::AuthConfig>() {}
    is_auth::<Auth>();
}
