//! A separate database for each test.

use std::{
    env,
    fmt::{self, Display},
    process,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use auth_store::{RedisOptions, RedisStore, SqlOptions, SqlUsers};
use redis::{Client, FromRedisValue};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor, Row};
use tempfile::TempDir;

use crate::callers::Auth;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
    MySql,
    /// Users in SQLite, and everything that can be in Redis there.
    Redis,
}

/// Tests that read or write the tables of attempts.
const ATTEMPTS_IN_SQL: [&str; 4] = [
    "throttling::r76_time_of_an_attempt_is_that_of_the_database",
    "throttling::r77_no_name_is_stored_and_expired_rows_are_deleted",
    "throttling::r76_row_extended_during_a_sweep_is_not_deleted",
    "throttling::refused_attempt_writes_nothing",
];

impl Backend {
    pub(crate) const fn all() -> [Self; 4] {
        [Self::Sqlite, Self::Postgres, Self::MySql, Self::Redis]
    }

    /// Returns the URL of the server, or the name of the unset variable.
    pub(crate) fn url(self) -> Result<String, &'static str> {
        let of = |variable| env::var(variable).map_err(|_| variable);
        match self {
            Self::Sqlite => Ok(String::new()),
            Self::Postgres => of("TEST_POSTGRES_URL"),
            Self::MySql => of("TEST_MYSQL_URL"),
            Self::Redis => of("TEST_REDIS_URL"),
        }
    }

    /// Returns whether a test makes sense here. A file has no outage and no pooler, and one measurement of time suffices.
    pub(crate) fn has(self, test: &str) -> bool {
        let is_of = |modules: &[&str]| modules.iter().any(|module| test.starts_with(module));
        match self {
            Self::Sqlite => !is_of(&["notices::", "outage::", "pooler::", "retries::", "redis"]),
            Self::Postgres => !is_of(&["timing::", "full_disk::", "redis"]),
            Self::MySql => !is_of(&["timing::", "full_disk::", "notices::", "pooler::", "retries::", "redis"]),
            Self::Redis => {
                is_of(&["callers::", "throttling::", "redis", "users::r77_"]) && !ATTEMPTS_IN_SQL.contains(&test)
            }
        }
    }
}

impl Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::MySql => "mysql",
            Self::Redis => "redis",
        })
    }
}

/// An empty database.
#[derive(Clone)]
pub(crate) struct TestDatabase {
    pub(crate) backend: Backend,
    pub(crate) url: String,
    /// The name of the database, or the prefix of the keys in Redis.
    pub(crate) name: String,
    _folder: Option<Arc<TempDir>>,
}

impl TestDatabase {
    pub(crate) async fn new(backend: Backend) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        sqlx::any::install_default_drivers();
        let server = backend.url().expect("the tests are not run without it");
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        if matches!(backend, Backend::Sqlite | Backend::Redis) {
            let folder = TempDir::new().expect("a temporary folder");
            let url = format!("sqlite:{}", folder.path().join("users.db").display());
            let name = format!("auth_test_{}_{number}:", process::id());
            return Self { backend, url, name, _folder: Some(Arc::new(folder)) };
        }
        let (before, query) = server.split_once('?').map_or((&*server, None), |(before, query)| (before, Some(query)));
        let (host, prefix) = before.rsplit_once('/').expect("a URL with the name of a database");
        // The user may create databases with this prefix only.
        let name = format!("{prefix}_{}_{number}", process::id());
        execute(&server, &format!("CREATE DATABASE {name}")).await;
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        Self { backend, url: format!("{host}/{name}{query}"), name, _folder: None }
    }

    pub(crate) async fn drop(self) {
        match self.backend {
            Backend::Sqlite => {}
            Backend::Redis => self.delete_keys().await,
            Backend::Postgres => {
                execute(&server(self.backend), &format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
            }
            Backend::MySql => {
                execute(&server(self.backend), &format!("DROP DATABASE {}", self.name)).await;
            }
        }
    }

    /// Connects a separate store, as in another process. It reads the epoch for each request.
    pub(crate) async fn store(&self) -> SqlUsers {
        self.connect(Self::options().freshness(Duration::ZERO)).await
    }

    /// Connects a store that reads the epoch once during the test.
    pub(crate) async fn sleepy_store(&self) -> SqlUsers {
        self.connect(Self::options().freshness(Duration::from_mins(1))).await
    }

    /// Returns options with long timeouts, because the machine may be busy. Tests of timeouts set their own.
    pub(crate) fn options() -> SqlOptions {
        let patient = Duration::from_mins(1);
        SqlUsers::options().max_connections(4).acquire_timeout(patient).answer_timeout(patient).declared_by::<Auth>()
    }

    pub(crate) async fn connect(&self, options: SqlOptions) -> SqlUsers {
        let options = match self.backend {
            Backend::Redis => options.attempts(self.redis().await),
            _ => options,
        };
        options.connect(&self.url).await.expect("the database is there")
    }

    /// Connects a separate store of this test in Redis, as in another process.
    pub(crate) async fn redis(&self) -> RedisStore {
        let options = self.redis_options().answer_timeout(Duration::from_mins(1));
        options.connect(&server(Backend::Redis)).await.expect("the server is there")
    }

    pub(crate) fn redis_options(&self) -> RedisOptions {
        RedisStore::options().key_prefix(&self.name)
    }

    /// Runs a command in Redis, outside of the store.
    pub(crate) async fn command<T: FromRedisValue>(&self, command: &[&str]) -> T {
        let client = Client::open(server(Backend::Redis)).expect("a URL");
        let mut connection = client.get_multiplexed_async_connection().await.expect("the server is there");
        let mut with_arguments = redis::cmd(command[0]);
        with_arguments.arg(&command[1..]);
        with_arguments.query_async(&mut connection).await.expect("a good command")
    }

    /// Returns the keys of this test in Redis.
    pub(crate) async fn keys(&self) -> Vec<String> {
        self.command(&["KEYS", &format!("{}*", self.name)]).await
    }

    async fn delete_keys(&self) {
        for key in self.keys().await {
            let _: i64 = self.command(&["DEL", &key]).await;
        }
    }

    /// Runs a statement outside of the store.
    pub(crate) async fn execute(&self, sql: &str) {
        execute(&self.with_mode(), sql).await;
    }

    /// Runs a statement in a transaction that stays open.
    pub(crate) async fn begin(&self, sql: &str) -> AnyConnection {
        let mut connection = AnyConnection::connect(&self.with_mode()).await.expect("the database is there");
        connection.execute("BEGIN").await.expect("a transaction");
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.expect("a good statement");
        connection
    }

    /// Ends such a transaction.
    pub(crate) async fn end(mut connection: AnyConnection, how: &'static str) {
        connection.execute(how).await.expect("no lock is in the way");
    }

    /// Returns the first column of all rows, as text.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        let mut connection = AnyConnection::connect(&self.with_mode()).await.expect("the database is there");
        let rows =
            sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(&mut connection).await.expect("a good statement");
        rows.iter().map(|row| row.try_get(0).expect("text")).collect()
    }

    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let mut connection = AnyConnection::connect(&self.with_mode()).await.expect("the database is there");
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await.expect("a number")
    }

    fn with_mode(&self) -> String {
        match self.backend {
            Backend::Sqlite | Backend::Redis => format!("{}?mode=rwc", self.url),
            _ => self.url.clone(),
        }
    }
}

fn server(backend: Backend) -> String {
    backend.url().expect("the tests are not run without it")
}

async fn execute(url: &str, sql: &str) {
    let mut connection = AnyConnection::connect(url).await.expect("the database is there");
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.expect("a good statement");
    connection.close().await.expect("it can be closed");
}
