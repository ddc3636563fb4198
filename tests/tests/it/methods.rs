//! The rule of an operation applies to every method that reaches it, and to no other method.

use auth_runtime::prelude::*;
use poem::{Endpoint, EndpointExt, Route, get as on_get, handler, middleware::Cors};
use poem_openapi::{OpenApi, payload::PlainText};

use crate::{
    fixture::{Auth, By, Caller, Trace, call, get},
    wire::Wire,
};

struct Entries;

#[protected]
#[OpenApi]
impl Entries {
    #[permission("view")]
    #[oai(path = "/entries", method = "get")]
    async fn list(&self, trace: Trace) -> PlainText<&'static str> {
        trace.handle();
        PlainText("entries")
    }

    #[protected(roles = "Administrator")]
    #[oai(path = "/entries", method = "delete")]
    async fn clear(&self, trace: Trace) -> PlainText<&'static str> {
        trace.handle();
        PlainText("gone")
    }

    #[protected]
    #[oai(path = "/jobs", method = "post")]
    async fn run(&self, trace: Trace) -> PlainText<&'static str> {
        trace.handle();
        PlainText("run")
    }

    #[protected(roles = "Administrator")]
    #[oai(path = "/head", method = "head")]
    async fn head(&self, trace: Trace) {
        trace.handle();
    }
}

#[protected(roles = "Administrator")]
#[handler]
async fn admin(trace: Trace) -> &'static str {
    trace.handle();
    "admin"
}

fn app() -> impl Endpoint {
    let auth = Auth::default();
    let service = auth.service(Entries, "Entries", "1");
    Route::new().at("/admin", on_get(admin).with(auth)).nest("/", service)
}

fn viewer() -> Caller {
    Caller::new("v").role("Viewer")
}

#[tokio::test]
async fn r05_head_follows_get() {
    let app = app();
    for path in ["/entries", "/admin"] {
        let answer = call("HEAD", path).to(&app).await;
        assert_eq!((answer.status, answer.trace.handled()), (401, 0), "{path}");
        assert!(!answer.challenges().is_empty());
        let answer = call("HEAD", path).by(By::Token, &Caller::new("nobody")).to(&app).await;
        assert_eq!((answer.status, answer.trace.handled()), (403, 0), "{path}");
        let answer = call("HEAD", path).by(By::Token, &Caller::administrator()).to(&app).await;
        assert_eq!((answer.status, answer.trace.handled(), answer.body.as_str()), (200, 1, ""), "{path}");
    }
}

#[tokio::test]
async fn r05_an_operation_of_the_method_head_has_its_own_rule() {
    let app = app();
    assert_eq!(call("HEAD", "/head").to(&app).await.status, 401);
    assert_eq!(call("HEAD", "/head").by(By::Token, &viewer()).to(&app).await.status, 403);
    assert_eq!(call("HEAD", "/head").by(By::Token, &Caller::administrator()).to(&app).await.status, 200);
}

#[tokio::test]
async fn r05_each_method_of_a_path_has_its_own_rule() {
    let app = app();
    assert_eq!(get("/entries").by(By::Token, &viewer()).to(&app).await.status, 200);
    assert_eq!(call("DELETE", "/entries").by(By::Token, &viewer()).to(&app).await.status, 403);
    assert_eq!(call("DELETE", "/entries").by(By::Token, &Caller::administrator()).to(&app).await.status, 200);
}

#[tokio::test]
async fn r05_another_method_is_405_with_allow_and_reaches_no_handler() {
    let app = app();
    for method in ["POST", "PUT", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "FOO", "get", "DeLeTe"] {
        let answer = call(method, "/entries").by(By::Token, &Caller::administrator()).to(&app).await;
        assert_eq!((answer.status, answer.trace.handled()), (405, 0), "{method}");
        assert_eq!(answer.header("Allow"), Some("DELETE, GET, HEAD"), "{method}");
    }
    let answer = call("HEAD", "/jobs").by(By::Token, &Caller::administrator()).to(&app).await;
    assert_eq!((answer.status, answer.trace.handled()), (405, 0));
    assert_eq!(answer.header("Allow"), Some("POST"));
}

#[tokio::test]
async fn r05_another_method_of_a_handler_stays_405() {
    for method in ["POST", "OPTIONS", "TRACE", "FOO"] {
        let answer = call(method, "/admin").by(By::Token, &Caller::administrator()).to(&app()).await;
        assert_eq!((answer.status, answer.trace.handled()), (405, 0), "{method}");
    }
}

#[tokio::test]
async fn r05_a_preflight_needs_no_credential_and_reaches_no_handler() {
    let app = app().with(Cors::new().allow_origin("https://shop.example").allow_method("GET"));
    for path in ["/entries", "/admin"] {
        let answer = call("OPTIONS", path)
            .header("Origin", "https://shop.example")
            .header("Access-Control-Request-Method", "GET")
            .to(&app)
            .await;
        assert_eq!((answer.status, answer.trace.handled()), (200, 0), "{path}");
        let answer = get(path).header("Origin", "https://shop.example").to(&app).await;
        assert_eq!((answer.status, answer.trace.handled()), (401, 0), "{path}");
    }
}

#[tokio::test]
async fn r05_options_without_a_preflight_is_refused() {
    let answer = call("OPTIONS", "/entries").by(By::Token, &Caller::administrator()).to(&app()).await;
    assert_eq!((answer.status, answer.trace.handled()), (405, 0));
}

#[tokio::test]
async fn r05_headers_that_name_another_method_are_ignored() {
    let app = app();
    for name in ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "_method"] {
        let answer = get("/entries").header(name, "DELETE").by(By::Token, &viewer()).to(&app).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "entries"), "{name}");
        let answer = call("DELETE", "/entries").header(name, "GET").by(By::Token, &viewer()).to(&app).await;
        assert_eq!((answer.status, answer.trace.handled()), (403, 0), "{name}");
        let answer = get("/entries?_method=DELETE").header(name, "DELETE").by(By::Token, &viewer()).to(&app).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "entries"), "{name}");
    }
}

#[tokio::test]
async fn r05_trace_and_head_over_the_wire() {
    let wire = Wire::serve(app()).await;
    let token = format!("Authorization: Bearer {}", Caller::administrator().text());
    let trace = wire.send("TRACE /entries", &[token.as_bytes()]).await;
    assert_eq!(trace.status, 405);
    assert!(!trace.body.contains("Bearer"), "what was sent is not sent back: {}", trace.body);
    assert_eq!(wire.send("TRACE /admin", &[token.as_bytes()]).await.status, 405);
    let head = wire.send("HEAD /entries", &[]).await;
    assert_eq!((head.status, head.body.as_str()), (401, ""));
    assert_eq!(wire.send("HEAD /entries", &[token.as_bytes()]).await.status, 200);
    assert_eq!(wire.send("get /entries", &[token.as_bytes()]).await.status, 405);
}

#[tokio::test]
async fn r08_forwarding_headers_do_not_identify_the_caller() {
    let names = [
        "X-Forwarded-User",
        "X-Forwarded-Email",
        "X-Forwarded-Groups",
        "X-Forwarded-Preferred-Username",
        "X-Forwarded-Access-Token",
        "X-Remote-User",
        "Remote-User",
        "X-User",
        "X-User-Id",
        "X-User-Roles",
        "X-Auth-Request-User",
        "X-Forwarded-Authorization",
        "X-Original-Authorization",
        "X-Forwarded-Client-Cert",
        "Proxy-Authorization",
        "X-Amzn-Oidc-Data",
        "Cf-Access-Jwt-Assertion",
    ];
    let app = app();
    for name in names {
        let text = Caller::administrator().text();
        for value in ["root", "Administrator", &text, &format!("Bearer {text}")] {
            let answer = get("/entries").header(name, value).to(&app).await;
            assert_eq!((answer.status, answer.trace.handled()), (401, 0), "{name}: {value}");
            let call = call("DELETE", "/entries").header(name, value).by(By::Token, &viewer());
            assert_eq!(call.to(&app).await.status, 403, "{name}: {value}");
        }
    }
    let forwarded = get("/entries").header("X-Forwarded-For", "127.0.0.1").header("Forwarded", "for=127.0.0.1");
    assert_eq!(forwarded.to(&app).await.status, 401);
    for name in ["X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix"] {
        assert_eq!(get("/entries").header(name, "/nothing").to(&app).await.status, 401, "{name}");
    }
}
