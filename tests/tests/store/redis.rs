//! State in Redis: what its keys hold, and outages of the server.

use std::{
    net::IpAddr,
    time::{Duration, Instant, SystemTime},
};

use auth_runtime::{client_ip::ClientAddress, throttle::Throttle};
use auth_store::{NewKey, NewUser, Profile, RedisStore, SqlUsers, StoreError};
use futures_util::future::join_all;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    accounts::Process,
    callers::{App, Caller, PASSWORD},
    database::{Backend, TestDatabase},
    outage::{Port, Proxy, answer},
    redis_sessions, redis_tokens,
};

const WRONG: &str = "wrong horse battery";

fn client(number: u8) -> ClientAddress {
    ClientAddress::from(IpAddr::from([192, 0, 2, number]))
}

pub(crate) fn url() -> String {
    Backend::Redis.url().unwrap()
}

pub(crate) async fn r76_concurrent_attempts_are_all_counted(database: TestDatabase) {
    // Each process counts one name from many addresses, so all change the bucket of the name.
    let throttles: Vec<_> =
        join_all((0..4).map(|_| database.redis())).await.into_iter().map(Throttle::shared).collect();
    let attempt = async |number: u8| {
        let throttle = throttles[usize::from(number) % 4].clone();
        throttle.attempt(client(number), "alice").await.is_ok()
    };
    let passed = join_all((0..60).map(attempt)).await.into_iter().filter(|passed| *passed).count();
    assert_eq!(passed, 41, "the limit of a name that is used up at once");
}

pub(crate) async fn r76_time_of_an_attempt_is_that_of_redis(database: TestDatabase) {
    let millis = || i64::try_from(SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    let before = millis();
    Throttle::shared(database.redis().await).failed(client(1)).await.unwrap();
    let keys = database.keys().await;
    let bucket: String = database.command(&["GET", &keys[0]]).await;
    let last: i64 = bucket.split(' ').nth(1).unwrap().parse().unwrap();
    assert!((before - 1..=millis() + 1).contains(&last), "{before} {bucket} {}", millis());
}

pub(crate) async fn r77_no_name_is_a_key_and_each_key_expires(database: TestDatabase) {
    let throttle = Throttle::shared(database.redis().await);
    drop(throttle.attempt(client(1), "hunter2 typed here").await.unwrap());
    throttle.attempt(client(2), "alice").await.unwrap().succeeded().await;
    let keys = database.keys().await;
    // The attempt of alice is refunded; only her known address is left.
    assert_eq!(keys.len(), 4, "{keys:?}");
    let mut times = Vec::new();
    for key in keys {
        let hash = key.strip_prefix(&format!("{}attempt:", database.name)).unwrap();
        assert!(hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{hash}");
        times.push(database.command::<i64>(&["TTL", &key]).await);
    }
    times.sort_unstable();
    let day = 24 * 60 * 60;
    assert!(times.iter().all(|time| (1..=30 * day).contains(time)), "{times:?}");
    assert!(times[2] < day && times[3] > 29 * day, "{times:?}");
}

pub(crate) async fn r76_refused_attempt_writes_nothing(database: TestDatabase) {
    let throttle = Throttle::shared(database.redis().await);
    for _ in 0..5 {
        drop(throttle.attempt(client(1), "alice").await.unwrap());
    }
    let values = async || {
        let mut keys = database.keys().await;
        keys.sort_unstable();
        let mut values = Vec::new();
        for key in keys {
            values.push((database.command::<String>(&["GET", &key]).await, key));
        }
        values
    };
    let before = values().await;
    for _ in 0..10 {
        assert!(throttle.attempt(client(1), "alice").await.is_err());
    }
    assert_eq!(values().await, before);
}

pub(crate) async fn malformed_attempts_are_503(database: TestDatabase) {
    let store = database.store().await;
    store.add(NewUser::new("alice").password(PASSWORD)).await.unwrap();
    let (app, alice) = (App::over(&store), Caller::password("alice", PASSWORD));
    assert_eq!(app.call(&Caller::password("alice", WRONG)).await, Err(401));
    for key in database.keys().await {
        let _: String = database.command(&["SET", &key, "1 2"]).await;
    }
    assert_eq!(app.call(&alice).await, Err(503), "neither counted as none nor a denial");
}

/// Returns an application with attempts behind a port, a caller by password and one by key.
async fn alice(database: &TestDatabase, proxy: &Proxy) -> (SqlUsers, App, [Caller; 2]) {
    let redis = database.redis_options().answer_timeout(Duration::from_millis(500)).connect(&proxy.url).await.unwrap();
    let options = TestDatabase::options().freshness(Duration::ZERO).attempts(redis);
    let store = options.connect(&database.url).await.unwrap();
    store.add(NewUser::new("alice").password(PASSWORD)).await.unwrap();
    let (key, _) = store.create_key("alice", NewKey::unlimited()).await.unwrap();
    let (app, callers) = (App::over(&store), [Caller::password("alice", WRONG), Caller::key(key.as_str())]);
    assert_eq!(answer(&app, &callers[0]).await, Err(401));
    (store, app, callers)
}

pub(crate) async fn unreachable_redis_is_503_and_recovers(database: TestDatabase) {
    let proxy = Proxy::before(&url()).await;
    let (store, app, callers) = alice(&database, &proxy).await;
    proxy.port.send_replace(Port::Closed);
    for caller in [&callers[0], &Caller::password("alice", PASSWORD), &Caller::password("bob", PASSWORD)] {
        assert_eq!(app.call(caller).await, Err(503), "never a denial, and never a pass");
    }
    assert!(app.call(&callers[1]).await.is_ok(), "a key needs no attempt");
    assert_eq!(app.call(&Caller::key("key_unknown_secret")).await, Err(503), "a wrong key cannot be counted");
    let error = store.change_password("alice", client(1), PASSWORD, "a horse of another colour").await.unwrap_err();
    assert!(error.is_unavailable(), "{error}");
    proxy.port.send_replace(Port::Open);
    // The first request finds the server, however long it was away.
    assert_eq!(app.call(&callers[0]).await, Err(401));
    assert!(app.call(&Caller::password("alice", PASSWORD)).await.is_ok());
}

/// The database has the new password already. The user gets the notice, and not the advice to try again.
pub(crate) async fn new_password_by_link_is_reported_without_redis(database: TestDatabase) {
    const NEW: &str = "a horse of another colour";
    let proxy = Proxy::before(&url()).await;
    let (store, ..) = alice(&database, &proxy).await;
    store.set_profile("alice", Profile::new().verified_email("alice@example.com")).await.unwrap();
    let process = Process::new(store.clone());
    process.account.forgot_password(client(1), "alice@example.com").await.unwrap();
    let link = process.token().await;
    proxy.port.send_replace(Port::Closed);
    process.account.reset_password(client(1), &link, NEW).await.unwrap();
    assert!(store.verify_password("alice", NEW).await.unwrap());
    let notice = process.mails().await;
    assert_eq!(notice.len(), 1, "{notice:?}");
}

pub(crate) async fn silent_redis_is_503_within_the_timeout(database: TestDatabase) {
    let proxy = Proxy::before(&url()).await;
    let (_, app, callers) = alice(&database, &proxy).await;
    proxy.port.send_replace(Port::Silent);
    let start = Instant::now();
    // Names of their own, so that the requests do not wait for each other.
    let names: Vec<_> = (0..50).map(|number| Caller::password(&format!("name{number}"), WRONG)).collect();
    let asked = join_all(names.iter().map(|caller| app.call(caller))).await;
    assert!(asked.iter().all(|said| *said == Err(503)), "{asked:?}");
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    proxy.port.send_replace(Port::Open);
    assert_eq!(answer(&app, &callers[0]).await, Err(401));
}

pub(crate) async fn failed_start_names_the_setting(database: TestDatabase) {
    let (before, after) = url().rsplit_once('@').map(|(before, after)| (before.to_owned(), after.to_owned())).unwrap();
    let password = before.rsplit_once(':').unwrap().1.to_owned();
    let connect = async |url: String| database.redis_options().connect(&url).await;
    for url in [format!("redis://auth_test:hunter2@{after}"), format!("redis://nobody:{password}@{after}")] {
        let error = connect(url).await.unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(matches!(error, StoreError::Setting(_)) && said.contains("user or the password of its URL"), "{said}");
        assert!(said.contains(&after) && !said.contains("hunter2") && !said.contains(&password), "{said}");
    }
    let error = connect(format!("redis://{after}")).await.unwrap_err();
    assert!(error.to_string().contains("needs a password in its URL"), "{error}");
    let error = connect("redis://app:hunter2@127.0.0.1:1/0".to_owned()).await.unwrap_err();
    let said = format!("{error} {error:?}");
    assert!(error.is_unavailable() && said.contains("redis://127.0.0.1:1/0") && said.contains("refused"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    let store = RedisStore::options().connect_lazily("redis://app:hunter2@127.0.0.1:1/0").unwrap();
    assert!(!format!("{store:?} {:?}", RedisStore::options()).contains("hunter2"));
}

/// Answers one client as a server with this policy would.
async fn server_with(policy: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}/0", listener.local_addr().unwrap());
    let info = format!("redis_version:7.0.15\r\nmaxmemory_policy:{policy}\r\naof_enabled:1\r\n");
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        // The client sends `HELLO`, asks, and wants to hear of changes in two ways.
        let info = format!("${}\r\n{info}\r\n", info.len());
        let subscribed = ">3\r\n+subscribe\r\n+auth:changes\r\n:1\r\n";
        for answer in ["%1\r\n+proto\r\n:3\r\n", &info, "+OK\r\n", subscribed] {
            // The client may close the connection once it knows the policy.
            let _ = client.read(&mut [0; 1024]).await;
            let _ = client.write_all(answer.as_bytes()).await;
        }
        let _ = client.read(&mut [0; 1024]).await;
    });
    url
}

pub(crate) async fn server_that_may_evict_keys_is_refused(_: TestDatabase) {
    for policy in ["allkeys-lru", "volatile-ttl"] {
        let error = RedisStore::connect(&server_with(policy).await).await.unwrap_err();
        assert!(matches!(error, StoreError::Setting(_)), "{error:?}");
        assert!(error.to_string().contains(&format!("maxmemory-policy is `{policy}`")), "{error}");
    }
    RedisStore::connect(&server_with("noeviction").await).await.unwrap();
}

pub(crate) async fn minimal_user_of_the_guide_suffices(database: TestDatabase) {
    let guide = include_str!("../../../docs/src/how-to/redis.md");
    let line = guide.lines().find_map(|line| line.strip_prefix("ACL SETUSER ")).expect("the guide has the command");
    let user = format!("{}minimal", database.name.trim_end_matches(':'));
    let line = line.replace("app ", &format!("{user} ")).replace("~auth:", &format!("~{}", database.name));
    let line = line.replace("&auth:", &format!("&{}", database.name));
    let words: Vec<_> = ["ACL", "SETUSER"].into_iter().chain(line.split(' ')).collect();
    let _: String = database.command(&words).await;
    let after = url().rsplit_once('@').unwrap().1.to_owned();
    let connected = database.redis_options().connect(&format!("redis://{user}:PASSWORD@{after}")).await;
    let outcome = match &connected {
        Ok(redis) => use_all(redis).await,
        Err(error) => Err(error.to_string()),
    };
    let _: i64 = database.command(&["ACL", "DELUSER", &user]).await;
    outcome.unwrap();
}

/// Uses each kind of state once.
async fn use_all(redis: &RedisStore) -> Result<(), String> {
    let throttle = Throttle::shared(redis.clone());
    let attempt = throttle.attempt(client(1), "alice").await.map_err(|error| format!("{error:?}"))?;
    attempt.succeeded().await;
    throttle.failed(client(1)).await.map_err(|error| format!("{error:?}"))?;
    redis_sessions::use_all(redis).await.map_err(|error| error.to_string())?;
    redis_tokens::use_all(redis).await.map_err(|error| error.to_string())
}
