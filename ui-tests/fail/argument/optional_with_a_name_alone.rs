use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth};
use poem_openapi::OpenApi;

struct Entries;

#[protected]
#[OpenApi]
impl Entries {
    #[optional_auth("Viewer")]
    #[oai(path = "/", method = "get")]
    async fn list(&self, _caller: Option<Principal<Auth>>) {}
}

fn main() {
    let _ = auth().service(Entries, "Entries", "1.0");
}
