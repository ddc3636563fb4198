use auth_runtime::prelude::*;
use auth_ui_tests::Tokens;

#[derive(Auth, Clone)]
struct Auth {
    #[scheme(bearer, max_len = 1, max_len = 2)]
    token: Tokens,
}

fn main() {
    fn is_auth<A: auth_runtime::guard::AuthConfig>() {}
    is_auth::<Auth>();
}
