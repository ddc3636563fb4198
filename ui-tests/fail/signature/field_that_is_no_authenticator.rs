use auth_runtime::prelude::*;

#[derive(Auth, Clone)]
struct Auth {
    #[scheme(api_key(header = "X-API-Key"))]
    key: String,
}

fn main() {
    fn is_auth<A: auth_runtime::guard::AuthConfig>() {}
    is_auth::<Auth>();
}
