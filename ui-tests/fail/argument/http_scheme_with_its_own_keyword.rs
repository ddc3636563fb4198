use auth_runtime::prelude::*;
use auth_ui_tests::Passwords;

#[derive(Auth, Clone)]
struct Auth {
    #[scheme(http = "Basic")]
    password: Passwords,
}

fn main() {
    fn is_auth<A: auth_runtime::guard::AuthConfig>() {}
    is_auth::<Auth>();
}
