//! A database server that is stopped while it is used, and started again: the service recovers by itself.
//!
//! Apart from the other tests, as nobody else may use the servers meanwhile: those of `tests/services up`, which also
//! stops and starts them.

#[allow(dead_code, reason = "of the tests of the store, only the application is needed")]
#[path = "store/callers.rs"]
mod callers;
#[allow(dead_code, reason = "of the tests of the store, only the database is needed")]
#[path = "store/database.rs"]
mod database;

use std::{path::Path, process::Command, time::Duration};

use auth_runtime::sql::{NewKey, NewUser};

use crate::{
    callers::{App, Caller, PASSWORD},
    database::{Backend, TestDatabase},
};

fn service(verb: &str, backend: Backend) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("services");
    let done = Command::new(script).args([verb, &backend.to_string()]).status().expect("the script is there");
    assert!(done.success(), "{verb} {backend}");
}

async fn survives(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    let options = TestDatabase::options().freshness(Duration::ZERO).acquire_timeout(Duration::from_secs(1));
    let store = database.connect(options).await;
    store.add(NewUser::new("alice").password(PASSWORD).roles(["Viewer"])).await.unwrap();
    let (key, _) = store.create_key("alice", NewKey::unlimited()).await.unwrap();
    let app = App::over(&store);
    let callers = [Caller::password("alice", PASSWORD), Caller::key(key.as_str())];
    for caller in &callers {
        assert!(app.who(caller).await.is_ok());
    }

    service("stop", backend);
    for caller in callers.iter().chain([&Caller::password("bob", PASSWORD)]) {
        assert_eq!(app.who(caller).await, Err(503), "never a denial, and never a pass");
    }
    assert!(store.set_roles("alice", ["Editor"]).await.unwrap_err().is_unavailable());

    service("start", backend);
    for caller in &callers {
        while let Err(status) = app.who(caller).await {
            assert_eq!(status, 503);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    store.set_roles("alice", ["Editor"]).await.unwrap();
    assert_eq!(app.who(&callers[1]).await.unwrap(), "alice roles: Editor permissions: view,edit");
    database.drop().await;
}

#[tokio::test]
async fn a_server_that_is_stopped_and_started_is_used_again() {
    let mut tested = 0;
    for backend in [Backend::Postgres, Backend::MySql] {
        match backend.url() {
            Ok(_) => {
                survives(backend).await;
                tested += 1;
            }
            Err(variable) => eprintln!("{backend}: skipped, as {variable} is not set"),
        }
    }
    assert_ne!(tested, 0, "there is no server: start one with `tests/services up`");
}
