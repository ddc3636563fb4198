use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth};
use poem_openapi::{OpenApi, param::Path};

struct Entries;

async fn owns(caller: &Principal<Auth>, id: &str) -> bool {
    caller.subject() == id
}

#[protected]
#[OpenApi]
impl Entries {
    #[protected(check = owns(caller, id))]
    #[oai(path = "/:id", method = "get")]
    async fn list(&self, caller: Principal<Auth>, Path(id): Path<i64>) {}
}

fn main() {
    let _ = auth().service(Entries, "Entries", "1.0");
}
