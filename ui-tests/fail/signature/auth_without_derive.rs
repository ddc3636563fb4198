use auth_runtime::prelude::*;
use poem_openapi::OpenApi;

struct Config;

struct Entries;

#[protected(auth = Config)]
#[OpenApi]
impl Entries {
    #[protected]
    #[oai(path = "/", method = "get")]
    async fn list(&self) {}

    #[protected(fresh = "5m")]
    #[oai(path = "/", method = "delete")]
    async fn clear(&self) {}
}

fn main() {}
