//! The token service over a database, in one process and in several.

use std::time::{Duration, Instant, SystemTime};

use auth_runtime::{
    jwt::{KeyRing, KeyRingError, Revocation, RevocationStore, Revocations, TokenIssuer},
    prelude::*,
    token_service::{RefreshFamily, RefreshTokenStore, TokenService},
    users::{Passwords, UserStore},
};
use auth_store::{NewKey, NewUser, SqlOptions, SqlUsers};
use tokio::time::sleep;

use crate::{
    database::TestDatabase,
    flows::{self, Kit, PASSWORD, http, signing_keys},
    outage::{Port, Proxy},
};

const SECRET: &str = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";

pub(crate) type Tokens = TokenService<SqlUsers, SqlUsers, SqlUsers>;

/// Returns options with the secret key that seals signing keys.
pub(crate) fn options() -> SqlOptions {
    let passwords = Passwords::new().secret_key(SECRET).unwrap();
    let patient = Duration::from_mins(1);
    let options = SqlUsers::options().max_connections(8).acquire_timeout(patient).answer_timeout(patient);
    options.passwords(passwords).freshness(Duration::ZERO)
}

/// Returns the token service of a process.
pub(crate) async fn service(store: &SqlUsers, freshness: Duration) -> Tokens {
    let ring = store.key_ring().unwrap();
    let issuer = TokenIssuer::key_ring(ring).await.unwrap().issuer("https://issuer.example").audience("entries");
    TokenService::new(issuer, Basic::new(store.clone()))
        .refresh_tokens(store.clone())
        .clients(store.clone())
        .revocations(&Revocations::shared(store.clone()).freshness(freshness))
        .password_grant("web")
}

/// Adds alice, and a machine with a key.
pub(crate) async fn add_users(store: &SqlUsers) -> (String, String) {
    store.add(NewUser::new("alice").password(PASSWORD).roles(["User"])).await.unwrap();
    store.add(NewUser::new("machine").roles(["Viewer"])).await.unwrap();
    let (secret, key) = store.create_key("machine", NewKey::unlimited()).await.unwrap();
    (key.id, secret.as_str().to_owned())
}

/// Returns the application of a process, with a client.
pub(crate) async fn kit_of(store: &SqlUsers, client: &(String, String), freshness: Duration) -> Kit {
    let tokens = service(store, freshness).await;
    let (client_id, client_secret) = client.clone();
    Kit { app: flows::app(&tokens, store.clone()), client_id, client_secret }
}

async fn kit(database: &TestDatabase) -> (SqlUsers, Kit) {
    let store = database.connect(options()).await;
    let client = add_users(&store).await;
    let kit = kit_of(&store, &client, Duration::ZERO).await;
    (store, kit)
}

/// Returns the applications of two processes.
async fn two(database: &TestDatabase) -> (SqlUsers, Kit, Kit) {
    let (here, there) = (database.connect(options()).await, database.connect(options()).await);
    let client = add_users(&here).await;
    let kits = (kit_of(&here, &client, Duration::ZERO).await, kit_of(&there, &client, Duration::ZERO).await);
    (here, kits.0, kits.1)
}

macro_rules! flows {
    ($($name:ident)*) => {$(
        pub(crate) async fn $name(database: TestDatabase) {
            let (_store, kit) = kit(&database).await;
            flows::$name(kit).await;
        }
    )*};
}

flows::each_flow! { flows }

pub(crate) async fn r81_refresh_tokens_end_with_the_credentials(database: TestDatabase) {
    let (store, kit) = kit(&database).await;
    let refused = async |tokens: &http::Answer, what: &str| {
        let answer = kit.refresh(&tokens.refresh()).await;
        assert_eq!((answer.status, answer.text("error").as_str()), (400, "invalid_grant"), "{what}");
        assert_eq!(kit.entries(&tokens.access()).await, 401, "{what}");
    };
    let tokens = kit.sign_in().await;
    store.set_disabled("alice", true).await.unwrap();
    refused(&tokens, "a disabled user").await;
    assert_eq!(kit.sign_in().await.text("error"), "invalid_grant");
    store.set_disabled("alice", false).await.unwrap();
    refused(&tokens, "the tokens of before").await;

    let tokens = kit.sign_in().await;
    store.set_password("alice", PASSWORD, None).await.unwrap();
    refused(&tokens, "a new password").await;

    let tokens = kit.sign_in().await;
    store.sign_out("alice").await.unwrap();
    refused(&tokens, "signed out everywhere").await;

    let tokens = kit.sign_in().await;
    store.delete("alice").await.unwrap();
    refused(&tokens, "a deleted user").await;
    assert_eq!(database.number("SELECT COUNT(*) FROM auth_refresh_family").await, 0);
}

pub(crate) async fn a_client_ends_with_its_key_and_its_user(database: TestDatabase) {
    let (store, kit) = kit(&database).await;
    let form = format!("grant_type=client_credentials&client_id={}&client_secret={}", kit.client_id, kit.client_secret);
    let token = kit.token(&form).await.access();
    assert_eq!(kit.entries(&token).await, 200);
    store.set_disabled("machine", true).await.unwrap();
    assert_eq!((kit.token(&form).await.status, kit.entries(&token).await), (401, 401));
    store.set_disabled("machine", false).await.unwrap();
    assert_eq!(kit.token(&form).await.status, 200);
    store.revoke_key(&kit.client_id).await.unwrap();
    assert_eq!(kit.token(&form).await.text("error"), "invalid_client");
    let limited = NewKey::limited_to(["view"]);
    let (secret, key) = store.create_key("alice", limited).await.unwrap();
    let form = format!("grant_type=client_credentials&client_id={}&client_secret={}", key.id, secret.as_str());
    let answer = kit.token(&form).await;
    assert_eq!((answer.text("scope").as_str(), kit.entries(&answer.access()).await), ("view", 200));
    assert_eq!(kit.token(&format!("{form}&scope=edit")).await.text("error"), "invalid_scope");
}

pub(crate) async fn tokens_and_keys_outlast_a_restart(database: TestDatabase) {
    let (store, kit) = kit(&database).await;
    let tokens = kit.sign_in().await;
    let revoked = kit.sign_in().await;
    assert_eq!(kit.revoke(&revoked.refresh()).await.status, 200);
    let client = (kit.client_id.clone(), kit.client_secret.clone());
    drop(kit);
    store.close().await;
    let store = database.connect(options()).await;
    let kit = kit_of(&store, &client, Duration::ZERO).await;
    assert_eq!((kit.entries(&tokens.access()).await, kit.refresh(&tokens.refresh()).await.status), (200, 200));
    assert_eq!((kit.entries(&revoked.access()).await, kit.refresh(&revoked.refresh()).await.status), (401, 400));
    assert_eq!(database.number("SELECT COUNT(*) FROM auth_signing_key").await, 1);
}

pub(crate) async fn r40_tokens_revoked_in_one_process_are_refused_in_the_other(database: TestDatabase) {
    let (_store, here, there) = two(&database).await;
    let (one, two) = (here.sign_in().await, there.sign_in().await);
    assert_eq!((there.entries(&one.access()).await, here.entries(&two.access()).await), (200, 200));
    assert_eq!(here.revoke(&one.refresh()).await.status, 200);
    assert_eq!((there.entries(&one.access()).await, there.refresh(&one.refresh()).await.status), (401, 400));
    assert_eq!(there.revoke(&two.access()).await.status, 200);
    assert_eq!(here.entries(&two.access()).await, 401);
    assert_eq!(here.refresh(&two.refresh()).await.status, 200, "the access token was revoked alone");
}

pub(crate) async fn r40_revocation_by_the_store_counts_at_once_in_its_process(database: TestDatabase) {
    let store = database.connect(options()).await;
    let client = add_users(&store).await;
    let kit = kit_of(&store, &client, Duration::from_mins(1)).await;
    let tokens = kit.sign_in().await;
    assert_eq!(kit.entries(&tokens.access()).await, 200);
    let alice = UserStore::find(&store, "alice").await.unwrap().unwrap();
    let before = SystemTime::now() + Duration::from_secs(1);
    store.revoke_tokens(&Revocation::subject("https://issuer.example", alice.subject(), before)).await.unwrap();
    assert_eq!(kit.entries(&tokens.access()).await, 401);
}

pub(crate) async fn r81_refresh_token_after_a_new_password_is_good_elsewhere(database: TestDatabase) {
    let (here, there) =
        (database.connect(options()).await, database.connect(options().freshness(Duration::from_mins(1))).await);
    let client = add_users(&here).await;
    let [one, other] = [kit_of(&here, &client, Duration::ZERO).await, kit_of(&there, &client, Duration::ZERO).await];
    // The other process caches the user.
    assert_eq!(other.entries(&other.sign_in().await.access()).await, 200);
    here.set_password("alice", PASSWORD, None).await.unwrap();
    let tokens = one.sign_in().await;
    let refreshed = other.refresh(&tokens.refresh()).await;
    assert_eq!((refreshed.status, other.entries(&tokens.access()).await), (200, 200));
    assert_eq!(one.refresh(&refreshed.refresh()).await.status, 200, "the family goes on");
}

pub(crate) async fn r40_no_revocation_is_missed_by_a_reader(database: TestDatabase) {
    let (here, there) = (database.connect(options()).await, database.connect(options()).await);
    let later = std::time::SystemTime::now() + Duration::from_hours(1);
    let names: Vec<String> = (0..150).map(|number| number.to_string()).collect();
    let revoke = async {
        for name in &names {
            here.revoke(&Revocation::token("https://issuer.example", name, later)).await.unwrap();
        }
    };
    let read = async {
        let (mut position, mut read) = (0, Vec::new());
        // Ends when the last one is read, even if an earlier one was missed.
        while read.last() != names.last() {
            let new = there.since(position).await.unwrap();
            position = new.position;
            read.extend(new.entries.into_iter().map(|entry| entry.name));
        }
        read
    };
    let read = tokio::time::timeout(Duration::from_mins(1), async { tokio::join!(revoke, read).1 }).await;
    assert_eq!(read.expect("the last one is read"), names);
}

pub(crate) async fn r81_a_refresh_token_used_in_two_processes_at_once_succeeds_once(database: TestDatabase) {
    let (_store, here, there) = two(&database).await;
    for _ in 0..5 {
        let token = here.sign_in().await.refresh();
        let (one, two) = tokio::join!(here.refresh(&token), there.refresh(&token));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 400]);
        let winner = if one.status == 200 { one } else { two };
        assert_eq!(there.refresh(&winner.refresh()).await.status, 400, "the family has ended");
        assert_eq!([here.entries(&winner.access()).await, there.entries(&winner.access()).await], [401, 401]);
    }
}

pub(crate) async fn a_key_that_signs_at_once_is_accepted_in_the_other_process(database: TestDatabase) {
    let (store, here, there) = two(&database).await;
    let old = here.sign_in().await.access();
    let ring = store.key_ring().unwrap();
    let new = ring.rotate_now().await.unwrap();
    let start = Instant::now();
    let kid = |token: &str| http::part(token, 0)["kid"].clone();
    // It signs as soon as a process has read it.
    let token = loop {
        let token = here.sign_in().await.access();
        if kid(&token) == *new.id {
            break token;
        }
        assert!(start.elapsed() < Duration::from_secs(40), "the key is not read");
        sleep(Duration::from_millis(500)).await;
    };
    // On PostgreSQL a notice tells the other process. Elsewhere it may ask once in ten seconds, and does not know until then.
    loop {
        match there.entries(&token).await {
            200 => break,
            status => assert_eq!(status, 503),
        }
        assert!(start.elapsed() < Duration::from_mins(1), "the key is not learned");
        sleep(Duration::from_millis(500)).await;
    }
    assert_eq!((here.entries(&old).await, there.entries(&old).await), (200, 200), "the old key still verifies");
}

pub(crate) async fn concurrent_processes_make_one_first_key(database: TestDatabase) {
    let store = database.connect(options()).await;
    let stores = [database.connect(options()).await, database.connect(options()).await, store.clone()];
    let rings = stores.iter().map(|store| TokenIssuer::key_ring(store.key_ring().unwrap()));
    for started in futures_util::future::join_all(rings).await {
        assert!(started.is_ok());
    }
    assert_eq!(database.number("SELECT COUNT(*) FROM auth_signing_key").await, 1);
    let (one, two) = (stores[0].key_ring().unwrap(), stores[1].key_ring().unwrap());
    let both = tokio::join!(one.rotate(), two.rotate());
    let raced = [both.0, both.1].into_iter().filter(|added| matches!(added, Err(KeyRingError::Raced))).count();
    let keys = database.number("SELECT COUNT(*) FROM auth_signing_key").await;
    assert_eq!(usize::try_from(keys).unwrap() + raced, 3);
}

pub(crate) async fn signing_keys_follow_their_contract(database: TestDatabase) {
    signing_keys::follow_their_contract(database.connect(options()).await).await;
}

pub(crate) async fn signing_keys_are_replaced_after_the_newest_was_retired(database: TestDatabase) {
    signing_keys::are_replaced_after_the_newest_was_retired(database.connect(options()).await).await;
}

pub(crate) async fn private_keys_need_the_secret_key(database: TestDatabase) {
    let (store, _kit) = kit(&database).await;
    let other = Passwords::new().secret_key("8Gf2HjMa0Zr9Pq4cWv1XsT7uKb3Ln6Yd").unwrap();
    let other = database.connect(options().passwords(other)).await;
    let error = TokenIssuer::key_ring(other.key_ring().unwrap()).await.unwrap_err();
    assert!(matches!(error, KeyRingError::Sealed(_)), "{error}");
    let none = database.connect(options().passwords(Passwords::new())).await;
    assert!(matches!(none.key_ring().unwrap_err(), KeyRingError::NoSecret));
    // The secret key is a former one now.
    let moved =
        Passwords::new().secret_key("8Gf2HjMa0Zr9Pq4cWv1XsT7uKb3Ln6Yd").unwrap().former_secret_key(SECRET).unwrap();
    let moved = database.connect(options().passwords(moved)).await;
    let ring: KeyRing<SqlUsers> = moved.key_ring().unwrap();
    assert!(TokenIssuer::key_ring(ring).await.is_ok());
    let key = store.key_ring().unwrap().list().await.unwrap().remove(0).0;
    store.key_ring().unwrap().rotate_now().await.unwrap();
    assert!(store.key_ring().unwrap().retire(&key.id).await.unwrap());
    let left = format!("SELECT COUNT(*) FROM auth_signing_key WHERE LENGTH(sealed) = 0 AND id = '{}'", key.id);
    assert_eq!(database.number(&left).await, 1, "the private key is deleted");
}

pub(crate) async fn r81_only_hashes_of_refresh_tokens_are_stored(database: TestDatabase) {
    let (_store, kit) = kit(&database).await;
    let token = kit.sign_in().await.refresh();
    let ids = database.texts("SELECT id FROM auth_refresh_family").await;
    assert_eq!(ids, [RefreshFamily::id_of(&token).unwrap()]);
    assert!(!token.contains(&ids[0]), "the id does not reveal the first part of the token");
}

pub(crate) async fn damaged_rows_of_tokens_and_keys_are_never_a_pass(database: TestDatabase) {
    let (store, kit) = kit(&database).await;
    for column in [
        "credential_epoch = -1",
        "issuer = 'https://other.example'",
        "client_id = 'other'",
        "client_id = 'WEB'",
        "sha256 = SUBSTR(sha256, 1, 31)",
        "expires_at = -1",
    ] {
        let token = kit.sign_in().await.refresh();
        database.execute(&format!("UPDATE auth_refresh_family SET {column}")).await;
        let answer = kit.refresh(&token).await;
        assert_eq!((answer.status, answer.text("error").as_str()), (400, "invalid_grant"), "{column}");
        database.execute("DELETE FROM auth_refresh_family").await;
    }
    let access = kit.sign_in().await.access();
    assert_eq!(kit.entries(&access).await, 200);
    // A key that does not open signs nothing, and a retired one with a far time is no panic.
    database.execute("UPDATE auth_signing_key SET retired_at = 9223372036854775807").await;
    let ring = store.key_ring().unwrap();
    ring.rotate_now().await.unwrap();
    let states: Vec<_> = ring.list().await.unwrap().iter().map(|(_, state)| state.name()).collect();
    assert_eq!(states, ["retired", "signing"]);
    database.execute("UPDATE auth_signing_key SET signs_from = signs_from - 1 WHERE retired_at IS NULL").await;
    let error = TokenIssuer::key_ring(store.key_ring().unwrap()).await.unwrap_err();
    assert!(matches!(error, KeyRingError::Sealed(_)), "{error}");
    // An unknown kind may take any token back.
    database
        .execute("INSERT INTO auth_revocation (issuer, kind, name, revoked_at, forget_at) VALUES ('i', 9, 'n', 1, 1)")
        .await;
    assert_eq!(kit.entries(&access).await, 503);
}

pub(crate) async fn expired_rows_are_deleted(database: TestDatabase) {
    let (store, kit) = kit(&database).await;
    let old = kit.sign_in().await;
    let past = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
    database.execute("UPDATE auth_refresh_family SET expires_at = 1").await;
    database
        .execute("INSERT INTO auth_revocation (issuer, kind, name, revoked_at, forget_at) VALUES ('a', 0, 'b', 1, 1)")
        .await;
    assert_eq!(kit.refresh(&old.refresh()).await.text("error"), "invalid_grant");
    // A new store deletes at its first write.
    let fresh = database.connect(options()).await;
    let later = std::time::SystemTime::now() + Duration::from_mins(1);
    fresh.revoke(&Revocation::token("a", "c", later)).await.unwrap();
    let family = RefreshFamily {
        id: "old".to_owned(),
        sha256: [1; 32],
        issuer: "users".to_owned(),
        subject: store.get("alice").await.unwrap().subject,
        credential_epoch: 0,
        client_id: "web".to_owned(),
        scope: None,
        signed_in_at: past,
        expires_at: past,
    };
    RefreshTokenStore::add(&fresh, &family).await.unwrap();
    let start = Instant::now();
    let left = async || {
        let families = database.number("SELECT COUNT(*) FROM auth_refresh_family").await;
        families + database.number("SELECT COUNT(*) FROM auth_revocation WHERE name = 'b'").await
    };
    while left().await > 0 {
        assert!(start.elapsed() < Duration::from_secs(20), "rows are left");
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(fresh.since(0).await.unwrap().entries.len(), 1, "a good one is kept");
}

pub(crate) async fn unreachable_database_is_503(database: TestDatabase) {
    let there = database.connect(options()).await;
    let client = add_users(&there).await;
    let proxy = Proxy::before(&database.url).await;
    let short = Duration::from_millis(500);
    let store = options().acquire_timeout(short).answer_timeout(short).connect_lazily(&proxy.url).unwrap();
    let kit = kit_of(&store, &client, Duration::ZERO).await;
    let tokens = kit.sign_in().await;
    assert_eq!(kit.entries(&tokens.access()).await, 200);
    proxy.port.send_replace(Port::Closed);
    for answer in [kit.sign_in().await, kit.refresh(&tokens.refresh()).await, kit.revoke(&tokens.refresh()).await] {
        assert_eq!((answer.status, answer.text("error").as_str()), (503, "temporarily_unavailable"));
        assert_eq!(answer.header("retry-after"), "5");
    }
    assert_eq!(kit.entries(&tokens.access()).await, 503, "whether it is revoked is not known");
    proxy.port.send_replace(Port::Open);
    let start = Instant::now();
    while kit.entries(&tokens.access()).await != 200 {
        assert!(start.elapsed() < Duration::from_secs(30), "it recovers");
        sleep(Duration::from_millis(50)).await;
    }
    // An error may have come after the change, but nothing was doubled: the token is good, or its family has ended.
    assert!([200, 400].contains(&kit.refresh(&tokens.refresh()).await.status));
}
