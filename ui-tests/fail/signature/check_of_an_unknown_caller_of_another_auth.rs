use auth_runtime::prelude::*;
use auth_ui_tests::auth;
use poem_openapi::OpenApi;

struct Entries;

#[protected(auth = auth_ui_tests::Auth)]
#[OpenApi]
impl Entries {
    #[protected(check = caller.subject() == "alice")]
    #[oai(path = "/", method = "get")]
    async fn list(&self) {}
}

fn main() {
    let _ = auth().service(Entries, "Entries", "1.0");
}
