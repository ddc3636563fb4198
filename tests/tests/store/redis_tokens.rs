//! Refresh tokens, revocations and signing keys in Redis, shared by processes.

use std::time::{Duration, Instant, SystemTime};

use auth_runtime::{
    authenticate::Unavailable,
    jwt::{Jwt, KeyRing, Revocation, RevocationStore, Revocations, SigningKeyRecord, SigningKeyStore, TokenIssuer},
    prelude::*,
    token_service::{RefreshFamily, RefreshTokenStore},
};
use auth_store::RedisStore;
use futures_util::future::join_all;
use poem::{Endpoint, EndpointExt, Request, get, handler};

use crate::{
    database::TestDatabase,
    flows::signing_keys,
    outage::{Port, Proxy},
    records::family,
    redis::url,
};

const SECRET: &str = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";

pub(crate) async fn r81_one_of_many_concurrent_rotations_succeeds(database: TestDatabase) {
    let stores = [database.redis().await, database.redis().await];
    let first = family("1", Duration::from_hours(1));
    RefreshTokenStore::add(&stores[0], &first).await.unwrap();
    assert_eq!(RefreshTokenStore::find(&stores[1], "1").await.unwrap(), Some(first.clone()));
    let rotations = (0..20).map(|number| stores[number % 2].rotate("1", first.sha256, [1; 32]));
    let rotated = join_all(rotations).await.into_iter().filter(|rotated| *rotated.as_ref().unwrap()).count();
    assert_eq!(rotated, 1);
    let found = RefreshTokenStore::find(&stores[1], "1").await.unwrap().unwrap();
    assert_eq!(found, RefreshFamily { sha256: [1; 32], ..first });
}

pub(crate) async fn r81_family_that_has_ended_is_not_found(database: TestDatabase) {
    let (here, there) = (database.redis().await, database.redis().await);
    let without_scope = RefreshFamily { scope: None, ..family("1", Duration::from_hours(1)) };
    RefreshTokenStore::add(&here, &without_scope).await.unwrap();
    assert_eq!(RefreshTokenStore::find(&there, "1").await.unwrap(), Some(without_scope.clone()));
    let key = format!("{}refresh:1", database.name);
    assert!((3590..=3600).contains(&database.command::<i64>(&["TTL", &key]).await));
    RefreshTokenStore::end(&there, "1").await.unwrap();
    assert_eq!(RefreshTokenStore::find(&here, "1").await.unwrap(), None);
    assert!(!here.rotate("1", without_scope.sha256, [1; 32]).await.unwrap());
    assert!(database.keys().await.is_empty(), "a rotation revives nothing");
    // A family that has expired is not kept.
    RefreshTokenStore::add(&here, &RefreshFamily { expires_at: SystemTime::UNIX_EPOCH, ..without_scope })
        .await
        .unwrap();
    assert_eq!(RefreshTokenStore::find(&here, "1").await.unwrap(), None);
}

pub(crate) async fn malformed_family_is_503(database: TestDatabase) {
    let store = database.redis().await;
    for (field, value) in [("record", "[]"), ("sha256", "short")] {
        RefreshTokenStore::add(&store, &family("1", Duration::from_hours(1))).await.unwrap();
        let _: i64 = database.command(&["HSET", &format!("{}refresh:1", database.name), field, value]).await;
        assert!(RefreshTokenStore::find(&store, "1").await.is_err(), "{field}");
    }
}

fn revocation(name: &str) -> Revocation {
    Revocation::token("https://issuer.example", name, SystemTime::now() + Duration::from_hours(1))
}

pub(crate) async fn r40_list_is_read_from_a_position(database: TestDatabase) {
    let (here, there) = (database.redis().await, database.redis().await);
    assert_eq!(there.since(0).await.unwrap().position, 0);
    let all = [revocation("1"), revocation("1"), revocation("2")];
    for revocation in &all {
        here.revoke(revocation).await.unwrap();
    }
    let read = there.since(0).await.unwrap();
    assert_eq!((&read.entries[..], read.position), (&all[..], 3));
    let read = there.since(2).await.unwrap();
    assert_eq!((&read.entries[..], read.position), (&all[2..], 3));
    assert_eq!(there.since(3).await.unwrap().entries, []);
    // A server that has lost its state is noticed by its lower position.
    for key in database.keys().await {
        let _: i64 = database.command(&["DEL", &key]).await;
    }
    assert_eq!(there.since(3).await.unwrap().position, 0);
}

pub(crate) async fn r40_revocations_that_have_no_effect_are_deleted(database: TestDatabase) {
    let store = database.redis().await;
    let expired = |name: String| Revocation::token("https://issuer.example", name, SystemTime::UNIX_EPOCH);
    for number in 0..20 {
        store.revoke(&expired(number.to_string())).await.unwrap();
    }
    store.revoke(&revocation("kept")).await.unwrap();
    assert_eq!(store.since(0).await.unwrap().entries.len(), 1);
}

pub(crate) async fn malformed_revocation_is_503(database: TestDatabase) {
    let store = database.redis().await;
    let _: i64 = database.command(&["ZADD", &format!("{}revocation:entries", database.name), "1", "1 x"]).await;
    assert!(store.since(0).await.is_err(), "the tokens that it revokes are unknown");
}

#[derive(Auth, Clone)]
struct Auth {
    #[scheme(bearer)]
    token: Jwt,
}

#[protected]
#[handler]
fn hello(caller: Principal<Auth>) -> String {
    caller.subject().to_owned()
}

/// Returns a process that verifies tokens.
fn process(jwt: Jwt) -> impl Endpoint {
    get(hello).with(Auth { token: jwt })
}

/// Returns the status for a token.
async fn status(process: &impl Endpoint, token: &str) -> u16 {
    let request = Request::builder().header("Authorization", format!("Bearer {token}")).finish();
    process.get_response(request).await.status().as_u16()
}

fn issuer() -> TokenIssuer {
    TokenIssuer::hs256(SECRET).unwrap().issuer("https://issuer.example").audience("tests")
}

pub(crate) async fn r40_revocation_elsewhere_counts_at_once(database: TestDatabase) {
    let lists = [Revocations::shared(database.redis().await), Revocations::shared(database.redis().await)];
    let processes = lists.clone().map(|list| process(issuer().verifier().revocations(&list)));
    for number in 0..10 {
        let subject = format!("user{number}");
        let token = issuer().token(&subject).client_id("tests").sign().unwrap();
        for process in &processes {
            assert_eq!(status(process, &token).await, 200);
        }
        let before = SystemTime::now() + Duration::from_secs(1);
        lists[0].revoke(Revocation::subject("https://issuer.example", &subject, before)).await.unwrap();
        let revoked = Instant::now();
        assert_eq!(status(&processes[0], &token).await, 401, "here with the next request");
        while status(&processes[1], &token).await != 401 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        assert!(revoked.elapsed() < Duration::from_secs(1), "{:?}", revoked.elapsed());
    }
}

pub(crate) async fn r40_forged_message_only_makes_the_list_be_read(database: TestDatabase) {
    let shared = Revocations::shared(database.redis().await).freshness(Duration::MAX);
    let here = process(issuer().verifier().revocations(&shared));
    let token = issuer().token("alice").client_id("tests").sign().unwrap();
    for message in ["", "revocations", "{", &"x".repeat(1_000_000)] {
        let _: i64 = database.command(&["PUBLISH", &format!("{}changes", database.name), message]).await;
        assert_eq!(status(&here, &token).await, 200);
    }
    // A position of another type, and one that is no number.
    let position = format!("{}revocation:last", database.name);
    for value in [&["SET", &position, "x"][..], &["SET", &position, ""], &["LPUSH", &position, "1"]] {
        let _: i64 = database.command(&["DEL", &position]).await;
        let _: redis::Value = database.command(value).await;
        let read = Revocations::shared(database.redis().await);
        let there = process(issuer().verifier().revocations(&read));
        assert_eq!(status(&there, &token).await, 503, "{value:?}");
    }
}

pub(crate) async fn r40_lost_message_never_extends_trust(database: TestDatabase) {
    let proxy = Proxy::before(&url()).await;
    let options = database.redis_options().answer_timeout(Duration::from_secs(1));
    let list = Revocations::shared(options.connect(&proxy.url).await.unwrap()).freshness(Duration::from_secs(1));
    let here = process(issuer().verifier().revocations(&list));
    let token = issuer().token("alice").client_id("tests").sign().unwrap();
    assert_eq!(status(&here, &token).await, 200);
    proxy.port.send_replace(Port::Silent);
    let before = SystemTime::now() + Duration::from_secs(1);
    let revocation = Revocation::subject("https://issuer.example", "alice", before);
    database.redis().await.revoke(&revocation).await.unwrap();
    let (revoked, mut asked) = (Instant::now(), Duration::ZERO);
    while status(&here, &token).await == 200 {
        assert!(asked < Duration::from_secs(1), "{asked:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
        asked = revoked.elapsed();
    }
    assert_eq!(status(&here, &token).await, 503, "never a pass");
    proxy.port.send_replace(Port::Open);
    while status(&here, &token).await == 503 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(status(&here, &token).await, 401);
}

/// Returns a key as the ring would add it.
fn key(id: &str) -> SigningKeyRecord {
    let mut key = SigningKeyRecord::new(id, SystemTime::now(), SystemTime::now() + Duration::from_mins(10));
    key.sealed = vec![0, 255, 7];
    key
}

pub(crate) async fn one_of_many_concurrent_additions_of_a_signing_key_succeeds(database: TestDatabase) {
    let stores = [database.redis().await, database.redis().await];
    let first = key("first");
    let added = join_all((0..10).map(|number| SigningKeyStore::add(&stores[number % 2], &first, None))).await;
    assert_eq!(added.into_iter().filter(|added| *added.as_ref().unwrap()).count(), 1);
    assert_eq!(stores[1].keys().await.unwrap(), [first]);
}

pub(crate) async fn signing_keys_follow_their_contract(database: TestDatabase) {
    signing_keys::follow_their_contract(database.redis().await).await;
}

pub(crate) async fn signing_keys_are_replaced_after_the_newest_was_retired(database: TestDatabase) {
    signing_keys::are_replaced_after_the_newest_was_retired(database.redis().await).await;
}

pub(crate) async fn r07_signing_keys_change_elsewhere_within_a_second(database: TestDatabase) {
    let start = async || {
        let ring = KeyRing::new(database.redis().await, SECRET).unwrap();
        TokenIssuer::key_ring(ring).await.unwrap().issuer("https://issuer.example").audience("tests")
    };
    let (here, there) = (start().await, start().await);
    let ring = KeyRing::new(database.redis().await, SECRET).unwrap();
    let old = ring.list().await.unwrap().remove(0).0.id;
    let token = here.token("alice").client_id("tests").sign().unwrap();
    let process = process(there.verifier());
    assert_eq!(status(&process, &token).await, 200);

    let (new, added) = (ring.rotate_now().await.unwrap(), Instant::now());
    while !there.jwks().unwrap().contains(&new.id) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(added.elapsed() < Duration::from_secs(1), "{:?}", added.elapsed());
    assert_eq!(status(&process, &token).await, 200);

    ring.retire(&old).await.unwrap();
    let retired = Instant::now();
    while status(&process, &token).await != 401 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(retired.elapsed() < Duration::from_secs(1), "{:?}", retired.elapsed());
}

pub(crate) async fn processes_that_start_at_once_sign_with_one_key(database: TestDatabase) {
    let stores = join_all((0..4).map(|_| database.redis())).await;
    let start = async |store: RedisStore| TokenIssuer::key_ring(KeyRing::new(store, SECRET).unwrap()).await.unwrap();
    let issuers = join_all(stores.into_iter().map(start)).await;
    let issuers: Vec<_> =
        issuers.into_iter().map(|issuer| issuer.issuer("https://issuer.example").audience("tests")).collect();
    let token = issuers[0].token("alice").client_id("tests").sign().unwrap();
    for issuer in &issuers {
        assert_eq!(status(&process(issuer.verifier()), &token).await, 200);
    }
    assert_eq!(database.redis().await.keys().await.unwrap().len(), 1);
}

/// Uses each kind of state once.
pub(crate) async fn use_all(store: &RedisStore) -> Result<(), Unavailable> {
    RefreshTokenStore::add(store, &family("1", Duration::from_hours(1))).await?;
    RefreshTokenStore::find(store, "1").await?;
    store.rotate("1", [0; 32], [1; 32]).await?;
    RefreshTokenStore::end(store, "1").await?;
    store.revoke(&revocation("1")).await?;
    store.since(0).await?;
    SigningKeyStore::add(store, &key("first"), None).await?;
    SigningKeyStore::add(store, &key("second"), Some("first")).await?;
    store.retire("first", SystemTime::now(), Some("second")).await?;
    store.remove("first").await?;
    store.keys().await.map(drop)
}
