//! Responses to denied requests, which no other code may rewrite.

use std::sync::atomic::{AtomicUsize, Ordering};

use auth_runtime::{
    prelude::*,
    respond::{Rejection, RejectionBody, RejectionCode},
};
use poem::{Endpoint, EndpointExt, IntoEndpoint, Route, get as on_get, handler, http::StatusCode};
use poem_openapi::{
    ApiResponse, OpenApi,
    param::Query,
    payload::{Json, PlainText},
};
use serde_json::{Value, json};

use crate::{
    fixture::{Auth, By, Caller, Keys, Passwords, Permission, Role, Tokens, Trace, call, get},
    wire::Wire,
};

/// A response type that rewrites every error of an argument.
#[derive(ApiResponse)]
#[oai(bad_request_handler = "bad_request")]
enum Answer {
    #[oai(status = 200)]
    Ok(PlainText<String>),
    #[oai(status = 400)]
    Bad(PlainText<String>),
}

#[expect(clippy::needless_pass_by_value, reason = "poem-openapi requires this signature")]
fn bad_request(error: poem::Error) -> Answer {
    Answer::Bad(PlainText(format!("rewritten: {error}")))
}

struct Api;

#[protected]
#[OpenApi]
impl Api {
    #[protected(roles = "Administrator")]
    #[oai(path = "/role", method = "get")]
    async fn role(&self) -> PlainText<&'static str> {
        PlainText("role")
    }

    #[protected(roles = "Administrator", hide)]
    #[oai(path = "/hidden", method = "get")]
    async fn hidden(&self) -> PlainText<&'static str> {
        PlainText("hidden")
    }

    #[protected(check = allowed.0, hide)]
    #[oai(path = "/hidden-check", method = "get")]
    async fn hidden_check(&self, allowed: Query<bool>) -> PlainText<String> {
        PlainText(format!("hidden {}", *allowed))
    }

    #[protected(check = fails(), hide)]
    #[oai(path = "/hidden-failing-check", method = "get")]
    async fn hidden_failing_check(&self) -> PlainText<&'static str> {
        PlainText("hidden")
    }

    #[protected(roles = "Administrator")]
    #[oai(path = "/rewritten", method = "get")]
    async fn rewritten(&self, number: Query<u32>) -> Answer {
        Answer::Ok(PlainText(format!("{}", *number)))
    }

    #[protected(roles = "Administrator", hide)]
    #[oai(path = "/rewritten-hidden", method = "get")]
    async fn rewritten_hidden(&self, number: Query<u32>) -> Answer {
        Answer::Ok(PlainText(format!("{}", *number)))
    }

    #[protected(check = number.0 > 10)]
    #[oai(path = "/rewritten-check", method = "get")]
    async fn rewritten_check(&self, number: Query<u32>) -> Answer {
        Answer::Ok(PlainText(format!("{}", *number)))
    }

    #[protected(check = number.0 > 10, hide)]
    #[oai(path = "/rewritten-hidden-check", method = "get")]
    async fn rewritten_hidden_check(&self, number: Query<u32>) -> Answer {
        Answer::Ok(PlainText(format!("{}", *number)))
    }

    #[optional_auth]
    #[oai(path = "/rewritten-optional", method = "get")]
    async fn rewritten_optional(&self, number: Query<u32>) -> Answer {
        Answer::Ok(PlainText(format!("{}", *number)))
    }

    /// Takes the caller of another `Auth`, which did not run.
    #[protected]
    #[oai(path = "/rewritten-foreign", method = "get")]
    async fn rewritten_foreign(&self, caller: Principal<OtherAuth>) -> Answer {
        Answer::Ok(PlainText(caller.subject().to_owned()))
    }

    #[protected]
    #[oai(path = "/cached", method = "get")]
    async fn cached(&self) -> poem_openapi::payload::Response<PlainText<&'static str>> {
        poem_openapi::payload::Response::new(PlainText("cached")).header("Cache-Control", "private, max-age=60")
    }

    #[protected]
    #[oai(path = "/failing", method = "get")]
    async fn failing(&self) -> poem::Result<PlainText<&'static str>> {
        Err(poem::Error::from_status(StatusCode::GONE))
    }

    #[optional_auth]
    #[oai(path = "/optional", method = "get")]
    async fn optional(&self) -> PlainText<&'static str> {
        PlainText("optional")
    }

    #[public(reason = "a public operation")]
    #[oai(path = "/public", method = "get")]
    async fn public(&self) -> PlainText<&'static str> {
        PlainText("public")
    }
}

fn fails() -> Result<(), std::io::Error> {
    Err(std::io::Error::other("secret of the database"))
}

#[derive(Auth, Clone, Default)]
struct OtherAuth {
    #[scheme(bearer)]
    token: Tokens,
}

fn app() -> impl Endpoint {
    Auth::default().service(Api, "Api", "1").into_endpoint()
}

fn stranger() -> Caller {
    Caller::new("very-secret-subject").issuer("very-secret-issuer").role("Viewer").with("name", "very-secret-name")
}

#[tokio::test]
async fn r90_a_denial_is_a_problem_with_a_stable_code() {
    let app = app();
    let cases = [
        (get("/role"), 401, "Unauthorized", "authentication_required"),
        (get("/role").credential(By::Token, "invalid"), 401, "Unauthorized", "invalid_credentials"),
        (get("/role").credential(By::Token, "a,b"), 400, "Bad Request", "malformed_credentials"),
        (get("/role").by(By::Token, &stranger()).by(By::Key, &stranger()), 400, "Bad Request", "several_credentials"),
        (get("/role").by(By::Token, &stranger()), 403, "Forbidden", "not_allowed"),
        (get("/role").credential(By::Token, "unavailable"), 503, "Service Unavailable", "temporarily_unavailable"),
    ];
    for (call, status, title, code) in cases {
        let answer = call.to(&app).await;
        let problem = answer.problem();
        assert_eq!(answer.status, status);
        assert_eq!(problem["type"], "about:blank");
        assert_eq!(problem["title"], title);
        assert_eq!(problem["status"], status);
        assert_eq!(problem["code"], code);
        assert!(problem["detail"].as_str().unwrap().ends_with('.'));
        assert_eq!(problem.as_object().unwrap().len(), 5);
    }
}

#[tokio::test]
async fn r90_a_denial_does_not_reveal_users_rules_or_reasons() {
    let app = app();
    let secrets = [
        "very-secret",
        "Administrator",
        "Viewer",
        "role(",
        "permission",
        "edit",
        "check",
        "database",
        "refusals",
        "Api::",
        "expired",
        "signature",
        "unknown",
    ];
    let calls = [
        get("/role").by(By::Token, &stranger()),
        get("/role").by(By::Password, &stranger()),
        get("/role").credential(By::Token, "invalid"),
        get("/role").credential(By::Password, "invalid"),
        get("/role").credential(By::Token, "unavailable"),
        get("/role").by(By::Token, &stranger()).by(By::Key, &stranger()),
        get("/hidden").by(By::Token, &stranger()),
        get("/hidden-check?allowed=false").by(By::Token, &stranger()),
        get("/hidden-failing-check").by(By::Token, &stranger()),
        get("/rewritten-check?number=1").by(By::Token, &stranger()),
        get("/rewritten-foreign").by(By::Token, &stranger()),
    ];
    for call in calls {
        let answer = call.to(&app).await;
        assert!(answer.status >= 400);
        let headers = answer.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
        let text = [headers.collect::<Vec<_>>().join("\n"), answer.body].join("\n");
        for secret in secrets {
            assert!(!text.contains(secret), "{secret} in {} {text}", answer.status);
        }
    }
}

#[tokio::test]
async fn r90_a_missing_role_gets_the_same_response_for_every_rule_and_caller() {
    let app = app();
    let first = get("/role").by(By::Key, &stranger()).to(&app).await;
    let other = get("/role").by(By::Key, &Caller::new("bob").role("User")).to(&app).await;
    let check = get("/rewritten-check?number=1").by(By::Key, &stranger()).to(&app).await;
    for another in [other, check] {
        assert_eq!((first.status, &first.headers, &first.body), (another.status, &another.headers, &another.body));
    }
}

#[tokio::test]
async fn r95_a_denial_has_headers_against_rendering_and_caching() {
    let app = app();
    let calls = [
        get("/role"),
        get("/role").credential(By::Token, "invalid"),
        get("/role").credential(By::Token, "a,b"),
        get("/role").by(By::Token, &stranger()),
        get("/role").credential(By::Token, "unavailable"),
        get("/rewritten-check?number=1").by(By::Token, &stranger()),
    ];
    for call in calls {
        let answer = call.to(&app).await;
        assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"));
        assert_eq!(answer.header("Content-Security-Policy"), Some("frame-ancestors 'none'"));
        assert_eq!(answer.header("Cache-Control"), Some("no-store"));
        assert_eq!(answer.header("Content-Type"), Some("application/problem+json"));
        assert_eq!(answer.header("Set-Cookie"), None);
    }
}

#[tokio::test]
async fn r14_a_hidden_operation_is_byte_for_byte_a_missing_one() {
    let auth = Auth::default();
    let wire = Wire::serve(Route::new().nest("/api", auth.service(Api, "Api", "1"))).await;
    let token = format!("Authorization: Bearer {}", stranger().text());
    let missing = wire.send("GET /api/nothing", &[token.as_bytes()]).await;
    assert_eq!(missing.status, 404);
    for path in [
        "/hidden",
        "/hidden?a=b",
        "/hidden-check?allowed=false",
        "/hidden-failing-check",
        "/rewritten-hidden?number=1",
        "/rewritten-hidden",
        "/rewritten-hidden?number=x",
        "/rewritten-hidden-check?number=1",
    ] {
        let hidden = wire.send(&format!("GET /api{path}"), &[token.as_bytes()]).await;
        assert_eq!(hidden.without_date(), missing.without_date(), "{path}");
    }
    let missing = wire.send("HEAD /api/nothing", &[token.as_bytes()]).await;
    let hidden = wire.send("HEAD /api/hidden", &[token.as_bytes()]).await;
    assert_eq!(hidden.without_date(), missing.without_date());
}

#[tokio::test]
async fn r14_a_hidden_operation_uses_the_404_of_the_application() {
    let app = app().catch_error(|_: poem::error::NotFoundError| async { "the application's own page" });
    let hidden = get("/hidden").by(By::Token, &stranger()).to(&app).await;
    let missing = get("/nothing").by(By::Token, &stranger()).to(&app).await;
    assert_eq!((hidden.status, &hidden.headers, &hidden.body), (missing.status, &missing.headers, &missing.body));
    assert_eq!(hidden.body, "the application's own page");
}

#[tokio::test]
async fn r14_a_hidden_operation_is_401_without_a_credential_and_open_to_allowed_callers() {
    let app = app();
    assert_eq!(get("/hidden").to(&app).await.status, 401);
    assert_eq!(get("/hidden").by(By::Token, &Caller::administrator()).to(&app).await.body, "hidden");
    assert_eq!(get("/hidden-check?allowed=true").by(By::Token, &stranger()).to(&app).await.body, "hidden true");
}

#[tokio::test]
async fn a_bad_request_handler_never_rewrites_a_denial() {
    let app = app();
    let administrator = Caller::administrator();
    let cases = [
        (get("/rewritten"), 401),
        (get("/rewritten?number=x"), 401),
        (get("/rewritten").credential(By::Token, "invalid"), 401),
        (get("/rewritten").credential(By::Token, "a,b"), 400),
        (get("/rewritten").credential(By::Token, "unavailable"), 503),
        (get("/rewritten").by(By::Token, &stranger()), 403),
        (get("/rewritten-hidden").by(By::Token, &stranger()), 404),
        (get("/rewritten-check?number=1").by(By::Token, &stranger()), 403),
        (get("/rewritten-hidden-check?number=1").by(By::Token, &stranger()), 404),
        (get("/rewritten-optional?number=1").credential(By::Key, "invalid"), 401),
        (get("/rewritten-foreign").by(By::Token, &administrator), 500),
    ];
    for (call, status) in cases {
        let answer = call.to(&app).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        assert!(!answer.body.contains("rewritten"), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_bad_request_handler_still_handles_bad_arguments() {
    let app = app();
    let administrator = Caller::administrator();
    let paths =
        ["/rewritten?number=x", "/rewritten", "/rewritten-hidden", "/rewritten-check?number=x", "/rewritten-optional"];
    for path in paths {
        let answer = get(path).by(By::Token, &administrator).to(&app).await;
        assert_eq!(answer.status, 400, "{path}");
        assert!(answer.body.starts_with("rewritten: "), "{path}: {}", answer.body);
    }
    assert_eq!(get("/rewritten?number=7").by(By::Token, &administrator).to(&app).await.body, "7");
}

#[tokio::test]
async fn r18_a_response_to_an_authenticated_caller_is_not_cached_by_default() {
    let app = app();
    for by in By::ALL {
        let answer = get("/role").by(by, &Caller::administrator()).to(&app).await;
        assert_eq!(answer.header("Cache-Control"), Some("no-store"), "{by:?}");
        let answer = get("/optional").by(by, &Caller::new("alice")).to(&app).await;
        assert_eq!(answer.header("Cache-Control"), Some("no-store"), "{by:?}");
        let answer = get("/cached").by(by, &Caller::new("alice")).to(&app).await;
        assert_eq!(answer.header("Cache-Control"), Some("private, max-age=60"), "{by:?}");
        assert_eq!(answer.headers.get_all("Cache-Control").iter().count(), 1);
    }
    assert_eq!(get("/public").to(&app).await.header("Cache-Control"), None);
    assert_eq!(get("/public").by(By::Token, &stranger()).to(&app).await.header("Cache-Control"), None);
}

#[tokio::test]
async fn an_error_of_a_handler_reaches_the_error_handler() {
    let app = app().catch_all_error(async |error| format!("caught {}", error.status()));
    let answer = get("/failing").by(By::Session, &Caller::new("alice")).to(&app).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "caught 410 Gone"));
}

#[tokio::test]
async fn r18_an_optional_response_is_not_cached_for_anonymous_callers() {
    let answer = get("/optional").to(&app()).await;
    assert_eq!((answer.status, answer.header("Cache-Control")), (200, Some("no-store")));
}

/// An `Auth` with its own response bodies.
#[derive(Auth, Clone, Default)]
#[auth(permissions = Permission, roles = Role, realm = "own", rejection = own_body)]
struct Own {
    #[scheme(bearer)]
    token: Tokens,
    #[scheme(basic)]
    password: Passwords,
    #[scheme(api_key(header = "X-API-Key"))]
    key: Keys,
}

static ASKED: AtomicUsize = AtomicUsize::new(0);

fn own_body(rejection: &Rejection) -> RejectionBody {
    ASKED.fetch_add(1, Ordering::SeqCst);
    match rejection.code() {
        RejectionCode::NotAllowed => RejectionBody::html("<h1>No</h1>"),
        RejectionCode::Unavailable => RejectionBody::text("later"),
        code => RejectionBody::json(&json!({ "error": code.as_str(), "status": code.status().as_u16() })),
    }
}

struct OwnApi;

#[protected(auth = Own)]
#[OpenApi]
impl OwnApi {
    #[protected(roles = "Administrator")]
    #[oai(path = "/", method = "get")]
    async fn index(&self) -> Json<Value> {
        Json(json!({}))
    }

    #[protected(roles = "Administrator", hide)]
    #[oai(path = "/hidden", method = "get")]
    async fn hidden(&self) -> Json<Value> {
        Json(json!({}))
    }
}

#[tokio::test]
async fn a_custom_body_keeps_status_and_challenges() {
    let app = Own::default().service(OwnApi, "Own", "1").into_endpoint();
    let answer = get("/").to(&app).await;
    assert_eq!((answer.status, answer.body.as_str()), (401, r#"{"error":"authentication_required","status":401}"#));
    assert_eq!(answer.header("Content-Type"), Some("application/json; charset=utf-8"));
    assert_eq!(answer.challenges().len(), 3);
    let answer = get("/").by(By::Token, &stranger()).to(&app).await;
    assert_eq!((answer.status, answer.body.as_str()), (403, "<h1>No</h1>"));
    assert_eq!(answer.challenges(), [r#"Bearer realm="own", error="insufficient_scope""#]);
    assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"));
    let answer = get("/").credential(By::Key, "unavailable").to(&app).await;
    assert_eq!((answer.status, answer.body.as_str()), (503, "later"));
    assert!(answer.header("Retry-After").is_some());
    let hidden = get("/hidden").by(By::Token, &stranger()).to(&app).await;
    let missing = get("/nothing").by(By::Token, &stranger()).to(&app).await;
    assert_eq!((hidden.status, &hidden.headers, &hidden.body), (404, &missing.headers, &missing.body));
    assert!(ASKED.load(Ordering::SeqCst) > 0);
}

#[handler]
async fn without_rule(caller: Principal<Auth>, trace: Trace) -> String {
    trace.handle();
    caller.subject().to_owned()
}

#[handler]
async fn optional_without_rule(caller: Option<Principal<Auth>>) -> String {
    caller.map_or("anonymous".into(), |caller| caller.subject().to_owned())
}

#[protected]
#[handler]
async fn with_rule(caller: Principal<Auth>, trace: Trace) -> String {
    trace.handle();
    caller.subject().to_owned()
}

#[tokio::test]
async fn a_principal_without_a_rule_is_500() {
    let app = Route::new()
        .at("/bare", on_get(without_rule))
        .at("/with", on_get(without_rule).with(Auth::default()))
        .at("/option", on_get(optional_without_rule).with(Auth::default()))
        .at("/bare-option", on_get(optional_without_rule));
    for path in ["/bare", "/with"] {
        for call in [get(path), get(path).by(By::Token, &Caller::administrator())] {
            let answer = call.to(&app).await;
            assert_eq!((answer.status, answer.trace.handled()), (500, 0), "{path}");
            assert_eq!(answer.code(), "server_misconfigured");
        }
    }
    for path in ["/option", "/bare-option"] {
        let answer = get(path).by(By::Token, &Caller::administrator()).to(&app).await;
        assert_eq!(answer.body, "anonymous", "{path}");
    }
}

#[tokio::test]
async fn a_rule_without_an_auth_denies_every_caller() {
    let app = Route::new()
        .at("/handler", on_get(with_rule))
        .nest("/other", Route::new().at("/", on_get(with_rule)).with(OtherAuth::default()))
        .nest("/plain", poem_openapi::OpenApiService::new(Api, "Api", "1"))
        .at("/subtree", poem::endpoint::make_sync(|_| "reached").protect(requirement!(authenticated)));
    for path in [
        "/handler",
        "/other",
        "/plain/role",
        "/plain/hidden",
        "/plain/optional",
        "/plain/rewritten?number=1",
        "/subtree",
    ] {
        for call in [get(path), get(path).by(By::Token, &Caller::all_powerful())] {
            let answer = call.to(&app).await;
            assert_eq!((answer.status, answer.trace.handled()), (500, 0), "{path}: {}", answer.body);
            assert_eq!(answer.code(), "server_misconfigured", "{path}");
        }
    }
    assert_eq!(call("POST", "/handler").to(&app).await.status, 405);
}
