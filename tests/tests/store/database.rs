//! A database of its own for each test.

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

    /// Returns the URL of the server, or the name of the missing variable.
    pub(crate) fn url(self) -> Result<String, &'static str> {
        let of = |variable| env::var(variable).map_err(|_| variable);
        match self {
            Self::Sqlite => Ok(String::new()),
            Self::Postgres => of("TEST_POSTGRES_URL"),
            Self::MySql => of("TEST_MYSQL_URL"),
        }
    }

    /// Returns whether a test applies to this database. A file cannot be down, and one timing test is enough.
    pub(crate) fn has(self, test: &str) -> bool {
        match self {
            Self::Sqlite => !test.starts_with("outage::"),
            Self::Postgres | Self::MySql => !test.starts_with("timing::"),
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
        // The account may create only databases with this prefix.
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

    /// Returns a new store, as in another process. It polls for changes at each request.
    pub(crate) async fn store(&self) -> SqlUsers {
        self.connect(Self::options().freshness(Duration::ZERO)).await
    }

    /// Returns a store that does not poll again during the test.
    pub(crate) async fn sleepy_store(&self) -> SqlUsers {
        self.connect(Self::options().freshness(Duration::from_mins(1))).await
    }

    /// Returns options with long timeouts, for busy machines. Tests of timeouts set their own.
    pub(crate) fn options() -> SqlOptions {
        let patient = Duration::from_mins(1);
        SqlUsers::options().max_connections(4).acquire_timeout(patient).answer_timeout(patient).declared_by::<Auth>()
    }

    pub(crate) async fn connect(&self, options: SqlOptions) -> SqlUsers {
        options.connect(&self.url).await.expect("the database is there")
    }

    /// Executes a statement directly.
    pub(crate) async fn execute(&self, sql: &str) {
        execute(&self.with_mode(), sql).await;
    }

    /// Executes a statement in a transaction, and returns the open transaction.
    pub(crate) async fn begin(&self, sql: &str) -> AnyConnection {
        let mut connection = AnyConnection::connect(&self.with_mode()).await.expect("the database is there");
        connection.execute("BEGIN").await.expect("a transaction");
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.expect("a good statement");
        connection
    }

    /// Commits the transaction.
    pub(crate) async fn end(mut connection: AnyConnection, how: &'static str) {
        connection.execute(how).await.expect("nobody is in the way");
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
