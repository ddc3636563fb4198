use auth_runtime::prelude::{permission, protected};
use poem_openapi::OpenApi;

struct Entries;

#[protected]
#[OpenApi]
impl Entries {
    #[permission("view")]
    #[oai(path = "/", method = "get")]
    async fn list(&self) {}
}

fn main() {}
