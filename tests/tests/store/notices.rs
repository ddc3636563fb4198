//! Notices of PostgreSQL: a change by another process takes effect within a second, though it polls once a minute.

use std::time::{Duration, Instant};

use auth_store::SqlUsers;
use tokio::time::sleep;

use crate::{
    database::TestDatabase,
    flows::{Kit, PASSWORD, http},
    tokens::{add_users, kit_of, options},
};

const MINUTE: Duration = Duration::from_mins(1);
const SECOND: Duration = Duration::from_secs(1);
const LISTENER: &str = "FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";

/// Returns the store of one process, and the application of another that polls within a bound.
async fn two(database: &TestDatabase, bound: Duration) -> (SqlUsers, Kit, Kit) {
    let (here, there) = (database.connect(options()).await, database.connect(options().freshness(bound)).await);
    let client = add_users(&here).await;
    let kits = (kit_of(&here, &client, Duration::ZERO).await, kit_of(&there, &client, bound).await);
    (here, kits.0, kits.1)
}

/// Waits until that many processes listen.
async fn listening(database: &TestDatabase, count: i64) {
    let start = Instant::now();
    while database.number(&format!("SELECT COUNT(*) {LISTENER}")).await != count {
        assert!(start.elapsed() < Duration::from_secs(30), "no listener");
        sleep(Duration::from_millis(20)).await;
    }
    // The listener's own notice.
    sleep(Duration::from_millis(300)).await;
}

/// Waits until a process publishes a signing key, and returns for how long.
async fn until_published(kit: &Kit, id: &str) -> Duration {
    let start = Instant::now();
    while !kit.published().await.iter().any(|key| key == id) {
        assert!(start.elapsed() < Duration::from_secs(40), "the key is not read");
        sleep(Duration::from_millis(10)).await;
    }
    start.elapsed()
}

/// Waits for a refusal, and returns for how long.
async fn until_refused(kit: &Kit, token: &str) -> Duration {
    let start = Instant::now();
    while kit.entries(token).await != 401 {
        assert!(start.elapsed() < Duration::from_secs(30), "the change takes no effect");
        sleep(Duration::from_millis(10)).await;
    }
    start.elapsed()
}

pub(crate) async fn r07_change_elsewhere_takes_effect_within_a_second(database: TestDatabase) {
    let (store, here, there) = two(&database, MINUTE).await;
    let (revoked, disabled) = (here.sign_in().await, here.sign_in().await.access());
    assert_eq!((there.entries(&revoked.access()).await, there.entries(&disabled).await), (200, 200));
    listening(&database, 2).await;
    assert_eq!((there.entries(&revoked.access()).await, there.entries(&disabled).await), (200, 200));
    assert_eq!(here.revoke(&revoked.refresh()).await.status, 200);
    let took = until_refused(&there, &revoked.access()).await;
    assert!(took < SECOND, "{took:?}");
    assert_eq!(there.entries(&disabled).await, 200);
    store.set_disabled("alice", true).await.unwrap();
    let took = until_refused(&there, &disabled).await;
    assert!(took < SECOND, "{took:?}");
}

pub(crate) async fn r07_signing_keys_change_elsewhere_within_a_second(database: TestDatabase) {
    let (store, here, there) = two(&database, MINUTE).await;
    let token = here.sign_in().await.access();
    assert_eq!(there.entries(&token).await, 200);
    listening(&database, 2).await;
    let ring = store.key_ring().unwrap();
    let new = ring.rotate_now().await.unwrap();
    let took = until_published(&there, &new.id).await;
    assert!(took < SECOND, "{took:?}");
    assert_eq!(there.entries(&token).await, 200);
    let old = http::part(&token, 0)["kid"].as_str().unwrap().to_owned();
    assert!(ring.retire(&old).await.unwrap());
    let took = until_refused(&there, &token).await;
    assert!(took < SECOND, "{took:?}");
    assert_eq!(there.published().await, [new.id]);
}

pub(crate) async fn r07_a_rolled_back_change_sends_no_notice(database: TestDatabase) {
    let (_store, here, there) = two(&database, MINUTE).await;
    let token = here.sign_in().await.access();
    assert_eq!(there.entries(&token).await, 200);
    listening(&database, 2).await;
    // No notice was sent, so the store does not look.
    database.execute("UPDATE auth_user SET disabled = 1, credential_epoch = 7").await;
    database.execute("UPDATE auth_epoch SET epoch = epoch + 1").await;
    sleep(SECOND).await;
    assert_eq!(there.entries(&token).await, 200);
    database.execute("BEGIN; NOTIFY auth_change; ROLLBACK").await;
    sleep(SECOND).await;
    assert_eq!(there.entries(&token).await, 200);
    database.execute("NOTIFY auth_change").await;
    assert!(until_refused(&there, &token).await < SECOND);
}

pub(crate) async fn r07_a_forged_notice_only_makes_the_store_read(database: TestDatabase) {
    let (_store, here, there) = two(&database, MINUTE).await;
    let token = here.sign_in().await.access();
    assert_eq!(there.entries(&token).await, 200);
    listening(&database, 2).await;
    let long = "x".repeat(7000);
    for payload in ["", "epoch=0", "evict alice", r#"{"position":-1}"#, "''; DROP TABLE auth_user", &long] {
        database.execute(&format!("SELECT pg_notify('auth_change', '{payload}') FROM generate_series(1, 100)")).await;
        sleep(Duration::from_millis(100)).await;
        assert_eq!(there.entries(&token).await, 200, "{payload:.40}");
    }
    // The listener is still there.
    assert_eq!(here.revoke(&token).await.status, 200);
    assert!(until_refused(&there, &token).await < SECOND);
}

pub(crate) async fn r07_polling_holds_the_bound_while_the_listener_is_lost(database: TestDatabase) {
    let bound = Duration::from_secs(2);
    let (store, here, there) = two(&database, bound).await;
    let tokens = [here.sign_in().await, here.sign_in().await];
    for token in &tokens {
        assert_eq!(there.entries(&token.access()).await, 200);
    }
    listening(&database, 2).await;
    // Each new listener is ended at once, so no notice arrives.
    let (stop, mut stopped) = tokio::sync::watch::channel(false);
    let watched = database.clone();
    let ending = tokio::spawn(async move {
        while !*stopped.borrow_and_update() {
            watched.execute(&format!("SELECT pg_terminate_backend(pid) {LISTENER}")).await;
            sleep(Duration::from_millis(5)).await;
        }
    });
    sleep(Duration::from_millis(200)).await;
    assert_eq!(here.revoke(&tokens[0].refresh()).await.status, 200);
    let took = until_refused(&there, &tokens[0].access()).await;
    assert!(took <= bound + SECOND, "{took:?}");
    store.set_password("alice", PASSWORD, None).await.unwrap();
    let took = until_refused(&there, &tokens[1].access()).await;
    assert!(took <= bound + SECOND, "{took:?}");
    stop.send_replace(true);
    ending.await.unwrap();
    // The listener comes back.
    listening(&database, 2).await;
}
