use std::marker::PhantomData;

use auth_runtime::{guard::AuthConfig, prelude::*};
use auth_ui_tests::{Auth, auth};
use poem_openapi::OpenApi;

struct Comments<A>(PhantomData<fn() -> A>);

#[protected(auth = A)]
#[OpenApi]
impl<A: AuthConfig> Comments<A>
{
    #[permission("comments:read")]
    #[oai(path = "/", method = "get")]
    async fn list(&self) {}
}

fn main() {
    let _ = auth().service(Comments(PhantomData::<fn() -> Auth>), "Comments", "1.0");
}
