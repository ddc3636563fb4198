use auth_runtime::prelude::*;
use auth_ui_tests::Keys;

#[derive(Auth, Clone)]
#[auth(permissions = "Permission")]
struct Auth {
    #[scheme(api_key(header = "X-API-Key"))]
    key: Keys,
}

fn main() {
    fn is_auth<A: auth_runtime::guard::AuthConfig>() {}
    is_auth::<Auth>();
}
