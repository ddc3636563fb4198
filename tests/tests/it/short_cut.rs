//! A credential that was verified before is answered from the cache of its authenticator, without a second verification.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use auth_runtime::{
    authenticate::{AuthenticationError, Context, Identity},
    credential::ApiKey,
    prelude::*,
};
use poem::{EndpointExt, Request, Route, get, handler};
use poem_openapi::{OpenApi, payload::PlainText};

/// Accepts each key, and caches it. It counts the verifications.
#[derive(Clone, Default)]
struct Caching(Arc<AtomicUsize>);

impl Caching {
    fn identity(text: &[u8], context: &Context) -> Identity {
        context.identity("tests", String::from_utf8_lossy(text)).build()
    }
}

impl Authenticator for Caching {
    type Credential = ApiKey;

    const CACHES_TEXTS: bool = true;

    fn cached(&self, text: &[u8], _: &Request, context: &Context) -> Option<Identity> {
        (self.0.load(Ordering::SeqCst) > 0).then(|| Self::identity(text, context))
    }

    async fn authenticate(&self, key: ApiKey, context: &Context) -> Result<Identity, AuthenticationError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(Self::identity(key.as_str().as_bytes(), context))
    }
}

#[derive(Auth, Clone)]
struct Auth {
    #[scheme(api_key(header = "X-API-Key"))]
    key: Option<Caching>,
    #[scheme(header = "X-Other")]
    other: Option<Caching>,
}

struct Api;

#[protected]
#[OpenApi]
impl Api {
    #[protected]
    #[oai(path = "/operation", method = "get")]
    async fn operation(&self, caller: Principal<Auth>) -> PlainText<String> {
        PlainText(caller.subject().to_owned())
    }

    #[protected(all(schemes("key"), schemes("other")))]
    #[oai(path = "/both", method = "get")]
    async fn both(&self, caller: Principal<Auth>) -> PlainText<String> {
        PlainText(caller.subject().to_owned())
    }
}

#[protected]
#[handler]
fn handled(caller: Principal<Auth>) -> String {
    caller.subject().to_owned()
}

#[tokio::test]
async fn a_cached_credential_is_verified_once() {
    for path in ["/operation", "/handler"] {
        let verified = Caching::default();
        let auth = Auth { key: Some(verified.clone()), other: Some(Caching::default()) };
        let handler = get(handled).with(auth.clone());
        let app = Route::new().at("/handler", handler).nest("/", auth.service(Api, "Api", "1"));
        let client = poem::test::TestClient::new(app);
        for _ in 0..3 {
            let response = client.get(path).header("X-API-Key", "alice").send().await;
            response.assert_status_is_ok();
            response.assert_text("alice").await;
        }
        assert_eq!(verified.0.load(Ordering::SeqCst), 1, "{path}");
    }
}

#[tokio::test]
async fn one_cached_credential_of_two_is_not_enough() {
    let (key, other) = (Caching::default(), Caching::default());
    let service = Auth { key: Some(key), other: Some(other) }.service(Api, "Api", "1");
    let client = poem::test::TestClient::new(service);
    let both = || client.get("/both").header("X-API-Key", "alice");
    both().header("X-Other", "alice").send().await.assert_status_is_ok();
    both().send().await.assert_status(poem::http::StatusCode::UNAUTHORIZED);
}
