use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use poem::{EndpointExt, Route, get, handler, web::Query};
use serde::de::DeserializeOwned;

trait Name {
    const NAME: &'static str;
}

impl Name for Vec<(String, String)> {
    const NAME: &'static str = "shelf";
}

#[protected(any(role("Administrator"), check = T::NAME == "shelf" && caller.subject() == "alice"))]
#[handler]
async fn name<T>(caller: Principal<Auth>, _: Query<T>) -> String
where
    T: DeserializeOwned + Name + Send + Sync + 'static,
{
    format!("{} {}", T::NAME, caller.subject())
}

fn main() {
    let app = || Route::new().at("/", get(name::<Vec<(String, String)>>::default())).with(auth());
    assert_eq!(status(app(), "GET /", "alice."), 200);
    assert_eq!(status(app(), "GET /", "bob."), 403);
}
