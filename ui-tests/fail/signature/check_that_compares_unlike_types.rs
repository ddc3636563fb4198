use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth};
use poem_openapi::{OpenApi, param::Path};

struct Entries;

#[protected]
#[OpenApi]
impl Entries {
    #[protected(check = caller.subject() == id)]
    #[oai(path = "/:id", method = "get")]
    async fn list(&self, caller: Principal<Auth>, Path(id): Path<i64>) {}
}

fn main() {
    let _ = auth().service(Entries, "Entries", "1.0");
}
