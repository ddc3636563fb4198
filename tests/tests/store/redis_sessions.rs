//! Sessions in Redis: shared by processes, cached within a bound, and gone when they end.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use auth_runtime::{
    authenticate::Unavailable,
    session::{Session, SessionStore},
    users::User,
};
use auth_store::RedisStore;
use futures_util::future::join_all;

use crate::{
    database::TestDatabase,
    outage::{Port, Proxy},
    records::{now, session},
    redis::url,
};

fn json_of(session: &Session) -> serde_json::Value {
    serde_json::to_value(session).unwrap()
}

async fn has(store: &RedisStore, id: &str) -> bool {
    store.find(id).await.unwrap().is_some()
}

pub(crate) async fn r61_session_is_read_back_by_another_process(database: TestDatabase) {
    let (here, there) = (database.redis().await, database.redis().await);
    let written = session("1", "alice");
    here.insert(Arc::clone(&written), None).await.unwrap();
    for store in [&here, &there] {
        assert_eq!(json_of(&store.find("1").await.unwrap().unwrap()), json_of(&written));
        assert!(!has(store, "2").await);
    }
    here.touch("1", now() + 60);
    until_seen(&there, "1", written.last_seen_at + 60).await;
    // A request that is recorded late takes nothing back, and an ended session stays ended.
    here.end("1").await.unwrap();
    here.touch("1", now() + 120);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(there.find_current("1").await.unwrap().is_none() && database.keys().await.is_empty());
}

async fn until_seen(store: &RedisStore, id: &str, time: u64) {
    while store.find_current(id).await.unwrap().unwrap().last_seen_at < time {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn until_ended(store: &RedisStore, id: &str) {
    while has(store, id).await {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

pub(crate) async fn r61_session_that_replaces_another_ends_it(database: TestDatabase) {
    let (here, there) = (database.redis().await, database.redis().await);
    here.insert(session("1", "alice"), None).await.unwrap();
    assert!(has(&here, "1").await && has(&there, "1").await);
    // The session of another user of the same browser.
    here.insert(session("2", "bob"), Some("1")).await.unwrap();
    assert!(!has(&here, "1").await && has(&here, "2").await, "with the next request");
    until_ended(&there, "1").await;
    assert!(here.list("users", "alice").await.unwrap().is_empty());
    assert_eq!(there.list("users", "bob").await.unwrap().len(), 1);
    here.insert(session("3", "bob"), Some("unknown")).await.unwrap();
    assert_eq!(there.list("users", "bob").await.unwrap().len(), 2);
}

pub(crate) async fn r62_session_that_ended_elsewhere_is_refused_at_once(database: TestDatabase) {
    let (here, there) = (database.redis().await, database.redis().await);
    for number in 0..20 {
        let id = number.to_string();
        here.insert(session(&id, "alice"), None).await.unwrap();
        assert!(has(&here, &id).await && has(&here, &id).await);
        assert!(there.end(&id).await.unwrap());
        let ended = Instant::now();
        until_ended(&here, &id).await;
        assert!(ended.elapsed() < Duration::from_secs(1), "{:?}", ended.elapsed());
        assert!(!here.end(&id).await.unwrap());
    }
}

pub(crate) async fn r62_sessions_of_a_user_end_together(database: TestDatabase) {
    let (here, there) = (database.redis().await, database.redis().await);
    for id in ["1", "2", "3"] {
        here.insert(session(id, "alice"), None).await.unwrap();
        assert!(has(&here, id).await && has(&there, id).await);
    }
    here.insert(session("4", "bob"), None).await.unwrap();
    assert_eq!(here.end_all("users", "alice", Some("2")).await.unwrap(), 2);
    assert!(!has(&here, "1").await && has(&here, "2").await && !has(&here, "3").await && has(&here, "4").await);
    until_ended(&there, "1").await;
    until_ended(&there, "3").await;
    assert_eq!(there.list("users", "alice").await.unwrap().len(), 1);
    assert_eq!(there.end_all("users", "alice", None).await.unwrap(), 1);
    assert_eq!(there.end_all("other", "bob", None).await.unwrap(), 0);
    assert!(has(&there, "4").await);
}

/// Returns a session of the same subject at another issuer.
fn session_of(issuer: &str, id: &str) -> Arc<Session> {
    let mut session = json_of(&session(id, "alice"));
    session["issuer"] = issuer.into();
    Arc::new(serde_json::from_value(session).unwrap())
}

pub(crate) async fn r62_sessions_of_any_issuer_are_listed_and_ended_by_subject(database: TestDatabase) {
    let (here, there) = (database.redis().await, database.redis().await);
    for session in [session_of("users", "1"), session_of("directory \"1\"", "2"), session("3", "bob")] {
        here.insert(session, None).await.unwrap();
    }
    assert_eq!(there.list("users", "alice").await.unwrap().len(), 1);
    assert_eq!(there.end_all("users", "alice", None).await.unwrap(), 1);
    assert!(has(&there, "2").await, "of another issuer");
    here.insert(session_of("users", "4"), None).await.unwrap();

    let user = |epoch| User::new("Alice", "").with_subject("alice").credential_epoch(epoch);
    let listed = there.list_sessions(&user(7)).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert!(there.list_sessions(&user(8)).await.unwrap().is_empty(), "they ended with the credentials");
    assert!(there.list_sessions(&user(7).disabled(true)).await.unwrap().is_empty());
    assert_eq!(there.end_sessions_of("alice").await.unwrap(), 2);
    for id in ["2", "4"] {
        until_ended(&here, id).await;
    }
    assert!(there.list_sessions(&user(7)).await.unwrap().is_empty() && has(&there, "3").await);
}

pub(crate) async fn malformed_entry_of_a_session_is_503(database: TestDatabase) {
    let store = database.redis().await;
    store.insert(session("1", "alice"), None).await.unwrap();
    let user = format!("{}session-user:alice", database.name);
    // Text that means the same is no malformed entry.
    let _: i64 = database.command(&["ZADD", &user, "9999999999", "[ \"2\", \"users\" ]"]).await;
    assert_eq!(store.end_all("users", "alice", None).await.unwrap(), 1);
    for entry in ["1", "{}", "[\"1\"]", "[1, 2]"] {
        let _: i64 = database.command(&["ZADD", &user, "9999999999", entry]).await;
        assert!(store.list("users", "alice").await.is_err(), "{entry}");
        assert!(store.end_all("users", "alice", None).await.is_err() && store.end_sessions_of("alice").await.is_err());
        let _: i64 = database.command(&["ZREM", &user, entry]).await;
    }
}

pub(crate) async fn r62_ten_thousand_ends_do_not_stall_requests(database: TestDatabase) {
    let (here, there) = (database.redis().await, database.redis().await);
    there.insert(session("bob", "bob"), None).await.unwrap();
    for chunk in (0..10_000).collect::<Vec<_>>().chunks(1000) {
        join_all(chunk.iter().map(async |id| here.insert(session(&id.to_string(), "alice"), None).await.unwrap()))
            .await;
    }
    assert_eq!(there.list("users", "alice").await.unwrap().len(), 10_000);
    let scripts = || database.command::<String>(&["INFO", "commandstats"]);
    let before = calls(&scripts().await, "evalsha");
    assert_eq!(here.end_all("users", "alice", Some("77")).await.unwrap(), 9_999);
    // The server is busy for a batch at a time. Other tests may run scripts as well.
    assert!(calls(&scripts().await, "evalsha") >= before + 20);
    assert_eq!(there.list("users", "alice").await.unwrap().len(), 1);
    assert!(has(&there, "bob").await && has(&there, "77").await && !has(&there, "78").await);
}

/// Returns how often a command was called.
fn calls(statistics: &str, command: &str) -> u64 {
    let start = format!("cmdstat_{command}:calls=");
    let line = statistics.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or("0,");
    line.split(',').next().unwrap().parse().unwrap()
}

pub(crate) async fn r62_each_key_of_a_session_expires_with_it(database: TestDatabase) {
    let store = database.redis().await;
    store.insert(session("1", "alice"), None).await.unwrap();
    store.touch("1", now() + 60);
    until_seen(&store, "1", now() + 30).await;
    let keys = database.keys().await;
    assert_eq!(keys.len(), 2, "{keys:?}");
    for key in keys {
        let left: i64 = database.command(&["TTL", &key]).await;
        assert!((3500..=3600).contains(&left), "{key}: {left}");
    }
    // The list of a user does not grow with expired sessions.
    let user = format!("{}session-user:alice", database.name);
    let _: i64 = database.command(&["ZADD", &user, "1", "expired"]).await;
    store.insert(session("2", "alice"), None).await.unwrap();
    assert_eq!(database.command::<i64>(&["ZCARD", &user]).await, 2);
}

pub(crate) async fn malformed_session_is_503(database: TestDatabase) {
    let store = database.redis().await;
    store.insert(session("1", "alice"), None).await.unwrap();
    let key = format!("{}session:1", database.name);
    let good: String = database.command(&["HGET", &key, "record"]).await;
    for (field, value) in [("record", "{"), ("record", ""), ("record", "\u{fffd}"), ("seen", "-1"), ("seen", "x")] {
        let _: i64 = database.command(&["HSET", &key, "record", &good, "seen", "1"]).await;
        let _: i64 = database.command(&["HSET", &key, field, value]).await;
        let other = database.redis().await;
        assert!(other.find("1").await.is_err() && other.list("users", "alice").await.is_err(), "{field} {value}");
    }
    // A value of another type.
    let _: i64 = database.command(&["DEL", &key]).await;
    let _: String = database.command(&["SET", &key, "x"]).await;
    assert!(store.find_current("1").await.is_err() && store.list("users", "alice").await.is_err());
    let _: i64 = database.command(&["DEL", &key]).await;
    assert!(store.find_current("1").await.unwrap().is_none(), "the connection goes on");
}

pub(crate) async fn session_without_an_end_is_kept(database: TestDatabase) {
    let store = database.redis().await;
    let mut endless = json_of(&session("1", "alice"));
    endless["expires_at"] = u64::MAX.into();
    store.insert(Arc::new(serde_json::from_value(endless).unwrap()), None).await.unwrap();
    assert_eq!(store.find("1").await.unwrap().unwrap().expires_at, u64::MAX);
    for key in database.keys().await {
        assert!(database.command::<i64>(&["TTL", &key]).await > 0, "{key}");
    }
}

/// Returns a store behind a port.
async fn behind(database: &TestDatabase, proxy: &Proxy) -> RedisStore {
    let options = database.redis_options().answer_timeout(Duration::from_secs(1));
    options.connect(&proxy.url).await.unwrap()
}

pub(crate) async fn r62_lost_messages_never_extend_trust(database: TestDatabase) {
    let proxy = Proxy::before(&url()).await;
    let (here, there) = (behind(&database, &proxy).await, database.redis().await);
    here.insert(session("1", "alice"), None).await.unwrap();
    assert!(has(&here, "1").await);
    // The network drops all packets, so the message about the end is lost.
    proxy.port.send_replace(Port::Silent);
    there.end("1").await.unwrap();
    let ended = Instant::now();
    let (mut known, mut asked) = (0, ended.elapsed());
    while let Ok(found) = here.find("1").await {
        assert!(found.is_some(), "the message is lost");
        assert!(asked < Duration::from_secs(1), "{asked:?}");
        known += 1;
        tokio::time::sleep(Duration::from_millis(5)).await;
        asked = ended.elapsed();
    }
    assert!(known > 0, "a known session costs no question");
    proxy.port.send_replace(Port::Open);
    while here.find("1").await.is_err() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(!has(&here, "1").await);
}

pub(crate) async fn r62_sign_out_leaves_other_sessions_cached(database: TestDatabase) {
    let proxy = Proxy::before(&url()).await;
    let store = behind(&database, &proxy).await;
    for (id, subject) in [("1", "alice"), ("2", "alice"), ("3", "bob")] {
        store.insert(session(id, subject), None).await.unwrap();
        assert!(has(&store, id).await);
    }
    assert!(store.end("1").await.unwrap());
    assert_eq!(store.end_all("users", "alice", None).await.unwrap(), 1);
    // A question would get no answer.
    proxy.port.send_replace(Port::Silent);
    assert!(has(&store, "3").await);
    assert!(store.find("1").await.is_err() && store.find("2").await.is_err());
}

pub(crate) async fn r62_closed_connection_ends_trust(database: TestDatabase) {
    let proxy = Proxy::before(&url()).await;
    let (here, there) = (behind(&database, &proxy).await, database.redis().await);
    for id in ["1", "2"] {
        here.insert(session(id, "alice"), None).await.unwrap();
        assert!(has(&here, id).await);
    }
    proxy.port.send_replace(Port::Closed);
    while here.find("1").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    there.end("1").await.unwrap();
    proxy.port.send_replace(Port::Open);
    assert!(!has(&here, "1").await && has(&here, "2").await, "the first request connects again");
}

pub(crate) async fn deleted_keys_end_their_sessions(database: TestDatabase) {
    let store = database.redis().await;
    store.insert(session("1", "alice"), None).await.unwrap();
    assert!(has(&store, "1").await);
    let _: i64 = database.command(&["DEL", &format!("{}session:1", database.name)]).await;
    until_ended(&store, "1").await;
    assert!(store.list("users", "alice").await.unwrap().is_empty());
}

/// Uses each kind of state once.
pub(crate) async fn use_all(store: &RedisStore) -> Result<(), Unavailable> {
    store.insert(session("1", "alice"), None).await?;
    store.insert(session("2", "alice"), Some("1")).await?;
    store.find("2").await?;
    store.list("users", "alice").await?;
    store.list_sessions(&User::new("Alice", "").with_subject("alice")).await?;
    store.end_sessions_of("bob").await?;
    store.touch("2", now() + 60);
    store.end("2").await?;
    store.end_all("users", "alice", None).await.map(drop)
}
