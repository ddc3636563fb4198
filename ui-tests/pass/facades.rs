#![no_implicit_prelude]

/// A crate of its own, in a real program: it re-exports the library.
pub mod facade {
    pub use ::auth_runtime as access;
}

use ::poem::{self, EndpointExt as _, Route, get, handler};
use ::poem_openapi::{self, OpenApi};
use ::std::{self, assert_eq, clone::Clone, option::Option};
use facade::access::{self, policy::Operation, prelude::*};

permissions! {
    #[auth(crate = facade::access)]
    pub enum Permission {
        View = "view",
        Edit = "edit",
    }
}

roles! {
    /// The roles of the staff.
    #[auth(crate = crate::facade::access)]
    pub enum Role: Permission {
        Viewer = "Viewer" => ["view"],
    }
}

#[derive(Auth, Clone)]
#[auth(crate = facade::access, permissions = Permission, roles = Role)]
struct Auth {
    #[scheme(bearer)]
    token: ::auth_ui_tests::Tokens,
}

const RULE: &Operation<Auth> = requirement!(permission("view"), crate = facade::access);

struct Entries;

#[protected(crate = facade::access)]
#[OpenApi]
impl Entries {
    #[permission("view")]
    #[oai(path = "/", method = "get")]
    async fn list(&self, #[cfg(not(windows))] caller: Principal<Auth>) {
        let _ = caller.meets(RULE);
    }
}

#[permission(Permission::View, crate = access)]
#[handler]
fn one() {}

#[public(reason = "liveness probe", crate = facade::access)]
#[handler]
fn two() {}

#[optional_auth(crate = facade::access)]
#[handler]
async fn three(_caller: Option<Principal<Auth>>) {}

#[protected(RULE, crate = facade::access)]
#[handler]
async fn four() {}

fn main() {
    use ::auth_ui_tests::status;
    let auth = || Auth { token: ::auth_ui_tests::Tokens };
    let app = || {
        Route::new()
            .at("/1", get(one))
            .at("/2", get(two))
            .at("/3", get(three))
            .at("/4", get(four))
            .nest("/", auth().service(Entries, "Entries", "1.0"))
            .with(auth())
    };
    for (request, anonymous, known) in
        [("GET /", 401, 200), ("GET /1", 401, 200), ("GET /2", 200, 200), ("GET /3", 200, 200), ("GET /4", 401, 200)]
    {
        assert_eq!(status(app(), request, ""), anonymous, "{request}");
        assert_eq!(status(app(), request, "alice.Viewer"), known, "{request}");
    }
}
