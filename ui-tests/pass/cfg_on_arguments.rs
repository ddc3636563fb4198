use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use poem::{EndpointExt, Route, get, handler};
use poem_openapi::{OpenApi, param::Query};

struct Entries;

#[protected]
#[OpenApi]
impl Entries {
    #[protected(check = id.0 == 1)]
    #[oai(path = "/", method = "get")]
    async fn list(
        &self,
        #[cfg(all())] id: Query<i64>,
        #[cfg(any())] id: NoSuchType,
        #[cfg(any())]
        #[oai(validator(maximum(value = "10")))]
        other: Query<i64>,
    ) {
    }
}

#[protected(check = name.0 == "alice")]
#[handler]
async fn greet(#[cfg(all())] name: poem::web::Query<String>, #[cfg(any())] missing: NoSuchType) -> String {
    name.0
}

#[permission("view")]
#[handler]
fn sync(#[cfg(not(all()))] missing: NoSuchType) {}

fn main() {
    let app = || auth().service(Entries, "Entries", "1.0");
    assert_eq!(status(app(), "GET /?id=1", "alice.Viewer"), 200);
    assert_eq!(status(app(), "GET /?id=2", "alice.Viewer"), 403);
    assert_eq!(status(app(), "GET /", "alice.Viewer"), 400);
    let app = Route::new().at("/", get(sync)).at("/greet", get(greet)).with(auth());
    assert_eq!(status(app, "GET /", "alice.Viewer"), 200);
}
