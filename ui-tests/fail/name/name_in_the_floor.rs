use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth};
use poem_openapi::OpenApi;

struct Entries;

#[protected(roles("Veiwer"))]
#[OpenApi]
impl Entries {
    #[permission("view")]
    #[oai(path = "/", method = "get")]
    async fn list(&self) {}

    #[permission("edit")]
    #[oai(path = "/", method = "delete")]
    async fn clear(&self) {}
}

fn main() {
    let _ = auth().service(Entries, "Entries", "1.0");
}
