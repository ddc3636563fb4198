//! The task and its handle against an issuer that does what the test says, on a clock that the test moves.

use std::{
    future::poll_fn,
    sync::Arc,
    task::Poll,
    time::{Duration, SystemTime},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use tokio::{task::JoinSet, time::sleep};

use super::{
    NoKey, Remote, RemoteKeys, Renewal,
    fake::{Answer, DISCOVERY, ISSUER, Issuer, JWKS, discovery, key_set},
    renewed,
};
use crate::{
    authenticate::Context,
    declared::DeclaredNames,
    jwt::{Algorithm, Jwt, JwtError, key_set::KeySet},
};

static TABLES: DeclaredNames = DeclaredNames { permissions: &[], roles: &[], scopes: &[], role_permissions: &[] };

const COOLDOWN: Duration = Duration::from_secs(10);
const TTL: Duration = Duration::from_mins(5);
const HOUR: Duration = Duration::from_hours(1);

/// A verifier's part of it.
struct Verifier {
    keys: Arc<KeySet>,
    remote: Arc<Remote>,
}

impl Verifier {
    fn of(settings: RemoteKeys) -> Self {
        let keys = Arc::new(KeySet::none());
        Self { remote: Remote::start(settings, Arc::clone(&keys)).unwrap(), keys }
    }

    fn key_set(issuer: &Issuer) -> Self {
        Self::of(RemoteKeys::jwks_url(JWKS).unwrap().fetcher(issuer.clone()))
    }

    fn discovered(issuer: &Issuer) -> Self {
        Self::of(RemoteKeys::openid_connect(ISSUER).unwrap().fetcher(issuer.clone()))
    }

    async fn find(&self, kid: &str) -> Result<usize, NoKey> {
        self.find_as(Algorithm::EdDSA, kid).await
    }

    async fn find_as(&self, algorithm: Algorithm, kid: &str) -> Result<usize, NoKey> {
        let known = self.keys.candidates(algorithm, Some(kid), now()).len();
        if known > 0 {
            return Ok(known);
        }
        renewed(&self.keys, &self.remote, algorithm, Some(kid), now()).await.map(|found| found.len())
    }

    /// Whether the key is good in so long, counted from the real now: the clock of the tests moves timers only.
    fn is_good_in(&self, kid: &str, time: Duration) -> bool {
        !self.keys.candidates(Algorithm::EdDSA, Some(kid), now() + time).is_empty()
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap()
}

#[tokio::test(start_paused = true)]
async fn r46_the_first_fetch_is_at_once_and_who_asks_waits_for_it() {
    let issuer = Issuer::with_keys(&["a"]).takes(Duration::from_secs(1));
    let verifier = Verifier::key_set(&issuer);
    assert_eq!(verifier.find("a").await, Ok(1));
    assert_eq!(issuer.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn r46_keys_are_fetched_again_before_they_are_old() {
    for (answer, per_hour) in [
        (Answer::Json(key_set(&["a"])), 15),
        (Answer::Cached(key_set(&["a"]), "max-age=86400"), 15),
        (Answer::Cached(key_set(&["a"]), "max-age=100"), 45),
        (Answer::Cached(key_set(&["a"]), "no-store"), 150),
        (Answer::Cached(key_set(&["a"]), "max-age=0"), 150),
    ] {
        let issuer = Issuer::default().answers(JWKS, answer);
        let _verifier = Verifier::key_set(&issuer);
        sleep(Duration::from_secs(3599)).await;
        assert_eq!(issuer.calls(), per_hour);
    }
}

#[tokio::test(start_paused = true)]
async fn r46_a_withdrawn_key_ends_with_the_next_fetch() {
    let issuer = Issuer::with_keys(&["a", "b"]);
    let verifier = Verifier::key_set(&issuer);
    assert_eq!(verifier.find("a").await, Ok(1));
    let verified_with = verifier.keys.candidates(Algorithm::EdDSA, Some("a"), now());
    let kept = verifier.keys.candidates(Algorithm::EdDSA, Some("b"), now());
    issuer.now_answers(JWKS, Answer::Json(key_set(&["b", "c"])));
    sleep(TTL).await;
    assert!(!verified_with[0].is_good(now()));
    assert!(kept[0].is_good(now()));
    assert_eq!(verifier.find("c").await, Ok(1));
    assert_eq!(issuer.calls(), 2);
    assert_eq!(verifier.find("a").await, Err(NoKey::Unknown));
}

#[tokio::test(start_paused = true)]
async fn r46_a_new_key_is_there_when_the_first_token_names_it() {
    let issuer = Issuer::with_keys(&["a"]);
    let verifier = Verifier::key_set(&issuer);
    assert_eq!(verifier.find("a").await, Ok(1));
    issuer.now_answers(JWKS, Answer::Json(key_set(&["b"])));
    assert_eq!(verifier.find("b").await, Ok(1));
    assert!(!verifier.is_good_in("a", Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn r46_keys_serve_for_a_while_when_the_issuer_is_down_and_no_longer() {
    let issuer = Issuer::with_keys(&["a"]);
    let settings = RemoteKeys::jwks_url(JWKS).unwrap().stale_for(HOUR).fetcher(issuer.clone());
    let verifier = Verifier::of(settings);
    assert_eq!(verifier.find("a").await, Ok(1));
    for down in [Answer::Down, Answer::Hang, Answer::Status(500), Answer::Json("<html>".into()), Answer::Panic] {
        issuer.now_answers(JWKS, down);
        let before = issuer.calls();
        sleep(HOUR).await;
        // It is tried again all the time, and the end of the keys stays where it was.
        assert!((90..300).contains(&(issuer.calls() - before)), "{}", issuer.calls() - before);
        let end = TTL + HOUR;
        assert!(verifier.is_good_in("a", end.checked_sub(Duration::from_mins(1)).unwrap()));
        assert!(!verifier.is_good_in("a", end + Duration::from_secs(1)));
    }
    // Whether there is another key is unknown now.
    assert_eq!(verifier.find("b").await, Err(NoKey::Unavailable));
    issuer.now_answers(JWKS, Answer::Json(key_set(&["b"])));
    sleep(Duration::from_secs(30)).await;
    assert_eq!((verifier.find("b").await, verifier.find("a").await), (Ok(1), Err(NoKey::Unknown)));
}

#[tokio::test(start_paused = true)]
async fn r46_old_keys_are_asked_for_again_and_are_no_denial() {
    let issuer = Issuer::with_keys(&["a"]);
    let verifier = Verifier::key_set(&issuer);
    assert_eq!(verifier.find("a").await, Ok(1));
    issuer.now_answers(JWKS, Answer::Down);
    let late = now() + TTL + HOUR + Duration::from_secs(1);
    let found = renewed(&verifier.keys, &verifier.remote, Algorithm::EdDSA, Some("a"), late).await;
    assert_eq!(found.unwrap_err(), NoKey::Unavailable);
    assert_eq!(issuer.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn r46_an_empty_key_set_is_tried_again_and_ends_the_keys_within_the_ttl() {
    let unusable = r#"{"keys":[{"kty":"OKP","crv":"X25519","x":"AAAA"}]}"#;
    for empty in [r#"{"keys":[]}"#, unusable] {
        let issuer = Issuer::with_keys(&["a"]);
        let verifier = Verifier::key_set(&issuer);
        assert_eq!(verifier.find("a").await, Ok(1));
        assert!(verifier.is_good_in("a", HOUR));
        issuer.now_answers(JWKS, Answer::Json(empty.to_owned()));
        assert_eq!(verifier.remote.renew().await, Renewal::Failed);
        assert!(verifier.is_good_in("a", TTL.checked_sub(Duration::from_mins(1)).unwrap()));
        assert!(!verifier.is_good_in("a", TTL + Duration::from_secs(1)));
        // An accident is over soon.
        issuer.now_answers(JWKS, Answer::Json(key_set(&["a"])));
        sleep(Duration::from_secs(1)).await;
        assert!(verifier.is_good_in("a", HOUR));
    }
}

#[tokio::test(start_paused = true)]
async fn r46_keys_serve_on_when_no_key_of_the_set_can_be_read() {
    let issuer = Issuer::with_keys(&["a"]);
    let verifier = Verifier::of(RemoteKeys::jwks_url(JWKS).unwrap().stale_for(HOUR).fetcher(issuer.clone()));
    assert_eq!(verifier.find("a").await, Ok(1));
    for bad in [r#"{"keys":[1]}"#, r#"{"keys":[{}]}"#, "{}"] {
        issuer.now_answers(JWKS, Answer::Json(bad.to_owned()));
        sleep(TTL).await;
        assert!(verifier.is_good_in("a", HOUR), "{bad}");
        assert_eq!(verifier.find("b").await, Err(NoKey::Unavailable));
    }
}

#[tokio::test(start_paused = true)]
async fn r46_a_load_of_unknown_kids_is_one_fetch_per_cooldown() {
    let issuer = Issuer::with_keys(&["a"]).takes(Duration::from_millis(300));
    let verifier = Arc::new(Verifier::key_set(&issuer));
    assert_eq!(verifier.find("a").await, Ok(1));
    let mut unknown = JoinSet::new();
    for second in 0..30 {
        for request in 0..1000 {
            let verifier = Arc::clone(&verifier);
            unknown.spawn(async move {
                sleep(Duration::from_millis(request)).await;
                verifier.find(&format!("{second}-{request}")).await
            });
        }
        // A token with a known key does not wait.
        let mut known = Box::pin(verifier.find("a"));
        assert_eq!(poll_fn(|cx| Poll::Ready(known.as_mut().poll(cx))).await, Poll::Ready(Ok(1)));
        sleep(Duration::from_secs(1)).await;
    }
    let found = unknown.join_all().await;
    assert!(found.iter().all(|found| matches!(found, Err(NoKey::Unknown | NoKey::Unavailable))));
    // Only a token that caused a look-up is denied.
    assert!((1..3000).contains(&found.iter().filter(|found| **found == Err(NoKey::Unknown)).count()));
    // After 0, 10 and 20 seconds, besides the first.
    assert_eq!(issuer.calls(), 4);
}

#[tokio::test(start_paused = true)]
async fn r46_an_unknown_key_within_the_cooldown_is_unavailable_and_no_denial() {
    let issuer = Issuer::with_keys(&["a"]);
    let verifier = Verifier::key_set(&issuer);
    assert_eq!(verifier.remote.renew().await, Renewal::Done);
    assert_eq!(verifier.remote.renew().await, Renewal::Done);
    assert_eq!(verifier.remote.renew().await, Renewal::TooSoon);
    assert_eq!(verifier.find("b").await, Err(NoKey::Unavailable));
    sleep(COOLDOWN).await;
    assert_eq!(verifier.find("b").await, Err(NoKey::Unknown));
    sleep(COOLDOWN).await;
    issuer.now_answers(JWKS, Answer::Down);
    assert_eq!(verifier.remote.renew().await, Renewal::Failed);
    assert_eq!(verifier.remote.renew().await, Renewal::TooSoon);
    assert_eq!(verifier.find("b").await, Err(NoKey::Unavailable));
    assert_eq!(verifier.find("a").await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn r47_no_issuer_is_asked_for_a_key_that_it_cannot_publish() {
    let issuer = Issuer::with_keys(&["a"]);
    let verifier = Verifier::key_set(&issuer);
    assert_eq!(verifier.find("a").await, Ok(1));
    assert_eq!(verifier.find_as(Algorithm::HS256, "a").await, Err(NoKey::Unknown));
    assert_eq!(issuer.calls(), 1);
    // Of the same name and another kind is another key.
    assert_eq!(verifier.find_as(Algorithm::ES256, "a").await, Err(NoKey::Unknown));
    assert_eq!(issuer.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn r48_a_start_without_the_issuer_is_unavailable_until_keys_arrive() {
    let issuer = Issuer::default().answers(DISCOVERY, Answer::Down);
    let verifier = Verifier::discovered(&issuer);
    assert_eq!(verifier.find("a").await, Err(NoKey::Unavailable));
    sleep(Duration::from_mins(10)).await;
    assert_eq!(verifier.find("a").await, Err(NoKey::Unavailable));
    issuer.now_answers(DISCOVERY, Answer::Json(discovery(JWKS)));
    issuer.now_answers(JWKS, Answer::Json(key_set(&["a"])));
    sleep(Duration::from_secs(30)).await;
    assert_eq!(verifier.find("a").await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn r45_a_document_of_another_issuer_brings_no_keys() {
    let issuer = Issuer::discovered(&["a"]);
    let document = discovery(JWKS).replace(ISSUER, "https://evil.example");
    issuer.now_answers(DISCOVERY, Answer::Json(document));
    let verifier = Verifier::discovered(&issuer);
    assert_eq!(verifier.find("a").await, Err(NoKey::Unavailable));
}

#[tokio::test(start_paused = true)]
async fn r45_answers_that_are_redirects_or_too_large_bring_no_keys() {
    let large = format!("{}{}", key_set(&["a"]), " ".repeat(2000));
    for bad in [Answer::Status(302), Answer::Status(204), Answer::Json(large)] {
        let issuer = Issuer::default().answers(JWKS, bad);
        let verifier = Verifier::of(RemoteKeys::jwks_url(JWKS).unwrap().max_size(1024).fetcher(issuer));
        assert_eq!(verifier.find("a").await, Err(NoKey::Unavailable));
    }
}

#[tokio::test(start_paused = true)]
async fn keys_that_have_moved_are_followed() {
    const MOVED: &str = "https://keys.example/jwks.json";
    let issuer = Issuer::discovered(&["a"]).answers(MOVED, Answer::Json(key_set(&["b"])));
    let verifier = Verifier::discovered(&issuer);
    assert_eq!(verifier.find("a").await, Ok(1));
    issuer.now_answers(DISCOVERY, Answer::Json(discovery(MOVED)));
    issuer.now_answers(JWKS, Answer::Status(410));
    assert_eq!((verifier.find("b").await, verifier.find("a").await), (Ok(1), Err(NoKey::Unavailable)));
    sleep(COOLDOWN).await;
    assert_eq!(verifier.find("a").await, Err(NoKey::Unknown));
}

#[tokio::test(start_paused = true)]
async fn an_authorization_server_is_discovered_where_rfc_8414_says() {
    const DOCUMENT: &str = "https://issuer.example/.well-known/oauth-authorization-server";
    let issuer = Issuer::with_keys(&["a"]).answers(DOCUMENT, Answer::Json(discovery(JWKS)));
    let verifier = Verifier::of(RemoteKeys::authorization_server(ISSUER).unwrap().fetcher(issuer));
    assert_eq!(verifier.find("a").await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn the_task_ends_with_its_handle_in_the_middle_of_a_fetch_too() {
    for answer in [Answer::Json(key_set(&["a"])), Answer::Hang] {
        let issuer = Issuer::default().answers(JWKS, answer);
        let verifier = Verifier::key_set(&issuer);
        sleep(Duration::from_secs(1)).await;
        assert_eq!(issuer.calls(), 1);
        assert!(issuer.is_held_besides(1));
        drop(verifier);
        while issuer.is_held_besides(1) {
            tokio::task::yield_now().await;
        }
        sleep(HOUR).await;
        assert_eq!(issuer.calls(), 1);
    }
}

#[test]
fn without_a_runtime_nothing_starts() {
    let settings = RemoteKeys::jwks_url(JWKS).unwrap().fetcher(Issuer::default());
    assert_eq!(Remote::start(settings, Arc::new(KeySet::none())).unwrap_err(), JwtError::NoRuntime);
}

#[test]
fn a_runtime_that_is_gone_is_unavailable_and_keeps_nobody_waiting() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let first = runtime();
    let verifier = first.block_on(async { Verifier::key_set(&Issuer::default().answers(JWKS, Answer::Hang)) });
    drop(first);
    assert_eq!(runtime().block_on(verifier.find("a")), Err(NoKey::Unavailable));
}

#[tokio::test(start_paused = true)]
async fn each_key_that_is_left_out_is_logged_once_and_when_it_matters() {
    let mut keys: serde_json::Value = serde_json::from_str(&key_set(&["a", "enc", "weak"])).unwrap();
    keys["keys"][1]["use"] = "enc".into();
    keys["keys"][2]["d"] = "AA".into();
    let issuer = Issuer::default().answers(JWKS, Answer::Json(keys.to_string()));
    let verifier = Verifier::key_set(&issuer);
    assert_eq!(verifier.find("a").await, Ok(1));
    // A published private key is a mistake of the issuer; a key for encryption is not.
    assert_eq!(verifier.remote.unusable.logged(), [r#"key "weak""#]);
    assert_eq!(verifier.find("enc").await, Err(NoKey::Unknown));
    assert_eq!(verifier.remote.unusable.logged(), [r#"key "enc""#, r#"key "weak""#]);
    // The same keys in the next document are known.
    sleep(TTL).await;
    assert_eq!(verifier.remote.unusable.logged(), [r#"key "enc""#, r#"key "weak""#]);
}

#[tokio::test(start_paused = true)]
async fn all_keys_that_are_left_out_are_logged_when_no_usable_one_is_left() {
    let keys = key_set(&["a", "b"]).replace(r#""sig""#, r#""enc""#);
    let verifier = Verifier::key_set(&Issuer::default().answers(JWKS, Answer::Json(keys)));
    assert_eq!(verifier.find("c").await, Err(NoKey::Unavailable));
    assert_eq!(verifier.remote.unusable.logged(), [r#"key "a""#, r#"key "b""#]);
}

#[tokio::test(start_paused = true)]
async fn r45_an_issuer_that_calls_itself_otherwise_is_an_error_at_start() {
    let slash = discovery(JWKS).replace(r#""https://issuer.example""#, r#""https://issuer.example/""#);
    let issuer = Issuer::with_keys(&["a"]).answers(DISCOVERY, Answer::Json(slash));
    let jwt = || Jwt::discovered(RemoteKeys::openid_connect(ISSUER).unwrap().fetcher(issuer.clone())).unwrap();
    let jwt = jwt().audience("entries");
    let error = jwt.ready().await.unwrap_err();
    let published = "https://issuer.example/".to_owned();
    assert_eq!(error, JwtError::OtherIssuer { configured: ISSUER.to_owned(), published });
    assert!(error.to_string().contains(r#"calls itself "https://issuer.example/""#), "{error}");
    // Its tokens may be good: 503, and no 401 for each of them.
    let identify = async |issuer: &str| {
        let part = |json: String| BASE64_URL_SAFE_NO_PAD.encode(json);
        let token = format!("{}.{}.AAAA", part(r#"{"alg":"RS256"}"#.into()), part(format!(r#"{{"iss":"{issuer}"}}"#)));
        jwt.identify(token.as_bytes(), now(), Context::new(&TABLES)).await.unwrap_err()
    };
    let error = identify("https://issuer.example/").await;
    assert!(error.is_unavailable() && error.to_string().contains("calls itself"), "{error}");
    assert!(!identify("https://evil.example").await.is_unavailable());
    // Once it has the configured name, it is ready.
    issuer.now_answers(DISCOVERY, Answer::Json(discovery(JWKS)));
    sleep(Duration::from_mins(1)).await;
    assert_eq!(jwt.ready().await, Ok(()));
    assert!(!identify("https://issuer.example/").await.is_unavailable());
}

#[tokio::test(start_paused = true)]
async fn ready_says_whether_the_keys_are_there() {
    let issuer = Issuer::discovered(&["a"]).answers(JWKS, Answer::Down);
    let keys = RemoteKeys::openid_connect(ISSUER).unwrap().fetcher(issuer.clone());
    let jwt = Jwt::discovered(keys).unwrap().audience("entries");
    let error = jwt.ready().await.unwrap_err();
    assert!(matches!(&error, JwtError::KeysNotFetched { issuer, .. } if issuer == ISSUER), "{error}");
    assert!(error.to_string().contains("connection refused"), "{error}");
    issuer.now_answers(JWKS, Answer::Json(key_set(&["a"])));
    sleep(Duration::from_mins(1)).await;
    assert_eq!(jwt.ready().await, Ok(()));
    // A later failure leaves the keys.
    issuer.now_answers(JWKS, Answer::Down);
    sleep(Duration::from_mins(10)).await;
    assert_eq!(jwt.ready().await, Ok(()));
}

#[test]
fn a_verifier_whose_runtime_has_ended_is_not_ready() {
    let issuer = Issuer::discovered(&["a"]).takes(HOUR);
    let first = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let keys = RemoteKeys::openid_connect(ISSUER).unwrap().fetcher(issuer);
    let jwt = first.block_on(async { Jwt::discovered(keys) }).unwrap().audience("entries");
    drop(first);
    let second = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = second.block_on(jwt.ready()).unwrap_err();
    assert!(error.to_string().contains("has ended"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_map_of_certificates_is_named_at_start() {
    let certificates = r#"{"1":"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"}"#.to_owned();
    let issuer = Issuer::default().answers(JWKS, Answer::Json(certificates));
    let keys = Jwt::remote(RemoteKeys::jwks_url(JWKS).unwrap().fetcher(issuer)).unwrap();
    let error = keys.issuer(ISSUER).audience("entries").ready().await.unwrap_err();
    assert!(error.to_string().contains("it is a map of certificates; use the address of the issuer's JWKS"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_stated_algorithm_is_that_of_fetched_rsa_keys_without_one() {
    let key = |more: &str| format!(r#"{{"kty":"RSA","n":"{}","e":"AQAB"{more}}}"#, "_".repeat(512));
    let set = format!(r#"{{"keys":[{},{}]}}"#, key(r#","kid":"bare""#), key(r#","kid":"own","alg":"RS512""#));
    for stated in [Algorithm::PS256, Algorithm::RS384, Algorithm::RS512] {
        let issuer = Issuer::default().answers(JWKS, Answer::Json(set.clone()));
        let settings = RemoteKeys::jwks_url(JWKS).unwrap().rsa_algorithm(stated).unwrap().fetcher(issuer);
        let verifier = Verifier::of(settings);
        assert_eq!(verifier.find_as(stated, "bare").await.unwrap(), 1, "{stated:?}");
        assert_eq!(verifier.find_as(Algorithm::RS512, "own").await.unwrap(), 1, "{stated:?}");
        assert!(verifier.keys.candidates(Algorithm::RS256, Some("bare"), now()).is_empty(), "{stated:?}");
    }
}
