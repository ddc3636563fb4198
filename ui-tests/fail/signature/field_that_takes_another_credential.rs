use auth_runtime::prelude::*;
use auth_ui_tests::Tokens;

#[derive(Auth, Clone)]
struct Auth {
    #[scheme(basic)]
    password: Tokens,
}

fn main() {
    fn is_auth<A: auth_runtime::authenticate::Authority>() {}
    is_auth::<Auth>();
}
