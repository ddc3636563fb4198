use std::marker::PhantomData;

use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth};
use poem_openapi::OpenApi;

struct Comments<A>(PhantomData<fn() -> A>);

#[protected(auth = A)]
#[OpenApi]
impl<A: Send + Sync + 'static> Comments<A> {
    #[permission("view")]
    #[oai(path = "/", method = "get")]
    async fn list(&self) {}
}

fn main() {
    let _ = auth().service(Comments(PhantomData::<fn() -> Auth>), "Comments", "1.0");
}
