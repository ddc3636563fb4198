//! Stores of signing keys: the same on each store.

use std::time::{Duration, SystemTime};

use auth_runtime::jwt::{KeyRing, SigningKeyRecord, SigningKeyStore};

const SECRET: &str = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";

/// Returns a key as the ring would add it.
fn key(id: &str) -> SigningKeyRecord {
    let mut key = SigningKeyRecord::new(id, SystemTime::now(), SystemTime::now() + Duration::from_mins(10));
    key.sealed = vec![0, 255, 7];
    key
}

/// Asserts what the documentation of the trait says.
pub(crate) async fn follow_their_contract(store: impl SigningKeyStore) {
    let (first, second) = (key("first"), key("second"));
    assert!(store.add(&first, None).await.unwrap());
    assert!(!store.add(&second, None).await.unwrap());
    store.remove("first").await.unwrap();
    assert_eq!(store.keys().await.unwrap(), std::slice::from_ref(&first), "the only key stays");
    assert!(store.add(&second, Some("first")).await.unwrap());
    assert!(!store.add(&key("third"), Some("first")).await.unwrap());
    assert_eq!(store.keys().await.unwrap(), [first.clone(), second.clone()]);

    let at = second.signs_from;
    assert!(!store.retire("second", at, Some("unknown")).await.unwrap());
    assert_eq!(store.keys().await.unwrap(), [first.clone(), second.clone()], "another key must remain");
    assert!(store.retire("second", at, Some("first")).await.unwrap());
    assert!(store.retire("second", at + Duration::from_hours(1), None).await.unwrap());
    assert!(store.retire("unknown", at, None).await.unwrap());
    assert!(!store.retire("first", at, Some("second")).await.unwrap(), "of the last two keys, one remains");
    store.remove("unknown").await.unwrap();
    store.remove("second").await.unwrap();
    let retired = SigningKeyRecord { retired_at: Some(at), sealed: Vec::new(), ..second };
    assert_eq!(store.keys().await.unwrap(), [first, retired.clone()], "the key that was added last stays");
    store.remove("first").await.unwrap();
    assert_eq!(store.keys().await.unwrap(), [retired]);
}

/// Asserts that a ring rotates though its newest key is one that it deletes.
pub(crate) async fn are_replaced_after_the_newest_was_retired(store: impl SigningKeyStore + Clone) {
    let ring = KeyRing::new(store.clone(), SECRET).unwrap();
    let ids = async || -> Vec<String> { store.keys().await.unwrap().into_iter().map(|key| key.id).collect() };
    let signing = ring.rotate_now().await.unwrap().id;
    let retired = ring.rotate().await.unwrap().id;
    assert!(store.retire(&retired, SystemTime::now() - Duration::from_hours(48), None).await.unwrap());
    let next = ring.rotate().await.unwrap().id;
    assert_eq!(ids().await, [&*signing, &retired, &next], "the newest key stays until there is a newer one");
    let last = ring.rotate().await.unwrap().id;
    assert_eq!(ids().await, [signing, next, last]);
}
