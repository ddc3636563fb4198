#![no_implicit_prelude]

use ::auth_runtime::prelude::*;
use ::auth_ui_tests::{Auth, auth, status};
use ::poem::{self, EndpointExt as _, Route, get, handler};
use ::poem_openapi::{self, OpenApi};
use ::std::{self, assert_eq, clone::Clone};

permissions! {
    pub enum Right {
        View = "view",
    }
}

roles! {
    pub enum Job: Right {
        Viewer = "viewer" => ["view"],
    }
}

#[derive(Auth, Clone)]
#[auth(permissions = Right, roles = Job)]
struct Own {
    #[scheme(oauth2(password(token_url = "/token"), scopes("read" = "Read")))]
    token: ::auth_ui_tests::Tokens,
}

struct Entries;

#[protected]
#[OpenApi]
impl Entries {
    #[protected(any(role("Administrator"), all(permission("view"), check = caller.subject() == "alice")))]
    #[oai(path = "/", method = "get")]
    async fn list(&self, caller: Principal<Auth>) {}

    #[public(reason = "liveness probe")]
    #[oai(path = "/health", method = "get")]
    async fn health(&self, #[cfg(any())] missing: NoSuchType) {}
}

#[protected(auth = Own, scopes("read"), hide)]
#[handler]
async fn count() {}

fn main() {
    let app = || auth().service(Entries, "Entries", "1.0");
    assert_eq!(status(app(), "GET /", "alice.Viewer"), 200);
    assert_eq!(status(app(), "GET /", "bob.Viewer"), 403);
    let endpoint = get(count).protect(requirement!(auth = Own, role("viewer")));
    let app = Route::new().at("/", endpoint).with(Own { token: ::auth_ui_tests::Tokens });
    assert_eq!(status(app, "GET /", "alice.viewer"), 404);
}
