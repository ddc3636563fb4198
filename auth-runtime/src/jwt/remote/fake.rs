//! An issuer for the tests, and the fetcher that reaches it.

use std::{
    collections::HashMap,
    future::pending,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use poem::http::{HeaderValue, Response, StatusCode, header::CACHE_CONTROL};

use super::fetch::{Fetch, FetchRequest};
use crate::authenticate::Unavailable;

pub(super) const ISSUER: &str = "https://issuer.example";
pub(super) const DISCOVERY: &str = "https://issuer.example/.well-known/openid-configuration";
pub(super) const JWKS: &str = "https://issuer.example/jwks.json";
pub(super) const USER_INFO: &str = "https://issuer.example/userinfo";

/// The answer of the issuer to a request.
#[derive(Clone)]
pub(super) enum Answer {
    Json(String),
    Cached(String, &'static str),
    Typed(String, &'static str),
    Status(u16),
    Down,
    Hang,
    Panic,
}

#[derive(Clone, Default)]
pub(super) struct Issuer(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    answers: HashMap<&'static str, Answer>,
    asked: Vec<(String, Option<String>)>,
    takes: Duration,
}

impl Issuer {
    /// An issuer that publishes these keys without discovery.
    pub(super) fn with_keys(kids: &[&str]) -> Self {
        Self::default().answers(JWKS, Answer::Json(key_set(kids)))
    }

    /// An issuer with a discovery document that publishes these keys.
    pub(super) fn discovered(kids: &[&str]) -> Self {
        Self::with_keys(kids).answers(DISCOVERY, Answer::Json(discovery(JWKS)))
    }

    pub(super) fn answers(self, url: &'static str, answer: Answer) -> Self {
        self.state().answers.insert(url, answer);
        self
    }

    /// From now on.
    pub(super) fn now_answers(&self, url: &'static str, answer: Answer) {
        self.state().answers.insert(url, answer);
    }

    pub(super) fn takes(self, time: Duration) -> Self {
        self.state().takes = time;
        self
    }

    pub(super) fn calls(&self) -> usize {
        self.state().asked.len()
    }

    pub(super) fn last_bearer(&self) -> Option<String> {
        self.state().asked.last().and_then(|(_, bearer)| bearer.clone())
    }

    /// Whether a task still holds it, besides those who have `mine` of it.
    pub(super) fn is_held_besides(&self, mine: usize) -> bool {
        Arc::strong_count(&self.0) > mine
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn ask(&self, request: &FetchRequest<'_>) -> (Answer, Duration) {
        let mut state = self.state();
        state.asked.push((request.url().to_owned(), request.bearer().map(str::to_owned)));
        (state.answers.get(request.url()).cloned().unwrap_or(Answer::Status(404)), state.takes)
    }
}

impl Fetch for Issuer {
    async fn get(&self, request: &FetchRequest<'_>) -> Result<Response<Vec<u8>>, Unavailable> {
        let (answer, takes) = self.ask(request);
        tokio::time::sleep(takes).await;
        let with = |name: &str, value, body: String| {
            let response = Response::builder().header(name, HeaderValue::from_static(value));
            Ok(response.body(body.into_bytes()).unwrap())
        };
        match answer {
            Answer::Json(body) => with("Content-Type", "application/json", body),
            Answer::Cached(body, value) => with(CACHE_CONTROL.as_str(), value, body),
            Answer::Typed(body, value) => with("Content-Type", value, body),
            Answer::Status(status) => {
                let mut response = Response::new(Vec::new());
                *response.status_mut() = StatusCode::from_u16(status).unwrap();
                Ok(response)
            }
            Answer::Down => Err(Unavailable::new("connection refused")),
            Answer::Hang => pending().await,
            Answer::Panic => panic!("a fetcher with an error in it"),
        }
    }
}

/// A key set with a key of each name.
pub(super) fn key_set(kids: &[&str]) -> String {
    let keys: Vec<_> = kids.iter().map(|kid| jwk(kid)).collect();
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

/// The key of this name: always the same for one name.
fn jwk(kid: &str) -> String {
    let mut seed = [7; 32];
    seed.iter_mut().zip(kid.bytes()).for_each(|(seed, byte)| *seed = byte);
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
    let x = BASE64_URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    format!(r#"{{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","use":"sig","kid":"{kid}","x":"{x}"}}"#)
}

pub(super) fn discovery(jwks: &str) -> String {
    format!(r#"{{"issuer":"{ISSUER}","jwks_uri":"{jwks}","userinfo_endpoint":"{USER_INFO}"}}"#)
}
