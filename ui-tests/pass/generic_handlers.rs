use std::marker::PhantomData;

use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use poem::{EndpointExt, Route, get, handler, web::Query};
use serde::de::DeserializeOwned;

trait Name: Send + Sync + 'static {
    const NAME: &'static str;
}

struct Shelf;

impl Name for Shelf {
    const NAME: &'static str = "shelf";
}

#[protected(any(role("Administrator"), check = !N::NAME.is_empty() && caller.subject() == "alice"))]
#[handler]
async fn name<N, T>(caller: Principal<Auth>, query: Query<T>) -> String
where
    N: Name,
    T: DeserializeOwned + Send + Sync + 'static,
{
    let _: (PhantomData<N>, &Query<T>) = (PhantomData, &query);
    format!("{} {}", N::NAME, caller.subject())
}

fn main() {
    let app = || Route::new().at("/", get(name::<Shelf, Vec<(String, String)>>::default())).with(auth());
    assert_eq!(status(app(), "GET /", "alice."), 200);
    assert_eq!(status(app(), "GET /", "bob."), 403);
}
