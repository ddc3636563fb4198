use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth};
use poem_openapi::{OpenApi, param::Query};

struct Entries;

#[protected]
#[OpenApi]
impl Entries {
    #[protected(check = owner.0 == 1)]
    #[oai(path = "/", method = "get")]
    async fn list(&self, _id: Query<i64>) {}
}

fn main() {
    let _ = auth().service(Entries, "Entries", "1.0");
}
