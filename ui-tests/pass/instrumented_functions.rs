use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use poem::{EndpointExt, Route, get, handler, web::Path as PoemPath};
use poem_openapi::{OpenApi, param::Path, payload::PlainText};
use tracing::instrument;

struct Entries;

#[protected]
#[OpenApi(prefix_path = "/entries")]
impl Entries {
    /// Shows an entry.
    #[instrument(skip(self, caller), fields(subject = caller.subject()))]
    #[protected(check = *id > 0)]
    #[oai(path = "/:id", method = "get")]
    async fn show(&self, caller: Principal<Auth>, Path(id): Path<u64>) -> PlainText<String> {
        tracing::info!("shown");
        PlainText(format!("{id} for {}", caller.subject()))
    }

    #[oai(path = "/", method = "get")]
    #[permission("view")]
    #[instrument(skip_all)]
    async fn list(&self) -> PlainText<&'static str> {
        PlainText("all")
    }
}

#[protected(role("Administrator"))]
#[handler]
#[instrument(skip(caller), ret)]
async fn report(caller: Principal<Auth>, PoemPath(id): PoemPath<u64>) -> String {
    format!("{id} for {}", caller.subject())
}

fn main() {
    let api = || auth().service(Entries, "Entries", "1.0");
    assert_eq!(status(api(), "GET /entries/1", "alice."), 200);
    assert_eq!(status(api(), "GET /entries/0", "alice."), 403);
    assert_eq!(status(api(), "GET /entries", "alice.Viewer"), 200);
    let app = || Route::new().at("/reports/:id", get(report)).with(auth());
    assert_eq!(status(app(), "GET /reports/1", "alice.Administrator"), 200);
    assert_eq!(status(app(), "GET /reports/1", "alice.Viewer"), 403);
}
