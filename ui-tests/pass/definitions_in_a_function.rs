use auth_runtime::prelude::*;
use auth_ui_tests::{Tokens, status};

fn main() {
    use poem::{EndpointExt, Route, get, handler};
    use poem_openapi::OpenApi;

    permissions! {
        enum Permission {
            View = "view",
        }
    }

    roles! {
        enum Role: Permission {
            Viewer = "Viewer" => [View],
        }
    }

    #[derive(Auth, Clone)]
    #[auth(permissions = Permission, roles = Role)]
    struct Auth {
        #[scheme(bearer)]
        token: Tokens,
    }

    struct Entries;

    #[protected]
    #[OpenApi]
    impl Entries {
        #[permission("view")]
        #[oai(path = "/", method = "get")]
        async fn list(&self, #[cfg(any())] missing: NoSuchType) {}
    }

    #[protected(role("Viewer"))]
    #[handler]
    async fn count() {}

    let auth = Auth { token: Tokens };
    assert_eq!(status(auth.service(Entries, "Entries", "1.0"), "GET /", "alice.Viewer"), 200);
    assert_eq!(status(Route::new().at("/", get(count)).with(auth), "GET /", "alice."), 403);
}
