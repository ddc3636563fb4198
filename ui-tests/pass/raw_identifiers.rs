use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use poem::{EndpointExt, Route, get, handler};
use poem_openapi::{OpenApi, param::Query};

struct r#Entries;

#[protected]
#[OpenApi]
impl r#Entries {
    #[protected(check = r#type.0 == 1)]
    #[oai(path = "/", method = "get")]
    async fn r#match(&self, r#type: Query<i64>) {}
}

#[protected(check = r#in.len() == 2)]
#[handler]
async fn r#move(r#in: poem::web::Query<Vec<(String, String)>>) -> String {
    r#in.len().to_string()
}

fn main() {
    let app = || auth().service(r#Entries, "Entries", "1.0");
    assert_eq!(status(app(), "GET /?type=1", "alice.Viewer"), 200);
    assert_eq!(status(app(), "GET /?type=2", "alice.Viewer"), 403);
    let app = Route::new().at("/", get(r#move)).with(auth());
    assert_eq!(status(app, "GET /?a=1&b=2", "alice.Viewer"), 200);
}
