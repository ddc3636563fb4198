use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, Keys, auth};
use poem_openapi::OpenApi;

#[derive(Auth, Clone)]
struct Machines {
    #[scheme(api_key(header = "X-API-Key"))]
    key: Keys,
}

struct Entries;

#[protected]
#[OpenApi]
impl Entries {
    #[protected]
    #[oai(path = "/entries", method = "get")]
    async fn list(&self) {}
}

struct Jobs;

#[protected(auth = Machines)]
#[OpenApi]
impl Jobs {
    #[protected]
    #[oai(path = "/jobs", method = "get")]
    async fn list(&self) {}
}

fn main() {
    let _ = auth().service((Entries, Jobs), "Entries", "1.0");
}
