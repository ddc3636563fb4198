use auth_runtime::prelude::*;
use poem_openapi::OpenApi;

pub mod access {
    use auth_runtime::prelude::*;

    #[derive(Auth, Clone)]
    pub struct Auth {
        #[scheme(basic)]
        password: auth_ui_tests::Passwords,
    }
}

struct Entries;

#[protected]
#[OpenApi]
impl Entries {
    #[protected]
    #[oai(path = "/", method = "get")]
    async fn list(&self) {}
}

fn main() {}
