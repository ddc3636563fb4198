use auth_runtime::prelude::*;
use auth_ui_tests::Keys;

#[derive(Auth, Clone)]
struct Auth {
    #[scheme(basic)]
    password: Keys,
}

fn main() {
    fn is_auth<A: auth_runtime::guard::AuthConfig>() {}
    is_auth::<Auth>();
}
