use auth_runtime::prelude::*;
use poem_openapi::OpenApi;

struct Entries;

#[protected]
#[OpenApi]
impl Entries {
    #[protected]
    #[oai(path = "/", method = "get")]
    async fn list(&self) {}
}

fn main() {}
