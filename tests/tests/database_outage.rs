//! A database server is stopped or killed, and started again: the service recovers, and no confirmed change is lost.
//!
//! The test stops the servers of `tests/services up`, so no other test may run meanwhile.

#[allow(dead_code, reason = "this test needs the application only")]
#[path = "store/callers.rs"]
mod callers;
#[allow(dead_code, reason = "this test needs the database only")]
#[path = "store/database.rs"]
mod database;
#[path = "store/records.rs"]
mod records;

use std::{
    net::IpAddr,
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use auth_runtime::{
    client_ip::ClientAddress,
    jwt::{Revocation, RevocationStore},
    session::SessionStore,
    throttle::Throttle,
    token_service::RefreshTokenStore,
    users::UserError,
};
use auth_store::{NewKey, NewUser, StoreError};

use crate::{
    callers::{App, Caller, PASSWORD},
    database::{Backend, TestDatabase},
    records::{family, session},
};

fn service(verb: &str, backend: Backend) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("services");
    let done = Command::new(script).args([verb, &backend.to_string()]).status().expect("the script exists");
    assert!(done.success(), "{verb} {backend}");
}

async fn recovers(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    let patient = database.store().await;
    patient.add(NewUser::new("alice").password(PASSWORD).roles(["Viewer"])).await.unwrap();
    let (key, _) = patient.create_key("alice", NewKey::unlimited()).await.unwrap();
    patient.close().await;
    let options = TestDatabase::options().freshness(Duration::ZERO).acquire_timeout(Duration::from_secs(1));
    let store = options.connect_lazily(&database.url).unwrap();
    let app = App::over(&store);
    let callers = [Caller::password("alice", PASSWORD), Caller::key(key.as_str())];
    for caller in &callers {
        assert!(answer(&app, caller).await.is_ok());
    }

    service("stop", backend);
    for caller in callers.iter().chain([&Caller::password("bob", PASSWORD)]) {
        assert_eq!(app.call(caller).await, Err(503), "never a denial, and never a pass");
    }
    assert!(store.set_roles("alice", ["Editor"]).await.unwrap_err().is_unavailable());

    service("start", backend);
    for caller in &callers {
        assert!(answer(&app, caller).await.is_ok());
    }
    let patient = database.store().await;
    patient.set_roles("alice", ["Editor"]).await.unwrap();
    assert_eq!(answer(&app, &callers[1]).await.unwrap(), "alice roles: Editor permissions: view,edit");
    database.drop().await;
}

/// Returns the first answer that is not 503.
async fn answer(app: &App, caller: &Caller) -> Result<String, u16> {
    loop {
        match app.call(caller).await {
            Err(503) => tokio::time::sleep(Duration::from_millis(100)).await,
            answer => return answer,
        }
    }
}

const BATCH: usize = 500;

fn batch(number: usize) -> Vec<NewUser> {
    (0..BATCH).map(|user| NewUser::new(format!("user{:06}", number * BATCH + user)).roles(["Viewer"])).collect()
}

/// Imports users until the server is killed.
async fn loses_nothing(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    let store = database.store().await;
    let confirmed = Arc::new(AtomicUsize::new(0));
    let importing = tokio::spawn({
        let (store, confirmed) = (store.clone(), Arc::clone(&confirmed));
        async move {
            for number in 0.. {
                match store.import(batch(number)).await {
                    Ok(outcomes) => assert!(outcomes.iter().all(Result::is_ok)),
                    Err(error) => return error,
                }
                confirmed.fetch_add(1, Ordering::SeqCst);
            }
            unreachable!("the server is killed before")
        }
    });
    while confirmed.load(Ordering::SeqCst) < 5 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::task::spawn_blocking(move || service("kill", backend)).await.unwrap();
    assert!(importing.await.unwrap().is_unavailable());

    service("start", backend);
    let confirmed = confirmed.load(Ordering::SeqCst);
    let names = database.texts("SELECT name FROM auth_user ORDER BY name").await;
    let expected = (0..names.len()).map(|number| format!("user{number:06}"));
    assert!(expected.eq(names.iter().cloned()), "each batch is complete, and so are all before it");
    // The last batch may be committed although its answer was lost.
    let stored = names.len() / BATCH;
    assert!(
        names.len() % BATCH == 0 && (stored == confirmed || stored == confirmed + 1),
        "{confirmed} batches were confirmed, and {stored} are stored"
    );
    // A second import, as with `--skip-existing`, reports the existing users.
    for number in 0..stored + 2 {
        for outcome in store.import(batch(number)).await.unwrap() {
            let is_taken = matches!(outcome, Err(StoreError::User(UserError::Taken(_))));
            assert_eq!((outcome.is_ok(), is_taken), (number >= stored, number < stored), "{number}");
        }
    }
    assert_eq!(store.count().await.unwrap(), ((stored + 2) * BATCH) as u64);
    database.drop().await;
}

/// Attempts are counted until Redis is killed, and sessions start and end.
async fn redis_loses_nothing() {
    let database = TestDatabase::new(Backend::Redis).await;
    let store = database.redis().await;
    let throttle = Throttle::shared(store.clone());
    for id in ["known", "ended"] {
        store.insert(session(id, "alice"), None).await.unwrap();
        assert!(SessionStore::find(&store, id).await.unwrap().is_some());
    }
    store.add(&family("1", Duration::from_hours(1))).await.unwrap();
    let address = |number: u32| ClientAddress::from(IpAddr::from(number.to_be_bytes()));
    let confirmed = Arc::new(AtomicU32::new(0));
    let counting = tokio::spawn({
        let (throttle, confirmed) = (throttle.clone(), Arc::clone(&confirmed));
        async move {
            for number in 0.. {
                if let Err(error) = throttle.failed(address(number)).await {
                    return error;
                }
                confirmed.fetch_add(1, Ordering::SeqCst);
            }
            unreachable!("the server is killed before")
        }
    });
    while confirmed.load(Ordering::SeqCst) < 500 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    SessionStore::end(&store, "ended").await.unwrap();
    assert!(store.rotate("1", [0; 32], [1; 32]).await.unwrap());
    let revocation = Revocation::token("https://issuer.example", "1", SystemTime::now());
    store.revoke(&revocation).await.unwrap();
    tokio::task::spawn_blocking(|| service("kill", Backend::Redis)).await.unwrap();
    assert!(counting.await.unwrap().is_unavailable());
    assert!(throttle.failed(address(0)).await.unwrap_err().is_unavailable());
    for id in ["known", "ended"] {
        assert!(SessionStore::find(&store, id).await.is_err());
    }
    assert!(store.rotate("1", [1; 32], [2; 32]).await.is_err() && store.since(0).await.is_err());

    service("start", Backend::Redis);
    assert!(SessionStore::find(&store, "known").await.unwrap().is_some());
    assert!(SessionStore::find(&store, "ended").await.unwrap().is_none());
    assert!(!store.rotate("1", [0; 32], [2; 32]).await.unwrap() && store.rotate("1", [1; 32], [2; 32]).await.unwrap());
    assert_eq!(store.since(0).await.unwrap().entries, [revocation]);
    let attempts = database.keys().await.into_iter().filter(|key| key.contains(":attempt:")).count();
    let (confirmed, stored) = (confirmed.load(Ordering::SeqCst) as usize, attempts);
    assert!(
        stored == confirmed || stored == confirmed + 1,
        "{confirmed} attempts were confirmed, and {stored} are stored"
    );
    throttle.failed(address(0)).await.unwrap();
    database.drop().await;
}

fn is_there(backend: Backend) -> bool {
    let url = backend.url();
    if let Err(variable) = &url {
        eprintln!("{backend}: skipped, as {variable} is not set");
    }
    url.is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restarted_server_is_used_again_and_no_confirmed_change_is_lost() {
    let mut tested = 0;
    for backend in [Backend::Postgres, Backend::MySql].into_iter().filter(|backend| is_there(*backend)) {
        recovers(backend).await;
        loses_nothing(backend).await;
        tested += 1;
    }
    if is_there(Backend::Redis) {
        redis_loses_nothing().await;
        tested += 1;
    }
    assert_ne!(tested, 0, "there is no server: start one with `tests/services up`");
}
