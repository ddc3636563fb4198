//! The tables: created once, by any process.

use auth_store::{NewUser, SqlUsers, StoreError};

use crate::database::{Backend, TestDatabase};

/// The steps of this version.
const STEPS: i64 = 4;

pub(crate) async fn concurrent_processes_create_the_tables_once(database: TestDatabase) {
    let start = |number| {
        let url = database.url.clone();
        tokio::spawn(async move {
            let store = SqlUsers::options().max_connections(2).connect(&url).await.unwrap();
            store.add(NewUser::new(format!("user{number}"))).await.unwrap();
            store.close().await;
        })
    };
    for start in (0..8).map(start).collect::<Vec<_>>() {
        start.await.unwrap();
    }
    let store = database.store().await;
    assert_eq!(store.count().await.unwrap(), 8);
    assert_eq!(store.migrate().await.unwrap(), 0);
    assert_eq!(database.number("SELECT COUNT(*) FROM auth_migration").await, STEPS);
    assert_eq!(database.number("SELECT COUNT(*) FROM auth_epoch WHERE epoch = 0").await, 2);
}

pub(crate) async fn tables_exist_beside_those_of_the_application(database: TestDatabase) {
    // The table of `sqlx::migrate!` in an application.
    database.execute("CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description VARCHAR(99))").await;
    database.execute("INSERT INTO _sqlx_migrations VALUES (7, 'of the application')").await;
    let store = database.store().await;
    store.add(NewUser::new("alice")).await.unwrap();
    assert_eq!(database.number("SELECT MAX(version) FROM _sqlx_migrations").await, 7);
}

pub(crate) async fn tables_of_a_later_version_are_refused(database: TestDatabase) {
    database.store().await.close().await;
    let checksum = match database.backend {
        Backend::Postgres => "decode('00', 'hex')",
        Backend::Sqlite | Backend::MySql | Backend::Redis => "x'00'",
    };
    let later = format!(
        "INSERT INTO auth_migration (version, description, success, checksum, execution_time) \
         VALUES (999, 'of a later version', TRUE, {checksum}, 1)"
    );
    database.execute(&later).await;
    for migrate in [true, false] {
        let error = TestDatabase::options().migrate(migrate).connect(&database.url).await.unwrap_err();
        assert!(matches!(&error, StoreError::Schema(reason) if reason.contains("later version")), "{error}");
    }
}

pub(crate) async fn connection_without_tables_is_refused(database: TestDatabase) {
    let options = || TestDatabase::options().migrate(false);
    let error = options().connect(&database.url).await.unwrap_err();
    assert!(matches!(&error, StoreError::Schema(reason) if reason.contains("migrate")), "{error}");
    let store = options().connect_lazily(&database.url).unwrap();
    assert!(store.check_schema().await.is_err());
    assert_eq!(i64::try_from(store.migrate().await.unwrap()), Ok(STEPS));
    store.check_schema().await.unwrap();
    assert!(options().connect(&database.url).await.is_ok());
}
