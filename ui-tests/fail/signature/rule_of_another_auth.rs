use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth};
use poem_openapi::OpenApi;

#[derive(Auth, Clone)]
struct Machines {
    #[scheme(api_key(header = "X-API-Key"))]
    key: auth_ui_tests::Keys,
}

const MACHINES: &auth_runtime::policy::Operation<Machines> = requirement!(auth = Machines, authenticated);

struct Entries;

#[protected]
#[OpenApi]
impl Entries {
    #[protected(MACHINES)]
    #[oai(path = "/", method = "get")]
    async fn list(&self) {}
}

fn main() {
    let _ = auth().service(Entries, "Entries", "1.0");
}
