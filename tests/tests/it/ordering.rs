//! The decision comes before the arguments, and everything but a clear yes denies the request.

use auth_runtime::prelude::*;
use poem::{Endpoint, EndpointExt, IntoEndpoint, Route, middleware::CatchPanic};
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
    payload::{Json, PlainText},
};
use serde_json::Value;

use crate::fixture::{Auth, By, Caller, Trace, call, get};

struct Entries;

#[protected]
#[OpenApi(prefix_path = "/entries")]
impl Entries {
    #[protected(roles = "Administrator")]
    #[oai(path = "/", method = "post")]
    async fn add(&self, trace: Trace, body: Json<Value>) -> Json<Value> {
        trace.handle();
        body
    }

    #[permission("edit")]
    #[oai(path = "/:id", method = "put")]
    async fn update(&self, trace: Trace, id: Path<i64>, version: Query<u32>, body: Json<Value>) -> Json<Value> {
        trace.handle();
        let _ = (id, version);
        body
    }

    #[protected(check = panics())]
    #[oai(path = "/panic", method = "get")]
    async fn check_panics(&self, trace: Trace) -> PlainText<&'static str> {
        trace.handle();
        PlainText("reached")
    }
}

fn panics() -> bool {
    panic!("a check panics")
}

fn app() -> impl Endpoint {
    Auth::default().service(Entries, "Entries", "1").into_endpoint()
}

#[tokio::test]
async fn r04_no_credential_and_a_malformed_body_is_401() {
    for body in ["{", "", "null", "[1,"] {
        let answer = call("POST", "/entries").json(body).to(&app()).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "authentication_required"), "{body:?}");
        assert_eq!((answer.trace.extracted(), answer.trace.handled()), (0, 0));
    }
}

#[tokio::test]
async fn r04_a_wrong_role_and_a_malformed_body_is_403() {
    for by in By::ALL {
        let answer = call("POST", "/entries").by(by, &Caller::new("u").role("User")).json("{").to(&app()).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "not_allowed"), "{by:?}");
        assert_eq!((answer.trace.extracted(), answer.trace.handled()), (0, 0));
    }
}

#[tokio::test]
async fn r04_an_allowed_caller_and_a_malformed_body_is_poems_own_400() {
    let answer = call("POST", "/entries").by(By::Token, &Caller::administrator()).json("{").to(&app()).await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.starts_with("parse request payload error"), "{}", answer.body);
    assert_eq!(answer.trace.handled(), 0);
}

#[tokio::test]
async fn r04_an_allowed_caller_and_a_foreign_content_type_is_poems_own_415() {
    let call = call("POST", "/entries").by(By::Token, &Caller::administrator()).header("Content-Type", "text/plain");
    assert_eq!(call.to(&app()).await.status, 415);
}

#[tokio::test]
async fn r04_a_foreign_content_type_without_a_credential_is_401() {
    assert_eq!(call("POST", "/entries").header("Content-Type", "text/plain").to(&app()).await.status, 401);
}

#[tokio::test]
async fn r04_path_and_query_arguments_are_not_parsed_before_the_decision() {
    for path in ["/entries/1", "/entries/x?version=1", "/entries/1?version=x", "/entries/%ff?version=1"] {
        let app = app();
        assert_eq!(call("PUT", path).json("{}").to(&app).await.status, 401, "{path}");
        let viewer = Caller::new("v").role("Viewer");
        assert_eq!(call("PUT", path).by(By::Token, &viewer).json("{}").to(&app).await.status, 403, "{path}");
        let user = Caller::new("u").role("User");
        assert_eq!(call("PUT", path).by(By::Token, &user).json("{}").to(&app).await.status, 400, "{path}");
    }
}

#[tokio::test]
async fn r04_the_body_is_not_read_before_the_decision() {
    let app = app();
    let answer = call("POST", "/entries").endless_body().to(&app).await;
    assert_eq!((answer.status, answer.trace.polled()), (401, 0));
    let answer = call("POST", "/entries").by(By::Key, &Caller::new("u").role("User")).endless_body().to(&app).await;
    assert_eq!((answer.status, answer.trace.polled()), (403, 0));
    let answer = call("POST", "/entries").credential(By::Token, "unavailable").endless_body().to(&app).await;
    assert_eq!((answer.status, answer.trace.polled()), (503, 0));
    let answer = call("POST", "/entries").by(By::Key, &Caller::administrator()).endless_body().to(&app).await;
    assert_eq!(answer.status, 400);
    assert!(answer.trace.polled() > 0, "the body is read for an allowed caller");
}

#[tokio::test]
async fn r02_an_unknown_path_is_404_without_verification() {
    let answer = get("/nothing").by(By::Token, &Caller::administrator()).to(&app()).await;
    assert_eq!((answer.status, answer.trace.handled()), (404, 0));
}

#[tokio::test]
async fn r02_a_panicking_check_denies() {
    let app = app().with(CatchPanic::new());
    let answer = get("/entries/panic").by(By::Token, &Caller::administrator()).to(&app).await;
    assert_eq!((answer.status, answer.trace.handled()), (500, 0));
}

#[tokio::test]
async fn r02_a_panicking_authenticator_denies() {
    let app = Route::new().nest("/", app()).with(CatchPanic::new());
    for by in By::ALL {
        let answer = call("POST", "/entries").credential(by, "panic").json("{}").to(&app).await;
        assert_eq!((answer.status, answer.trace.handled()), (500, 0), "{by:?}");
    }
}

#[tokio::test]
async fn r14_a_backend_that_is_down_is_503_and_never_401_or_403() {
    for by in By::ALL {
        let answer = call("POST", "/entries").credential(by, "unavailable").json("{}").to(&app()).await;
        assert_eq!((answer.status, answer.code().as_str()), (503, "temporarily_unavailable"), "{by:?}");
        assert!(answer.header("Retry-After").unwrap().parse::<u32>().unwrap() > 0);
        assert_eq!(answer.challenges(), Vec::<&str>::new());
        assert!(!answer.body.contains("database"), "{}", answer.body);
    }
}
