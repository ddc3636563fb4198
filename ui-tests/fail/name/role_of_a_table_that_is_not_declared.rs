use auth_runtime::prelude::*;
use auth_ui_tests::Keys;
use poem_openapi::OpenApi;

#[derive(Auth, Clone)]
struct Auth {
    #[scheme(api_key(header = "X-API-Key"))]
    key: Keys,
}

struct Entries;

#[protected]
#[OpenApi]
impl Entries {
    #[protected(roles = "Administrator")]
    #[oai(path = "/", method = "get")]
    async fn list(&self) {}
}

fn main() {
    let _ = Auth { key: Keys }.service(Entries, "Entries", "1.0");
}
