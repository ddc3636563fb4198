use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth};
use poem_openapi::OpenApi;

struct Entries;

#[protected]
#[OpenApi]
impl Entries {
    #[public(reason = "liveness probe")]
    #[oai(path = "/", method = "get")]
    async fn list(&self, _user: CurrentUser<Account>) {}
}

struct Account;

impl LoadUser for Account {
    type Auth = Auth;

    async fn load(
        _: &Principal<Auth>,
        _: &poem::Request,
    ) -> Result<Option<Self>, auth_runtime::authenticate::Unavailable> {
        Ok(Some(Account))
    }
}

fn main() {
    let _ = auth().service(Entries, "Entries", "1.0");
}
