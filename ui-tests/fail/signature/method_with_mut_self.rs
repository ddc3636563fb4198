use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth};
use poem_openapi::OpenApi;

struct Entries;

#[protected]
#[OpenApi]
impl Entries {
    #[permission("view")]
    #[oai(path = "/", method = "get")]
    async fn list(&mut self) {}
}

fn main() {
    let _ = auth().service(Entries, "Entries", "1.0");
}
