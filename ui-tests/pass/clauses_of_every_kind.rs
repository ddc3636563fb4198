use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, Permission, Role, auth, status};
use poem_openapi::OpenApi;

const SCOPE: &str = "view";

struct Entries;

#[protected(auth = Auth, authenticated, hide)]
#[OpenApi]
impl Entries {
    #[protected(
        roles = "Administrator",
        role("Administrator"),
        roles("Viewer", Role::Administrator),
        all_roles("Administrator"),
        permission = "view",
        permission("view"),
        permissions("view", Permission::Edit),
        any_permission("view", "edit"),
        schemes("token", "password"),
        scheme = "token"
    )]
    #[protected(not(any(role("Viewer"), all(not(authenticated), permission("edit")))), hide)]
    #[permission(auth_ui_tests::Permission::View)]
    #[permission("edit")]
    #[oai(path = "/", method = "get")]
    async fn list(&self) {}

    #[protected(any(scopes(SCOPE), scope = "edit", fresh = "90s", fresh = "12h"))]
    #[oai(path = "/recent", method = "get")]
    async fn recent(&self) {}

    #[public(reason = "liveness probe")]
    #[oai(path = "/health", method = "get")]
    async fn health(&self) {}
}

fn main() {
    let app = || auth().service(Entries, "Entries", "1.0");
    assert_eq!(status(app(), "GET /", "alice.Administrator"), 200);
    assert_eq!(status(app(), "GET /", "alice.Administrator_Viewer"), 404);
    assert_eq!(status(app(), "GET /recent", "alice.Administrator"), 404);
    assert_eq!(status(app(), "GET /health", "nonsense"), 200);
}
