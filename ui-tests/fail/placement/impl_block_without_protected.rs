use auth_runtime::prelude::*;
use auth_ui_tests::auth;
use poem_openapi::OpenApi;

struct Entries;

#[OpenApi]
impl Entries {
    #[oai(path = "/", method = "get")]
    async fn list(&self) {}
}

fn main() {
    let _ = auth().service(Entries, "Entries", "1.0");
}
