use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth};
use poem_openapi::OpenApi;

struct Entries;

async fn may() -> bool {
    let local = std::rc::Rc::new(true);
    std::future::ready(()).await;
    *local
}

#[protected]
#[OpenApi]
impl Entries {
    #[protected(check = may())]
    #[oai(path = "/", method = "get")]
    async fn list(&self) {}
}

fn main() {
    let _ = auth().service(Entries, "Entries", "1.0");
}
