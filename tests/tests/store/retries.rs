//! Conflicts with other transactions: a change is retried, for a bounded time.

use std::time::{Duration, Instant};

use auth_runtime::{
    client_ip::ClientAddress,
    users::{SignIn, UserStore},
};
use auth_store::{NewKey, NewUser, Profile, SqlUsers, StoreError};
use futures_util::future::{BoxFuture, join_all};

use crate::{
    callers::{App, Caller, PASSWORD, user},
    database::TestDatabase,
};

const OTHER: &str = "a horse of another colour";

pub(crate) async fn concurrent_changes_succeed_on_a_serializable_server(database: TestDatabase) {
    let (_, name) = database.url.rsplit_once('/').unwrap();
    database.execute(&format!("ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")).await;
    let stores = [database.store().await, database.store().await, database.store().await];
    stores[0].add(NewUser::new("alice").password(PASSWORD)).await.unwrap();
    let apps = stores.each_ref().map(App::over);
    let alice = Caller::password("alice", PASSWORD);
    let roles = ["Viewer", "Editor"];
    let (changes, sign_ins) = tokio::join!(
        join_all((0..48).map(|number| stores[number % 3].set_roles("alice", [roles[number % 2]]))),
        join_all((0..12).map(|number| apps[number % 3].call(&alice)))
    );
    let failed: Vec<_> = changes.iter().filter_map(|change| change.as_ref().err()).collect();
    assert!(failed.is_empty(), "{} of 48: {failed:?}", failed.len());
    assert!(sign_ins.iter().all(Result::is_ok), "{sign_ins:?}");
}

/// Makes the database refuse writes with a serialization failure, as often as `refuse` says.
const CONFLICTS: &str = "\
    CREATE SEQUENCE refusals; \
    CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN \
        IF nextval('refusals') < 3 THEN RAISE EXCEPTION 'a conflict' USING ERRCODE = 'serialization_failure'; END IF; \
        RETURN NEW; \
    END $$ LANGUAGE plpgsql; \
    CREATE TRIGGER refuse_epoch BEFORE UPDATE ON auth_epoch FOR EACH ROW EXECUTE FUNCTION refuse(); \
    CREATE TRIGGER refuse_user BEFORE INSERT OR UPDATE ON auth_user FOR EACH ROW EXECUTE FUNCTION refuse()";

/// Starts with two refusals.
const REFUSE_TWO: &str = "SELECT setval('refusals', 1, false)";
/// Refuses for longer than any test runs.
const REFUSE_ALL: &str = "ALTER SEQUENCE refusals MINVALUE -9000000000; SELECT setval('refusals', -9000000000)";

type Change = (&'static str, fn(&SqlUsers) -> BoxFuture<'_, Result<(), StoreError>>);

const CHANGES: [Change; 11] = [
    ("add", |store| Box::pin(async { store.add(NewUser::new("carol")).await.map(drop) })),
    ("import", |store| Box::pin(async { store.import(vec![NewUser::new("dave")]).await.map(drop) })),
    ("set_roles", |store| Box::pin(store.set_roles("alice", ["Viewer"]))),
    ("set_permissions", |store| Box::pin(store.set_permissions("alice", ["view"]))),
    ("set_profile", |store| Box::pin(store.set_profile("alice", Profile::new().email("alice@example.com")))),
    ("set_disabled", |store| Box::pin(store.set_disabled("alice", false))),
    ("set_password", |store| Box::pin(store.set_password("alice", PASSWORD, None))),
    ("change_password", |store| Box::pin(store.change_password("alice", ClientAddress::UNKNOWN, PASSWORD, OTHER))),
    ("sign_out", |store| Box::pin(store.sign_out("alice"))),
    ("create_key", |store| Box::pin(async { store.create_key("alice", NewKey::unlimited()).await.map(drop) })),
    ("rename", |store| Box::pin(async { store.rename("alice", "alicia").await.map(drop) })),
];

pub(crate) async fn each_change_is_retried_after_a_conflict(database: TestDatabase) {
    let store = database.store().await;
    store.add(NewUser::new("alice").password(PASSWORD)).await.unwrap();
    database.execute(CONFLICTS).await;
    for (name, change) in CHANGES {
        database.execute(REFUSE_TWO).await;
        change(&store).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let key = store.list_keys(None).await.unwrap().remove(0);
    database.execute(REFUSE_TWO).await;
    store.revoke_key(&key.id).await.unwrap();
    database.execute(REFUSE_TWO).await;
    let alicia = user(&store, "alicia").await;
    store.signed_in(&alicia, SignIn::default()).await.unwrap();
    database.execute(REFUSE_TWO).await;
    store.delete("alicia").await.unwrap();
    assert_eq!(store.count().await.unwrap(), 2);
}

pub(crate) async fn endless_conflicts_are_an_unavailable_database(database: TestDatabase) {
    let store = database.store().await;
    store.add(NewUser::new("alice")).await.unwrap();
    database.execute(CONFLICTS).await;
    database.execute(REFUSE_ALL).await;
    let start = Instant::now();
    let error = store.set_roles("alice", ["Viewer"]).await.unwrap_err();
    assert!(error.is_unavailable() && error.to_string().contains("a conflict"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}
