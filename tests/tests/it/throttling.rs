//! Rate limits on wrong credentials: which requests get 429, which do not, and where 429 is documented.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use auth_runtime::{
    api_key::{ApiKeyRecord, MemoryApiKeys},
    authenticate::{AuthenticationError, Context, Identity},
    client_ip::{ClientAddress, TrustedProxies},
    credential::{BasicCredentials, BearerToken},
    danger,
    prelude::*,
    throttle::Throttle,
};
use poem::{Endpoint, EndpointExt, IntoEndpoint, Route, handler};
use poem_openapi::{OpenApi, payload::PlainText};
use serde_json::Value;

use crate::{
    fixture::{Answer, By, Caller, Tokens, basic, get},
    log::logged,
    wire::{Received, Wire},
};

const KEY: &str = "0Zr9Pq4cWv1XsT7uKb3Ln6";
const PASSWORD: &str = "correct horse";

/// Accepts one password for all users, and counts its verifications.
#[derive(Clone, Default)]
struct Directory {
    throttle: Throttle,
    verified: Arc<AtomicUsize>,
}

impl Authenticator for Directory {
    type Credential = BasicCredentials;

    async fn authenticate(
        &self,
        credentials: BasicCredentials,
        context: &Context,
    ) -> Result<Identity, AuthenticationError> {
        let attempt = self.throttle.attempt(context.client(), credentials.username()).await?;
        self.verified.fetch_add(1, Ordering::SeqCst);
        if credentials.username() == "unknown" || credentials.password() != PASSWORD {
            return Err(AuthenticationError::invalid("user name or password"));
        }
        attempt.succeeded().await;
        Ok(context.identity("directory", credentials.username()).build())
    }

    fn is_throttled(&self) -> bool {
        self.throttle.is_on()
    }
}

#[derive(Auth, Clone)]
#[auth(realm = "throttled")]
struct Throttled {
    #[scheme(basic)]
    password: Directory,
    #[scheme(api_key(header = "X-API-Key"))]
    key: Option<ApiKeys>,
    #[scheme(bearer)]
    token: Tokens,
}

struct Api;

#[protected(auth = Throttled)]
#[OpenApi]
impl Api {
    #[protected]
    #[oai(path = "/any", method = "get")]
    async fn any(&self, client: ClientAddress) -> PlainText<String> {
        PlainText(client.to_string())
    }

    #[optional_auth]
    #[oai(path = "/optional", method = "get")]
    async fn optional(&self) {}

    #[protected(schemes("password"))]
    #[oai(path = "/password", method = "get")]
    async fn password(&self) {}

    #[protected(schemes("key"), hide)]
    #[oai(path = "/key", method = "get")]
    async fn key(&self) {}

    #[protected(schemes("token"))]
    #[oai(path = "/token", method = "get")]
    async fn token(&self) {}

    #[public(reason = "a public operation")]
    #[oai(path = "/public", method = "get")]
    async fn public(&self, client: ClientAddress) -> PlainText<String> {
        PlainText(client.to_string())
    }
}

fn keys() -> ApiKeys {
    let expired = ApiKeyRecord::of("expired-expired-expired", "old").unwrap().expires_at(std::time::UNIX_EPOCH);
    ApiKeys::new(MemoryApiKeys::new().add(KEY, "machine").unwrap().add_record(expired).unwrap())
}

fn auth() -> Throttled {
    Throttled { password: Directory::default(), key: Some(keys()), token: Tokens::default() }
}

fn app() -> impl Endpoint {
    auth().service(Api, "Api", "1").into_endpoint()
}

async fn send_key(app: &impl Endpoint, key: &str) -> Answer {
    get("/any").header("X-API-Key", key).to(app).await
}

async fn sign_in(app: &impl Endpoint, name: &str, password: &str) -> Answer {
    get("/any").header("Authorization", basic(name, password)).to(app).await
}

/// Checks that the response has the time to retry, and does not name the user.
fn assert_throttled(answer: &Answer, seconds: std::ops::RangeInclusive<u64>) {
    assert_eq!((answer.status, answer.code().as_str()), (429, "too_many_attempts"));
    let retry_after = answer.header("Retry-After").unwrap();
    assert!(retry_after.parse().is_ok_and(|wait| seconds.contains(&wait)), "{retry_after}");
    assert_eq!(answer.challenges(), Vec::<&str>::new());
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    assert_eq!(answer.problem()["status"], 429);
    assert_eq!(answer.problem()["title"], "Too Many Requests");
}

#[tokio::test]
async fn r53_too_many_wrong_keys_from_one_address_are_429() {
    let app = app();
    for number in 0..25 {
        let wrong = if number % 2 == 0 { format!("wrong{number}") } else { "expired-expired-expired".to_owned() };
        assert_eq!(send_key(&app, &wrong).await.status, 401, "{number}");
    }
    assert_throttled(&send_key(&app, "wrong").await, 1..=60);
    assert_throttled(&get("/optional").header("X-API-Key", "wrong").to(&app).await, 1..=60);
    assert_throttled(&get("/key").header("X-API-Key", "wrong").to(&app).await, 1..=60);
}

#[tokio::test]
async fn r53_a_right_key_is_never_throttled() {
    let app = app();
    for number in 0..100 {
        let _ = send_key(&app, &format!("wrong{number}")).await;
        assert_eq!(send_key(&app, KEY).await.status, 200, "{number}");
    }
    assert_eq!(send_key(&app, "wrong").await.status, 429);
    // Requests with another credential, or without one, do not wait either.
    assert_eq!(get("/any").by(By::Token, &Caller::new("alice")).to(&app).await.status, 200);
    assert_eq!(sign_in(&app, "alice", PASSWORD).await.status, 200);
    assert_eq!(get("/any").to(&app).await.status, 401);
    assert_eq!(get("/public").header("X-API-Key", "wrong").to(&app).await.status, 200);
}

#[tokio::test]
async fn r53_without_a_throttle_wrong_keys_stay_401() {
    let auth = Throttled { key: Some(keys().throttle(danger::unlimited_attempts())), ..auth() };
    let app = auth.service(Api, "Api", "1").into_endpoint();
    for _ in 0..100 {
        assert_eq!(send_key(&app, "wrong").await.status, 401);
    }
}

#[tokio::test]
async fn r77_a_sixth_password_is_not_verified() {
    let auth = auth();
    let app = auth.service(Api, "Api", "1").into_endpoint();
    for _ in 0..5 {
        assert_eq!(sign_in(&app, "alice", "wrong").await.status, 401);
    }
    assert_throttled(&sign_in(&app, "alice", "wrong").await, 1..=60);
    assert_throttled(&sign_in(&app, "Alice", PASSWORD).await, 1..=60);
    assert_eq!(auth.password.verified.load(Ordering::SeqCst), 5);
    assert_eq!(sign_in(&app, "bob", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn r73_a_throttled_user_and_an_unknown_one_get_the_same_response() {
    let app = app();
    let mut refusals = Vec::new();
    for name in ["alice", "unknown"] {
        for _ in 0..5 {
            assert_eq!(sign_in(&app, name, "wrong").await.status, 401);
        }
        let mut answer = sign_in(&app, name, PASSWORD).await;
        assert_throttled(&answer, 1..=60);
        answer.headers.remove("Retry-After");
        refusals.push((answer.headers, answer.body));
    }
    assert_eq!(refusals[0], refusals[1]);
}

#[tokio::test]
async fn r76_a_right_password_resets_the_count() {
    let app = app();
    for _ in 0..5 {
        for _ in 0..4 {
            assert_eq!(sign_in(&app, "alice", "wrong").await.status, 401);
        }
        assert_eq!(sign_in(&app, "alice", PASSWORD).await.status, 200);
    }
}

#[tokio::test]
async fn r91_the_log_names_the_address_and_the_limit_but_not_the_user() {
    let app = app();
    for _ in 0..5 {
        let _ = sign_in(&app, "kR7-secret", "wrong").await;
    }
    let (status, log) = logged(&app, get("/any").header("Authorization", basic("kR7-secret", "wrong"))).await;
    assert_eq!(status, 429);
    for word in
        ["WARN", "throttled", "client=unknown", r#"limit="name and address""#, "too many attempts; try again in"]
    {
        assert!(log.contains(word), "{word} is not in {log}");
    }
    assert!(!log.contains("kR7-secret"), "{log}");
}

/// Returns the paths that document a 429.
fn documented(auth: &Throttled) -> Vec<String> {
    let document: Value = serde_json::from_str(&auth.service(Api, "Api", "1").document_hidden().spec()).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    let throttled = paths.filter(|(_, item)| item["get"]["responses"].get("429").is_some());
    for (path, item) in throttled.clone() {
        let response = &item["get"]["responses"]["429"];
        assert!(response["headers"]["Retry-After"].is_object() && response["headers"]["WWW-Authenticate"].is_null());
        assert!(response["content"]["application/problem+json"]["schema"].is_object(), "{path}");
    }
    throttled.map(|(path, _)| path.clone()).collect()
}

#[test]
fn r93_a_429_is_documented_where_a_throttled_scheme_is_accepted() {
    let all = auth();
    assert_eq!(documented(&all), ["/any", "/optional", "/password", "/key"]);
    let keys = Throttled {
        password: Directory { throttle: danger::unlimited_attempts(), ..Directory::default() },
        ..all.clone()
    };
    assert_eq!(documented(&keys), ["/any", "/optional", "/key"]);
    let key = Some(self::keys().throttle(danger::unlimited_attempts()));
    assert_eq!(documented(&Throttled { key, ..keys }), Vec::<String>::new());
}

/// Reports too many attempts, but does not declare `is_throttled`.
#[derive(Clone)]
struct Undocumented;

impl Authenticator for Undocumented {
    type Credential = BearerToken;

    async fn authenticate(&self, _: BearerToken, _: &Context) -> Result<Identity, AuthenticationError> {
        Err(AuthenticationError::throttled(Duration::from_mins(1)))
    }
}

#[derive(Auth, Clone)]
struct UndocumentedAuth {
    #[scheme(bearer)]
    token: Undocumented,
}

#[protected(auth = UndocumentedAuth)]
#[handler]
fn undocumented() -> &'static str {
    "let in"
}

#[tokio::test]
async fn r94_an_undocumented_429_becomes_503() {
    let app = Route::new().at("/", poem::get(undocumented)).with(UndocumentedAuth { token: Undocumented });
    let answer = get("/").credential(By::Token, "a").to(&app).await;
    assert_eq!((answer.status, answer.header("Retry-After")), (503, Some("5")));
}

async fn send(wire: &Wire, path: &str, headers: &[&str]) -> Received {
    let headers: Vec<&[u8]> = headers.iter().map(|header| header.as_bytes()).collect();
    wire.send(&format!("GET {path}"), &headers).await
}

#[tokio::test]
async fn r8_without_trusted_proxies_forwarding_headers_are_ignored() {
    let wire = Wire::serve(app()).await;
    for header in [
        "X-Forwarded-For: 203.0.113.9",
        "X-Real-IP: 203.0.113.9",
        "Forwarded: for=203.0.113.9",
        "X-Client-IP: 203.0.113.9",
        "True-Client-IP: 203.0.113.9",
        "CF-Connecting-IP: 203.0.113.9",
    ] {
        assert_eq!(send(&wire, "/public", &[header]).await.body, "127.0.0.1", "{header}");
    }
    for number in 0..25 {
        let forwarded = format!("X-Forwarded-For: 203.0.113.{number}");
        assert_eq!(send(&wire, "/any", &[&forwarded, "X-API-Key: wrong"]).await.status, 401);
    }
    let forwarded = "X-Forwarded-For: 203.0.113.200";
    assert_eq!(send(&wire, "/any", &[forwarded, "X-API-Key: wrong"]).await.status, 429);
}

#[tokio::test]
async fn r8_behind_trusted_proxies_each_client_is_counted_by_its_real_address() {
    let proxies = TrustedProxies::new(["127.0.0.1", "10.0.0.0/8"]).unwrap();
    let wire = Wire::serve(app().with(proxies)).await;
    let wrong = "X-API-Key: wrong";
    for number in 0..25 {
        // The caller's own entry is to the left of the entries that the proxies added.
        let forwarded = format!("X-Forwarded-For: 203.0.113.{number}, 198.51.100.1, 10.0.0.7");
        assert_eq!(send(&wire, "/any", &[&forwarded, wrong]).await.status, 401);
    }
    let throttled =
        send(&wire, "/any", &["X-Forwarded-For: 203.0.113.200", "X-Forwarded-For: 198.51.100.1", wrong]).await;
    assert_eq!((throttled.status, throttled.headers("Retry-After").len()), (429, 1));
    assert_eq!(send(&wire, "/any", &["X-Forwarded-For: 198.51.100.2", wrong]).await.status, 401);
    // If an entry is not an address, the address of the proxy is used.
    assert_eq!(send(&wire, "/public", &["X-Forwarded-For: 198.51.100.2, unknown"]).await.body, "127.0.0.1");
    assert_eq!(send(&wire, "/public", &["X-Forwarded-For: [2001:db8::1]:4711"]).await.body, "2001:db8::1");
    assert_eq!(send(&wire, "/public", &["X-Real-IP: 203.0.113.9"]).await.body, "127.0.0.1");
}

#[tokio::test]
async fn r8_forwarding_headers_of_an_untrusted_peer_are_ignored() {
    let proxies = TrustedProxies::new(["10.0.0.0/8", "127.0.0.2", "::1"]).unwrap();
    let wire = Wire::serve(app().with(proxies)).await;
    for forwarded in ["203.0.113.9", "10.0.0.1", "127.0.0.2", "203.0.113.9, 10.0.0.1"] {
        let header = format!("X-Forwarded-For: {forwarded}");
        assert_eq!(send(&wire, "/public", &[&header]).await.body, "127.0.0.1", "{forwarded}");
    }
}

#[tokio::test]
async fn r8_the_order_of_proxies_and_auth_does_not_matter() {
    #[protected(auth = Throttled)]
    #[handler]
    fn protected(client: ClientAddress) -> String {
        client.to_string()
    }
    let proxies = || TrustedProxies::new(["127.0.0.1"]).unwrap();
    let route = || Route::new().at("/", poem::get(protected));
    let token = format!("Authorization: Bearer {}", Caller::new("alice").text());
    let headers = ["X-Forwarded-For: 198.51.100.1", &token];
    let inside = Wire::serve(route().with(proxies()).with(auth())).await;
    assert_eq!(send(&inside, "/", &headers).await.body, "198.51.100.1");
    let outside = Wire::serve(route().with(auth()).with(proxies())).await;
    assert_eq!(send(&outside, "/", &headers).await.body, "198.51.100.1");
}
