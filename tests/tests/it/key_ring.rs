//! Rings of signing keys: two processes on one store.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use auth_runtime::{
    authenticate::{AuthenticationError, Context, Unavailable},
    credential::BearerToken,
    jwt::{
        KeyRing, KeyRingError, KeyState, MemorySigningKeys, SigningKeyRecord, SigningKeyStore, StaleHandle,
        TokenIssuer, key_states,
    },
    prelude::*,
};

use crate::flows::{TokenAuth, http, signing_keys};
use auth_runtime::users::MemoryUsers;

const SECRET: &str = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";
const OTHER: &str = "8Gf2HjMa0Zr9Pq4cWv1XsT7uKb3Ln6Yd";

/// A store that reports no changes, and counts its readers: processes learn of a change within the bound of polling.
#[derive(Clone)]
struct Silent {
    keys: MemorySigningKeys,
    reads: Arc<AtomicUsize>,
}

impl SigningKeyStore for Silent {
    async fn keys(&self) -> Result<Vec<SigningKeyRecord>, Unavailable> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.keys.keys().await
    }

    async fn add(&self, key: &SigningKeyRecord, newest: Option<&str>) -> Result<bool, Unavailable> {
        self.keys.add(key, newest).await
    }

    async fn retire(&self, id: &str, at: SystemTime, remaining: Option<&str>) -> Result<bool, Unavailable> {
        self.keys.retire(id, at, remaining).await
    }

    async fn remove(&self, id: &str) -> Result<(), Unavailable> {
        self.keys.remove(id).await
    }
}

/// A store that reports its changes, and counts its readers.
#[derive(Clone)]
struct Reporting(Silent);

/// A store in which another process retires a key just before this one does.
struct Racing {
    keys: MemorySigningKeys,
    retired: String,
}

impl SigningKeyStore for Racing {
    async fn keys(&self) -> Result<Vec<SigningKeyRecord>, Unavailable> {
        self.keys.keys().await
    }

    async fn add(&self, key: &SigningKeyRecord, newest: Option<&str>) -> Result<bool, Unavailable> {
        self.keys.add(key, newest).await
    }

    async fn retire(&self, id: &str, at: SystemTime, remaining: Option<&str>) -> Result<bool, Unavailable> {
        assert!(self.keys.retire(&self.retired, at, Some(id)).await?);
        self.keys.retire(id, at, remaining).await
    }

    async fn remove(&self, id: &str) -> Result<(), Unavailable> {
        self.keys.remove(id).await
    }
}

impl SigningKeyStore for Reporting {
    async fn keys(&self) -> Result<Vec<SigningKeyRecord>, Unavailable> {
        self.0.keys().await
    }

    async fn add(&self, key: &SigningKeyRecord, newest: Option<&str>) -> Result<bool, Unavailable> {
        self.0.add(key, newest).await
    }

    async fn retire(&self, id: &str, at: SystemTime, remaining: Option<&str>) -> Result<bool, Unavailable> {
        self.0.retire(id, at, remaining).await
    }

    async fn remove(&self, id: &str) -> Result<(), Unavailable> {
        self.0.remove(id).await
    }

    fn notify(&self, ring: StaleHandle) {
        self.0.keys.notify(ring);
    }
}

fn ring(store: &MemorySigningKeys) -> KeyRing<Silent> {
    KeyRing::new(Silent { keys: store.clone(), reads: Arc::default() }, SECRET).unwrap()
}

/// Returns an issuer with keys of its own, as in another process.
async fn issuer(store: &MemorySigningKeys) -> TokenIssuer {
    TokenIssuer::key_ring(ring(store)).await.unwrap().issuer("https://issuer.example").audience("entries")
}

fn token(issuer: &TokenIssuer) -> String {
    issuer.token("alice").client_id("web").sign().unwrap()
}

fn kid(token: &str) -> String {
    http::part(token, 0)["kid"].as_str().unwrap().to_owned()
}

async fn verify(issuer: &TokenIssuer, token: &str) -> Result<(), AuthenticationError> {
    // Without the cache, as for a token that was not seen before.
    let jwt = issuer.verifier().cache_capacity(0);
    jwt.authenticate(BearerToken::new(token), &Context::of::<TokenAuth<MemoryUsers>>()).await.map(drop)
}

async fn states(store: &MemorySigningKeys) -> Vec<&'static str> {
    ring(store).list().await.unwrap().iter().map(|(_, state)| state.name()).collect()
}

#[tokio::test(start_paused = true)]
async fn two_processes_share_the_first_key() {
    let store = MemorySigningKeys::new();
    let (one, two) = tokio::join!(issuer(&store), issuer(&store));
    assert_eq!(states(&store).await, ["signing"]);
    assert_eq!(kid(&token(&one)), kid(&token(&two)));
    assert!(verify(&two, &token(&one)).await.is_ok() && verify(&one, &token(&two)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_published_before_it_signs() {
    let store = MemorySigningKeys::new();
    let (one, two) = (issuer(&store).await, issuer(&store).await);
    let old = kid(&token(&one));
    let new = ring(&store).rotate().await.unwrap();
    let lead = new.signs_from.duration_since(new.published_at).unwrap();
    assert!(lead >= Duration::from_mins(10) && new.id != old);
    assert_eq!(states(&store).await, ["signing", "published"]);
    tokio::time::sleep(Duration::from_secs(30)).await;
    for issuer in [&one, &two] {
        assert!(issuer.jwks().unwrap().contains(&new.id), "each process verifies by it");
        assert_eq!(kid(&token(issuer)), old, "and none signs with it");
    }
    let records = store.keys().await.unwrap();
    let later = key_states(records, new.signs_from).into_iter().map(|(_, state)| state);
    assert_eq!(later.collect::<Vec<_>>(), [KeyState::Verifying, KeyState::Signing]);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_signs_at_once_is_learned_from_its_first_token() {
    let store = MemorySigningKeys::new();
    let (one, two) = (issuer(&store).await, issuer(&store).await);
    let old = token(&one);
    ring(&store).rotate_now().await.unwrap();
    tokio::time::sleep(Duration::from_secs(30)).await;
    let new = token(&one);
    assert_ne!(kid(&old), kid(&new));
    for token in [&old, &new] {
        assert!(verify(&one, token).await.is_ok() && verify(&two, token).await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn a_retired_key_stops_in_every_process_within_its_bound() {
    let store = MemorySigningKeys::new();
    let (one, two) = (issuer(&store).await, issuer(&store).await);
    let old = token(&one);
    assert!(verify(&two, &old).await.is_ok());
    ring(&store).rotate_now().await.unwrap();
    assert!(ring(&store).retire(&kid(&old)).await.unwrap());
    assert!(!ring(&store).retire(&kid(&old)).await.unwrap(), "it is retired already");
    tokio::time::sleep(Duration::from_secs(30)).await;
    for issuer in [&one, &two] {
        assert!(verify(issuer, &old).await.is_err() && !issuer.jwks().unwrap().contains(&kid(&old)));
        assert!(verify(issuer, &token(issuer)).await.is_ok());
    }
    assert_eq!(states(&store).await, ["retired", "signing"]);
    assert!(store.keys().await.unwrap()[0].sealed.is_empty(), "the private key is deleted");
}

#[tokio::test(start_paused = true)]
async fn r07_a_reported_change_counts_within_a_second() {
    let store = MemorySigningKeys::new();
    let reporting = async || {
        let ring = KeyRing::new(store.clone(), SECRET).unwrap();
        TokenIssuer::key_ring(ring).await.unwrap().issuer("https://issuer.example").audience("entries")
    };
    let (one, two) = (reporting().await, reporting().await);
    let old = token(&one);
    let new = ring(&store).rotate_now().await.unwrap();
    tokio::time::sleep(Duration::from_millis(999)).await;
    for issuer in [&one, &two] {
        assert_eq!(kid(&token(issuer)), new.id);
        assert!(verify(issuer, &old).await.is_ok());
    }
    ring(&store).retire(&kid(&old)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(999)).await;
    for issuer in [&one, &two] {
        assert!(verify(issuer, &old).await.is_err() && verify(issuer, &token(&one)).await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn many_reported_changes_cost_two_reads_a_second() {
    let reporting = Reporting(Silent { keys: MemorySigningKeys::new(), reads: Arc::default() });
    let _issuer = TokenIssuer::key_ring(KeyRing::new(reporting.clone(), SECRET).unwrap()).await.unwrap();
    let before = reporting.0.reads.load(Ordering::Relaxed);
    for _ in 0..100 {
        reporting.retire("unknown", SystemTime::now(), None).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let reads = reporting.0.reads.load(Ordering::Relaxed) - before;
    assert!((15..=20).contains(&reads), "{reads} reads in ten seconds");
}

#[tokio::test(start_paused = true)]
async fn the_last_key_that_can_sign_is_not_retired() {
    let store = MemorySigningKeys::new();
    let key = kid(&token(&issuer(&store).await));
    ring(&store).rotate().await.unwrap();
    let error = ring(&store).retire(&key).await.unwrap_err();
    assert!(matches!(&error, KeyRingError::LastKey(id) if *id == key), "a published key cannot sign yet");
    assert!(matches!(ring(&store).retire("x").await.unwrap_err(), KeyRingError::NoKey(_)));
}

#[tokio::test(start_paused = true)]
async fn a_key_is_kept_if_the_other_one_was_retired_meanwhile() {
    let store = MemorySigningKeys::new();
    let (old, new) = (kid(&token(&issuer(&store).await)), ring(&store).rotate_now().await.unwrap().id);
    // It retires the new key after the ring has read both.
    let raced = Racing { keys: store.clone(), retired: new };
    assert!(matches!(KeyRing::new(raced, SECRET).unwrap().retire(&old).await.unwrap_err(), KeyRingError::Raced));
    let left = ring(&store).list().await.unwrap();
    assert_eq!(left.iter().filter(|(_, state)| *state != KeyState::Retired).count(), 1, "{left:?}");
}

#[tokio::test(start_paused = true)]
async fn expired_keys_are_deleted_by_the_next_rotation() {
    let store = MemorySigningKeys::new();
    let long_ago = SystemTime::now() - Duration::from_hours(100);
    for hours in [0, 1] {
        let signs_from = long_ago + Duration::from_hours(hours);
        let record = auth_runtime::jwt::SigningKeyRecord::new(hours.to_string(), long_ago, signs_from);
        let newest = (hours == 1).then_some("0");
        assert!(store.add(&record, newest).await.unwrap());
    }
    assert_eq!(states(&store).await, ["expired", "signing"]);
    ring(&store).rotate().await.unwrap();
    assert_eq!(states(&store).await, ["signing", "published"]);
}

#[tokio::test]
async fn keys_in_memory_follow_their_contract() {
    signing_keys::follow_their_contract(MemorySigningKeys::new()).await;
}

#[tokio::test]
async fn keys_in_memory_are_replaced_after_the_newest_was_retired() {
    signing_keys::are_replaced_after_the_newest_was_retired(MemorySigningKeys::new()).await;
}

#[tokio::test(start_paused = true)]
async fn a_key_of_another_secret_does_not_start() {
    let store = MemorySigningKeys::new();
    let old = token(&issuer(&store).await);
    let other = || KeyRing::new(store.clone(), OTHER).unwrap();
    let error = TokenIssuer::key_ring(other()).await.unwrap_err();
    assert!(matches!(error, KeyRingError::Sealed(_)) && !error.to_string().contains(OTHER), "{error}");
    // The new secret seals new keys, and the former one opens the old ones.
    let moved = other().former_secret(SECRET).unwrap();
    moved.rotate_now().await.unwrap();
    let moved = TokenIssuer::key_ring(moved).await.unwrap().issuer("https://issuer.example").audience("entries");
    assert!(verify(&moved, &old).await.is_ok() && verify(&moved, &token(&moved)).await.is_ok());
    assert!(TokenIssuer::key_ring(other()).await.is_ok(), "tokens of the old key are refused");
    assert!(matches!(KeyRing::new(store, "short"), Err(KeyRingError::Secret(_))));
}

#[tokio::test(start_paused = true)]
async fn damaged_records_sign_nothing_and_are_no_panic() {
    let store = MemorySigningKeys::new();
    let running = issuer(&store).await;
    let old = kid(&token(&running));
    let now = SystemTime::now();
    let far = SystemTime::UNIX_EPOCH + Duration::from_secs(i64::MAX.unsigned_abs());
    // A key that is not signing yet is ignored if it does not open.
    for (id, sealed) in [("empty", vec![]), ("short", vec![0; 23]), ("forged", vec![0; 100])] {
        let mut record = SigningKeyRecord::new(id, now, far);
        record.sealed = sealed;
        assert!(store.add(&record, newest(&store).await.as_deref()).await.unwrap());
        assert_eq!(kid(&token(&issuer(&store).await)), old, "{id}");
    }
    // A retired one is ignored, whatever its times are.
    let mut retired = SigningKeyRecord::new("retired", now, now);
    (retired.retired_at, retired.sealed) = (Some(far), vec![0; 100]);
    assert!(store.add(&retired, newest(&store).await.as_deref()).await.unwrap());
    assert_eq!(kid(&token(&issuer(&store).await)), old);
    assert_eq!(states(&store).await, ["signing", "retired", "published", "published", "published"]);
    ring(&store).rotate_now().await.unwrap();
    // The private half of one key under the name of another.
    let keys = store.keys().await.unwrap();
    let mut copied = SigningKeyRecord::new("copied", now, now + Duration::from_secs(1));
    copied.sealed = keys[0].sealed.clone();
    assert!(store.add(&copied, newest(&store).await.as_deref()).await.unwrap());
    assert!(store.keys().await.unwrap().iter().any(|key| key.id == "copied"));
    assert_ne!(kid(&token(&issuer(&store).await)), "copied");
}

async fn newest(store: &MemorySigningKeys) -> Option<String> {
    store.keys().await.unwrap().last().map(|key| key.id.clone())
}
