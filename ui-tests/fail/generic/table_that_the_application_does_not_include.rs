use std::marker::PhantomData;

use auth_runtime::{declared::Includes, guard::AuthConfig, prelude::*};
use auth_ui_tests::{Auth, auth};
use poem_openapi::OpenApi;

mod comments {
    auth_runtime::permissions! {
        pub enum Permission { Read = "comments:read" }
    }
}

struct Comments<A>(PhantomData<fn() -> A>);

#[protected(auth = A)]
#[OpenApi]
impl<A: AuthConfig> Comments<A>
where
    A::Permission: Includes<comments::Permission>,
{
    #[permission(comments::Permission::Read)]
    #[oai(path = "/", method = "get")]
    async fn list(&self) {}
}

fn main() {
    let _ = auth().service(Comments(PhantomData::<fn() -> Auth>), "Comments", "1.0");
}
