//! Rules that need two credentials at once.

use auth_runtime::prelude::*;
use poem::{Endpoint, IntoEndpoint};
use poem_openapi::{OpenApi, payload::PlainText};
use serde_json::{Value, json};

use crate::fixture::{Answer, Auth, By, Call, Caller, Trace, call, get};

struct Api;

#[protected]
#[OpenApi]
impl Api {
    #[protected(all(schemes("token"), schemes("key")))]
    #[oai(path = "/both", method = "get")]
    async fn both(&self, caller: Principal<Auth>, trace: Trace) -> PlainText<String> {
        trace.handle();
        let beside: Vec<_> = caller.beside().iter().map(Principal::subject).collect();
        PlainText(format!("{} by {} with {beside:?}", caller.subject(), caller.scheme()))
    }

    #[protected(schemes("key"))]
    #[protected(any(schemes("token", "password")), role("Administrator"), scopes("view"))]
    #[oai(path = "/key-first", method = "get")]
    async fn key_first(&self, caller: Principal<Auth>) -> PlainText<String> {
        PlainText(caller.subject().to_owned())
    }

    #[protected(schemes("token"), role("Administrator"), scopes("view"), schemes("key"))]
    #[oai(path = "/role", method = "get")]
    async fn role(&self, caller: Principal<Auth>) -> PlainText<String> {
        PlainText(caller.subject().to_owned())
    }

    #[protected(schemes("session"), schemes("key"))]
    #[oai(path = "/session", method = "post")]
    async fn session(&self, caller: Principal<Auth>) -> PlainText<String> {
        PlainText(caller.subject().to_owned())
    }
}

fn app() -> impl Endpoint {
    Auth::default().service(Api, "Api", "1").into_endpoint()
}

fn alice(call: Call, by: By) -> Call {
    call.by(by, &Caller::new("alice"))
}

fn machine(call: Call) -> Call {
    call.by(By::Key, &Caller::new("machine").role("Administrator").scope("view"))
}

async fn both(app: &impl Endpoint, token: &str, key: &str) -> Answer {
    get("/both").credential(By::Token, token).credential(By::Key, key).to(app).await
}

#[tokio::test]
async fn both_credentials_must_be_present() {
    let app = app();
    let answer = machine(alice(get("/both"), By::Token)).to(&app).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"alice by token with ["machine"]"#));
    for (call, missing) in
        [(get("/both"), By::Token), (machine(get("/both")), By::Token), (alice(get("/both"), By::Token), By::Key)]
    {
        let answer = call.to(&app).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "authentication_required"));
        assert_eq!(answer.challenges(), [missing.challenge()], "the challenge names what is missing");
        assert_eq!(answer.trace.handled(), 0);
    }
}

#[tokio::test]
async fn one_valid_and_one_invalid_credential_are_refused() {
    let app = app();
    let good = Caller::new("alice").text();
    assert_eq!(both(&app, &good, &good).await.status, 200);
    for (token, key, status) in [
        ("invalid", &*good, 401),
        (&*good, "invalid", 401),
        ("invalid", "invalid", 401),
        ("a,b", &good, 400),
        (&good, "", 400),
        ("unavailable", &good, 503),
        (&good, "unavailable", 503),
    ] {
        let answer = both(&app, token, key).await;
        assert_eq!((answer.status, answer.trace.handled()), (status, 0), "{token} {key}");
    }
    let twice = get("/both").credential(By::Token, &good).credential(By::Key, &good).credential(By::Key, &good);
    assert_eq!(twice.to(&app).await.status, 400);
    let other = get("/both").credential(By::Password, &good).credential(By::Key, &good);
    assert_eq!(other.to(&app).await.status, 401, "a password is neither of both");
}

#[tokio::test]
async fn the_second_credential_is_not_verified_without_the_first() {
    let auth = Auth::default();
    let app = auth.service(Api, "Api", "1").into_endpoint();
    machine(get("/both")).to(&app).await;
    machine(get("/both").credential(By::Token, "invalid")).to(&app).await;
    assert_eq!(auth.key.asked(), 0);
}

#[tokio::test]
async fn roles_and_scopes_are_those_of_the_first_credential() {
    let app = app();
    let answer = machine(alice(get("/role"), By::Token)).to(&app).await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "not_allowed"), "the role of the key does not count");
    let answer = machine(alice(get("/key-first"), By::Token)).to(&app).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "machine"));
    let answer = machine(alice(get("/key-first"), By::Password)).to(&app).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "machine"));
}

#[tokio::test]
async fn r65_a_cookie_beside_a_key_keeps_its_cross_origin_check() {
    let app = app();
    let request = || machine(alice(call("POST", "/session"), By::Session));
    assert_eq!(request().to(&app).await.body, "alice");
    assert_eq!(request().header("Sec-Fetch-Site", "cross-site").to(&app).await.code(), "cross_origin_request");
    let only_cookie = alice(call("POST", "/session"), By::Session).to(&app).await;
    assert_eq!((only_cookie.status, only_cookie.challenges()), (401, vec![By::Key.challenge()]));
}

#[tokio::test]
async fn the_document_has_both_in_one_entry() {
    let spec: Value = serde_json::from_str(&Auth::default().service(Api, "Api", "1").spec()).unwrap();
    let security = |path: &str, method: &str| &spec["paths"][path][method]["security"];
    assert_eq!(*security("/both", "get"), json!([{ "token": [], "key": [] }]));
    assert_eq!(*security("/role", "get"), json!([{ "token": ["view"], "key": [] }]));
    assert_eq!(*security("/session", "post"), json!([{ "session": [], "key": [] }]));
    let key_first = json!([{ "key": [], "token": [] }, { "key": [], "password": [] }]);
    assert_eq!(*security("/key-first", "get"), key_first);
}

/// A scheme of the pair that is not configured.
#[derive(Auth, Clone)]
struct Half {
    #[scheme(bearer)]
    token: crate::fixture::Tokens,
    #[scheme(api_key(header = "X-API-Key"))]
    key: Option<crate::fixture::Keys>,
}

struct HalfApi;

#[protected(auth = Half)]
#[OpenApi]
impl HalfApi {
    #[protected(schemes("token"), schemes("key"))]
    #[oai(path = "/", method = "get")]
    async fn index(&self) -> PlainText<&'static str> {
        PlainText("index")
    }
}

#[test]
#[should_panic(expected = "can only be called with security schemes that are not configured")]
fn r09_a_pair_with_a_scheme_that_is_not_configured_stops_the_start() {
    let _ = Half { token: crate::fixture::Tokens::default(), key: None }.service(HalfApi, "Api", "1");
}

#[protected(all(schemes("token"), schemes("key")))]
#[poem::handler]
async fn handler(caller: Principal<Auth>) -> String {
    format!("{} with {}", caller.subject(), caller.beside().len())
}

/// An outer rule that needs one credential, and an inner rule that needs two.
#[tokio::test]
async fn an_inner_rule_can_need_one_more_credential() {
    use poem::EndpointExt;
    let inner = poem::Route::new().at("/", poem::get(handler)).protect(requirement!(schemes("token")));
    let app = inner.with(Auth::default());
    let answer = machine(alice(get("/"), By::Token)).to(&app).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "alice with 0"), "the outer rule's caller is extracted");
    assert_eq!(alice(get("/"), By::Token).to(&app).await.status, 401);
    assert_eq!(alice(get("/"), By::Token).credential(By::Key, "invalid").to(&app).await.status, 401);
}
