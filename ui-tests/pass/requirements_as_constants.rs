use auth_runtime::{policy::Operation, prelude::*};
use auth_ui_tests::{Auth, Permission, auth, status};
use poem::{EndpointExt, Route, endpoint::make_sync, get};

const EDIT: &Operation<Auth> = requirement!(permission(Permission::Edit));
static ANYBODY: &Operation<Auth> = requirement!(authenticated);
static TABLE: [&Operation<Auth>; 2] = [EDIT, requirement!(auth = Auth, any(role("Viewer"), fresh = "5m"), hide)];

fn main() {
    let app = || {
        let page = || make_sync(|_| "a page");
        Route::new()
            .at("/edit", page().protect(EDIT))
            .at("/any", get(page()).protect(ANYBODY))
            .nest("/tree", Route::new().at("/leaf", page()).protect(TABLE[1]))
            .at("/here", page().protect(requirement!(not(role("Viewer")))))
            .with(auth())
    };
    assert_eq!(status(app(), "GET /edit", "alice.Viewer"), 403);
    assert_eq!(status(app(), "GET /edit", "alice.Administrator"), 200);
    assert_eq!(status(app(), "GET /any", "alice."), 200);
    assert_eq!(status(app(), "GET /any", ""), 401);
    assert_eq!(status(app(), "GET /tree/leaf", "alice.Viewer"), 200);
    assert_eq!(status(app(), "GET /tree/leaf", "alice."), 404);
    assert_eq!(status(app(), "GET /here", "alice.Viewer"), 403);
}
