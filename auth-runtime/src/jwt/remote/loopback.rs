//! All of it, over HTTP, against an issuer that listens on this machine.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use poem::{
    Endpoint, IntoEndpoint, Request, Route, Server, get,
    http::StatusCode,
    listener::{Acceptor, Listener, TcpListener},
    web::Redirect,
};
use serde_json::json;

use super::{NoKey, Remote, RemoteKeys, fake::key_set, renewed};
use crate::{
    authenticate::{Context, UserInfoError},
    declared::DeclaredNames,
    jwt::{Algorithm, key_set::KeySet},
};

static TABLES: DeclaredNames = DeclaredNames { permissions: &[], roles: &[], scopes: &[], role_permissions: &[] };

/// The issuer with its current keys.
#[derive(Clone, Default)]
struct Issuer {
    url: String,
    key_set: Arc<Mutex<String>>,
    fetches: Arc<AtomicUsize>,
}

impl Issuer {
    async fn start(kids: &[&str]) -> Self {
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
        let url = format!("http://{}", acceptor.local_addr()[0].as_socket_addr().unwrap());
        let issuer = Self { url, ..Self::default() };
        issuer.publish(kids);
        tokio::spawn(Server::new_with_acceptor(acceptor).run(issuer.routes()));
        issuer
    }

    fn publish(&self, kids: &[&str]) {
        *self.key_set.lock().unwrap() = key_set(kids);
    }

    fn routes(&self) -> impl IntoEndpoint<Endpoint: Endpoint + 'static> + use<> {
        let url = &self.url;
        let document =
            json!({ "issuer": url, "jwks_uri": format!("{url}/jwks"), "userinfo_endpoint": format!("{url}/me") });
        let Self { key_set, fetches, .. } = self.clone();
        let published = move |_: Request| {
            fetches.fetch_add(1, Ordering::SeqCst);
            let published = key_set.lock().unwrap().clone();
            async { Ok::<_, poem::Error>(published) }
        };
        Route::new()
            .at("/.well-known/openid-configuration", get(poem::endpoint::make_sync(move |_| document.to_string())))
            .at("/jwks", get(poem::endpoint::make(published)))
            .at("/moved", get(poem::endpoint::make_sync(|_| Redirect::temporary("/jwks"))))
            .at("/me", get(poem::endpoint::make_sync(|request| me(&request))))
    }

    fn keys(&self) -> RemoteKeys {
        let danger = RemoteKeys::dangerous().allow_http_on_loopback();
        let settings = danger.openid_connect(self.url.as_str()).unwrap().timeout(Duration::from_secs(30));
        settings.cooldown(Duration::from_mins(5))
    }
}

fn me(request: &Request) -> poem::Result<String> {
    match request.header("Authorization") {
        Some("Bearer aaa.bbb.ccc") => Ok(r#"{"sub":"alice","email":"a@example.com"}"#.to_owned()),
        _ => Err(StatusCode::UNAUTHORIZED.into()),
    }
}

async fn find(keys: &KeySet, remote: &Remote, kid: &str) -> Result<usize, NoKey> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    match keys.candidates(Algorithm::EdDSA, Some(kid), now).len() {
        0 => renewed(keys, remote, Algorithm::EdDSA, Some(kid), now).await.map(|found| found.len()),
        known => Ok(known),
    }
}

#[tokio::test]
async fn r46_keys_are_fetched_and_replaced_over_http() {
    let issuer = Issuer::start(&["a"]).await;
    let keys = Arc::new(KeySet::none());
    let remote = Remote::start(issuer.keys(), Arc::clone(&keys)).unwrap();
    assert_eq!(find(&keys, &remote, "a").await, Ok(1));
    issuer.publish(&["b"]);
    assert_eq!(find(&keys, &remote, "b").await, Ok(1));
    // It was withdrawn. The last fetch was a moment ago, so the issuer is not asked whether it is back.
    assert_eq!(find(&keys, &remote, "a").await, Err(NoKey::Unavailable));
    assert_eq!(issuer.fetches.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn r45_keys_behind_a_redirect_are_not_fetched_over_http() {
    let issuer = Issuer::start(&["a"]).await;
    let danger = RemoteKeys::dangerous().allow_http_on_loopback();
    let settings = danger.jwks_url(format!("{}/moved", issuer.url)).unwrap().timeout(Duration::from_secs(30));
    let keys = Arc::new(KeySet::none());
    let remote = Remote::start(settings, Arc::clone(&keys)).unwrap();
    assert_eq!(find(&keys, &remote, "a").await, Err(NoKey::Unavailable));
    assert_eq!(issuer.fetches.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn user_info_is_asked_for_with_the_callers_token_over_http() {
    let issuer = Issuer::start(&["a"]).await;
    let keys = Arc::new(KeySet::none());
    let remote = Remote::start(issuer.keys(), Arc::clone(&keys)).unwrap();
    assert_eq!(find(&keys, &remote, "a").await, Ok(1));
    let caller = |token| {
        let source = remote.user_info(token).unwrap();
        Context::new(&TABLES).identity(issuer.url.as_str(), "alice").user_info(source).build()
    };
    assert_eq!(caller("aaa.bbb.ccc").user_info().await.unwrap().email(), Some("a@example.com"));
    assert!(matches!(caller("revoked").user_info().await, Err(UserInfoError::Refused)));
}
