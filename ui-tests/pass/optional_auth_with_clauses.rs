use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use poem::{EndpointExt, Route, get, handler};
use poem_openapi::{OpenApi, param::Path, payload::PlainText};

struct Profiles;

#[protected]
#[OpenApi(prefix_path = "/profiles")]
impl Profiles {
    #[optional_auth(not(role("Viewer")))]
    #[oai(path = "/", method = "get")]
    async fn list(&self, caller: Option<Principal<Auth>>) -> PlainText<String> {
        PlainText(caller.map_or_else(String::new, |caller| caller.subject().to_owned()))
    }

    #[optional_auth(check("public, or the owner's") = is_visible(owner, caller.as_ref()))]
    #[oai(path = "/:owner", method = "get")]
    async fn show(&self, caller: Option<Principal<Auth>>, Path(owner): Path<String>) -> PlainText<String> {
        PlainText(owner)
    }
}

async fn is_visible(owner: &str, caller: Option<&Principal<Auth>>) -> bool {
    owner == "public" || caller.is_some_and(|caller| caller.subject() == owner)
}

#[optional_auth(permission("view"), hide)]
#[handler]
fn page(caller: Option<Principal<Auth>>) -> String {
    caller.map_or_else(String::new, |caller| caller.subject().to_owned())
}

fn main() {
    let app = || auth().service(Profiles, "Profiles", "1.0");
    assert_eq!(status(app(), "GET /profiles", ""), 200);
    assert_eq!(status(app(), "GET /profiles", "alice."), 200);
    assert_eq!(status(app(), "GET /profiles", "alice.Viewer"), 403);
    assert_eq!(status(app(), "GET /profiles", "invalid"), 401);
    assert_eq!(status(app(), "GET /profiles/public", ""), 200);
    assert_eq!(status(app(), "GET /profiles/alice", ""), 401);
    assert_eq!(status(app(), "GET /profiles/alice", "alice."), 200);
    assert_eq!(status(app(), "GET /profiles/alice", "bob."), 403);
    let pages = || Route::new().at("/page", get(page)).with(auth());
    assert_eq!(status(pages(), "GET /page", ""), 200);
    assert_eq!(status(pages(), "GET /page", "alice."), 404);
    assert_eq!(status(pages(), "GET /page", "alice.Viewer"), 200);
}
