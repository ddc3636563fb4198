use auth_runtime::{policy::Operation, prelude::*};
use auth_ui_tests::{Auth, auth, status};
use poem::{EndpointExt, Result, Route, get, handler};
use poem_openapi::{OpenApi, param::Path, payload::PlainText};

pub mod rules {
    use super::{Auth, Operation, requirement};

    pub const STAFF: &Operation<Auth> = requirement!(roles("Viewer", "Administrator"));
    pub const EDITORS: &Operation<Auth> = requirement!(all(STAFF, permission("edit")));
}

use rules::STAFF as COLLEAGUES;

const EDITORS_1: &Operation<Auth> = rules::EDITORS;

struct Entries;

#[protected(COLLEAGUES)]
#[OpenApi(prefix_path = "/entries")]
impl Entries {
    #[protected]
    #[oai(path = "/", method = "get")]
    async fn list(&self) -> PlainText<&'static str> {
        PlainText("list")
    }

    #[protected(any(crate::rules::STAFF, check = *id == 0), not(EDITORS_1))]
    #[oai(path = "/:id", method = "get")]
    async fn show(&self, Path(id): Path<u64>) -> PlainText<String> {
        PlainText(id.to_string())
    }

    #[protected]
    #[oai(path = "/:id", method = "delete")]
    async fn delete(&self, caller: Principal<Auth>, id: Path<u64>) -> Result<PlainText<String>> {
        if id.0 > 1 {
            caller.require(EDITORS_1)?;
        }
        Ok(PlainText(caller.meets(EDITORS_1).to_string()))
    }
}

#[protected(rules::STAFF, hide)]
#[handler]
fn page() -> &'static str {
    "page"
}

fn main() {
    let app = || auth().service(Entries, "Entries", "1.0");
    assert_eq!(status(app(), "GET /entries", "alice.Viewer"), 200);
    assert_eq!(status(app(), "GET /entries", "alice."), 403);
    assert_eq!(status(app(), "GET /entries/1", "alice.Viewer"), 200);
    assert_eq!(status(app(), "GET /entries/1", "alice.Administrator"), 403);
    assert_eq!(status(app(), "DELETE /entries/1", "alice.Viewer"), 200);
    assert_eq!(status(app(), "DELETE /entries/2", "alice.Viewer"), 403);
    assert_eq!(status(app(), "DELETE /entries/2", "alice.Administrator"), 200);
    let pages = || Route::new().at("/page", get(page)).with(auth());
    assert_eq!(status(pages(), "GET /page", "alice."), 404);
}
