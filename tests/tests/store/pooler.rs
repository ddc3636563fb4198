//! PgBouncer between the store and PostgreSQL: it works, or the start is refused with an error that names it.
//!
//! `tests/services` starts PgBouncer in transaction mode on 127.0.0.1, and in session mode on 127.0.0.2.

use std::{env, time::Duration};

use auth_store::{NewKey, NewUser, SqlOptions, SqlUsers, StoreError};
use futures_util::future::join_all;

use crate::{
    callers::{App, Caller, PASSWORD},
    database::TestDatabase,
};

const TRANSACTION_MODE: &str = "127.0.0.1";
const SESSION_MODE: &str = "127.0.0.2";

/// Returns the URL of PgBouncer, or the name of the unset variable.
pub(crate) fn url() -> Result<String, &'static str> {
    env::var("TEST_PGBOUNCER_URL").map_err(|_| "TEST_PGBOUNCER_URL")
}

/// Returns the URL of a database through PgBouncer.
fn through(address: &str, database: &TestDatabase) -> String {
    let url = url().expect("the test is ignored otherwise").replacen(TRANSACTION_MODE, address, 1);
    let (server, _) = url.rsplit_once('/').expect("a URL with a database");
    let (_, name) = database.url.rsplit_once('/').expect("a URL with a database");
    format!("{server}/{name}")
}

fn options() -> SqlOptions {
    TestDatabase::options().freshness(Duration::ZERO)
}

pub(crate) async fn session_mode_works(database: TestDatabase) {
    let store = options().connect(&through(SESSION_MODE, &database)).await.unwrap();
    works(&store).await;
}

pub(crate) async fn transaction_mode_works_or_is_refused_by_name(database: TestDatabase) {
    let url = through(TRANSACTION_MODE, &database);
    match options().connect(&url).await {
        // PgBouncer 1.21 or later prepares statements again.
        Ok(store) => works(&store).await,
        Err(StoreError::Setting(reason)) => {
            let names_it = reason.contains("PgBouncer") && reason.contains("`pool_mode = session`");
            assert!(names_it && reason.contains("`max_prepared_statements`"), "{reason}");
            // A lazy store is refused at its first statement.
            let store = options().connect_lazily(&url).unwrap();
            let error = store.count().await.unwrap_err();
            assert!(error.is_unavailable() && error.to_string().contains("PgBouncer"), "{error}");
        }
        Err(error) => panic!("{error}"),
    }
}

/// Signs in, changes users and calls with a key, on several connections at once.
async fn works(store: &SqlUsers) {
    store.add(NewUser::new("alice").password(PASSWORD).roles(["Viewer"])).await.unwrap();
    let (key, _) = store.create_key("alice", NewKey::unlimited()).await.unwrap();
    let app = App::over(store);
    let callers = [Caller::password("alice", PASSWORD), Caller::key(key.as_str())];
    for role in ["Editor", "Viewer", "Administrator"] {
        let (changes, answers) = tokio::join!(
            join_all((0..12).map(|_| store.set_roles("alice", [role]))),
            join_all((0..12).map(|number| app.call(&callers[number % 2])))
        );
        assert!(changes.iter().all(Result::is_ok), "{changes:?}");
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        assert!(app.call(&callers[1]).await.unwrap().contains(role));
    }
    store.check_schema().await.unwrap();
}
