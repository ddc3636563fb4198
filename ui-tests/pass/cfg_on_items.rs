use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use poem::{EndpointExt, Route, get, handler};
use poem_openapi::OpenApi;

struct Entries;

#[protected(roles = "Administrator")]
#[cfg(all())]
#[OpenApi]
impl Entries {
    #[protected]
    #[oai(path = "/", method = "get")]
    async fn list(&self) {}
}

#[protected]
#[cfg(any())]
#[OpenApi]
impl NoSuchType {
    #[protected]
    #[oai(path = "/", method = "get")]
    async fn list(&self) {}
}

#[permission("view")]
#[cfg(all())]
#[handler]
async fn count() -> String {
    "1".to_owned()
}

#[permission("view")]
#[cfg(any())]
#[handler]
async fn count(missing: NoSuchType) -> String {
    "2".to_owned()
}

fn main() {
    let app = || auth().service(Entries, "Entries", "1.0");
    assert_eq!(status(app(), "GET /", "alice.Viewer"), 403);
    assert_eq!(status(app(), "GET /", "alice.Administrator"), 200);
    assert_eq!(status(Route::new().at("/", get(count)).with(auth()), "GET /", "alice.Viewer"), 200);
}
