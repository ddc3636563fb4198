#![allow(dead_code)]

use ::auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use poem::{EndpointExt, Route, get, handler};
use poem_openapi::OpenApi;

struct Result;
struct Option;
struct String;
struct Vec;
struct Box;
struct Future;
struct Requirement;
struct Guard;
trait Send {}
trait Sync {}
trait Default {}
trait Into {}
#[allow(non_snake_case)]
fn Ok() {}
#[allow(non_snake_case)]
fn Err() {}
#[allow(non_snake_case)]
fn Some() {}
#[allow(non_upper_case_globals)]
const None: u8 = 0;
mod core {}
mod auth_runtime {}

permissions! {
    pub enum Right {
        View = "view",
        None = "none",
        Ok = "ok",
        Some = "some",
        Err = "err",
    }
}

roles! {
    pub enum Job: Right {
        Viewer = "viewer" => [View, None, "ok"],
        Boss = "boss": Viewer => all,
    }
}

#[derive(Auth, Clone)]
#[auth(permissions = Right, roles = Job)]
struct Own {
    #[scheme(bearer)]
    token: auth_ui_tests::Tokens,
}

struct Entries;

#[protected]
#[OpenApi]
impl Entries {
    #[protected(permission("view"), check = caller.subject() == "alice")]
    #[oai(path = "/", method = "get")]
    async fn list(&self, caller: Principal<Auth>) {}
}

#[protected(auth = Own, permissions("ok", "none"), check = true, check = maybe())]
#[handler]
async fn count() {}

fn maybe() -> ::std::result::Result<(), ::std::io::Error> {
    ::std::result::Result::Ok(())
}

fn main() {
    let app = || auth().service(Entries, "Entries", "1.0");
    assert_eq!(status(app(), "GET /", "alice.Viewer"), 200);
    let app = Route::new().at("/", get(count)).with(Own { token: auth_ui_tests::Tokens });
    assert_eq!(status(app, "GET /", "alice.viewer"), 200);
}
