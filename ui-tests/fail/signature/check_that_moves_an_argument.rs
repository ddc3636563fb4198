use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth};
use poem_openapi::{OpenApi, param::Query};

struct Entries;

#[protected]
#[OpenApi]
impl Entries {
    #[protected(check = is_short(text.0))]
    #[oai(path = "/", method = "get")]
    async fn list(&self, text: Query<String>) {
        let _ = text;
    }
}

fn is_short(text: String) -> bool {
    text.len() < 10
}

fn main() {
    let _ = auth().service(Entries, "Entries", "1.0");
}
