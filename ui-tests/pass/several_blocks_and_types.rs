use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use poem::{EndpointExt, Route, get};
use poem_openapi::OpenApi;

struct Entries;

impl Entries {
    fn helper(&self) -> bool {
        true
    }
}

#[protected]
#[OpenApi(prefix_path = "/entries")]
impl Entries {
    #[protected(check = self.helper())]
    #[oai(path = "/", method = "get")]
    async fn list(&self) {}
}

struct Users;

// Operations, handlers and blocks may have equal names wherever Rust lets them.
#[protected(auth = Auth, roles = "Administrator")]
#[OpenApi(prefix_path = "/users")]
impl Users {
    #[protected]
    #[oai(path = "/", method = "get")]
    async fn list(&self) {}

    #[public(reason = "liveness probe")]
    #[oai(path = "/health", method = "get")]
    async fn health(&self) {}
}

mod handlers {
    use auth_runtime::prelude::*;
    use auth_ui_tests::Auth;
    use poem::handler;

    #[permission("view")]
    #[handler]
    pub fn list() {}

    #[optional_auth]
    #[handler]
    pub(crate) async fn health(caller: Option<Principal<Auth>>) -> String {
        caller.map_or_else(String::new, |caller| caller.subject().to_owned())
    }
}

fn main() {
    let app = || auth().service((Entries, Users), "Entries", "1.0");
    assert_eq!(status(app(), "GET /entries", "alice.Viewer"), 200);
    assert_eq!(status(app(), "GET /users", "alice.Viewer"), 403);
    assert_eq!(status(app(), "GET /users/health", ""), 200);
    let app = || Route::new().at("/", get(handlers::list)).at("/health", get(handlers::health)).with(auth());
    assert_eq!(status(app(), "GET /", "alice.Viewer"), 200);
    assert_eq!(status(app(), "GET /health", ""), 200);
    assert_eq!(status(app(), "GET /health", "nonsense"), 401);
}
