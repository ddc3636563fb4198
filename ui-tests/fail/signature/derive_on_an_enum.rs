use auth_runtime::prelude::*;
use auth_ui_tests::{Keys, Tokens};

#[derive(Auth, Clone)]
enum Auth {
    Key(Keys),
    Token(Tokens),
}

fn main() {
    fn is_auth<A: auth_runtime::guard::AuthConfig>() {}
    is_auth::<Auth>();
}
