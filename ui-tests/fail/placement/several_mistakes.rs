use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth};
use poem_openapi::OpenApi;

struct Entries;

#[protected]
#[OpenApi]
impl Entries {
    #[oai(path = "/", method = "get")]
    async fn list(&self) {}

    #[permission("edti")]
    #[oai(path = "/", method = "post")]
    async fn add(&self) {}

    #[public]
    #[oai(path = "/", method = "put")]
    async fn replace(&self) {}

    #[protected(roles())]
    #[oai(path = "/", method = "delete")]
    async fn clear(&self) {}
}

fn main() {
    let _ = auth().service(Entries, "Entries", "1.0");
}
