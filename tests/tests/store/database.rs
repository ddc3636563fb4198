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

use auth_store::{SqlOptions, SqlUsers};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor, Row};
use tempfile::TempDir;

use crate::callers::Auth;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
    MySql,
}

impl Backend {
    pub(crate) const fn all() -> [Self; 3] {
        [Self::Sqlite, Self::Postgres, Self::MySql]
    }

    /// Returns the URL of the server, or the name of the unset variable.
    pub(crate) fn url(self) -> Result<String, &'static str> {
        let of = |variable| env::var(variable).map_err(|_| variable);
        match self {
            Self::Sqlite => Ok(String::new()),
            Self::Postgres => of("TEST_POSTGRES_URL"),
            Self::MySql => of("TEST_MYSQL_URL"),
        }
    }

    /// Returns whether a test makes sense here. A file has no outage and no pooler, and one measurement of time suffices.
    pub(crate) fn has(self, test: &str) -> bool {
        match self {
            Self::Sqlite => !["outage::", "pooler::", "retries::"].iter().any(|module| test.starts_with(module)),
            Self::Postgres => !["timing::", "full_disk::"].iter().any(|module| test.starts_with(module)),
            Self::MySql => {
                !["timing::", "full_disk::", "pooler::", "retries::"].iter().any(|module| test.starts_with(module))
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
        })
    }
}

/// An empty database.
#[derive(Clone)]
pub(crate) struct TestDatabase {
    pub(crate) backend: Backend,
    pub(crate) url: String,
    name: String,
    _folder: Option<Arc<TempDir>>,
}

impl TestDatabase {
    pub(crate) async fn new(backend: Backend) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        sqlx::any::install_default_drivers();
        let server = backend.url().expect("the tests are not run without it");
        if backend == Backend::Sqlite {
            let folder = TempDir::new().expect("a temporary folder");
            let url = format!("sqlite:{}", folder.path().join("users.db").display());
            return Self { backend, url, name: String::new(), _folder: Some(Arc::new(folder)) };
        }
        let (before, query) = server.split_once('?').map_or((&*server, None), |(before, query)| (before, Some(query)));
        let (host, prefix) = before.rsplit_once('/').expect("a URL with the name of a database");
        // The user may create databases with this prefix only.
        let name = format!("{prefix}_{}_{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        execute(&server, &format!("CREATE DATABASE {name}")).await;
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        Self { backend, url: format!("{host}/{name}{query}"), name, _folder: None }
    }

    pub(crate) async fn drop(self) {
        match self.backend {
            Backend::Sqlite => {}
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
        options.connect(&self.url).await.expect("the database is there")
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
            Backend::Sqlite => format!("{}?mode=rwc", self.url),
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
