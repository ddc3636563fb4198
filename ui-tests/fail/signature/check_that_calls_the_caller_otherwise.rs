use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth};
use poem_openapi::OpenApi;

struct Entries;

#[protected]
#[OpenApi]
impl Entries {
    #[protected(check = matches!(caller.subject(), "alice" | "bob"))]
    #[oai(path = "/", method = "get")]
    async fn list(&self, user: Principal<Auth>) {}
}

fn main() {
    let _ = auth().service(Entries, "Entries", "1.0");
}
