use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth};
use poem_openapi::OpenApi;

struct Entries;

#[protected]
#[OpenApi]
impl Entries {
    #[public(reason = "liveness probe")]
    #[oai(path = "/", method = "get")]
    async fn list(&self) {}

    #[permission("view")]
    async fn count(&self) {}
}

fn main() {
    let _ = auth().service(Entries, "Entries", "1.0");
}
