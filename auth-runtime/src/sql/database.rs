//! The connections to one database, and the dialect that it speaks.

use std::{fmt, future::Future, io, str::FromStr, time::Duration};

use sqlx::{
    Any, AnyPool, AssertSqlSafe, Executor, SqlSafeStr, SqlStr, Transaction,
    any::{AnyArguments, AnyConnectOptions, AnyPoolOptions},
    query::Query,
};
use tokio::time::timeout;
use url::Url;

use super::StoreError;

/// How long SQLite waits for another writer, in milliseconds.
const BUSY_TIMEOUT: &str = "PRAGMA busy_timeout = 5000";
/// Readers and one writer at once; what is committed outlasts the process, and the machine.
const JOURNAL: &str = "PRAGMA journal_mode = WAL";

/// How long a connection may take to end what was given up on it; after that it is closed.
const ROLLBACK: Duration = Duration::from_secs(2);
/// `ROLLBACK` without a transaction is worth no warning.
const QUIET: &str = "SET client_min_messages TO error";

/// What differs between the databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
    MySql,
}

/// What becomes of a file of SQLite that is not there, unless the URL says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum File {
    Made,
    Missed,
}

/// The bounds of a pool.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) max_connections: u32,
    pub(super) acquire: Duration,
    pub(super) answer: Duration,
}

/// Connections, opened when they are needed and kept for the next time.
#[derive(Clone)]
pub(super) struct Database {
    pool: AnyPool,
    pub(super) dialect: Dialect,
    answer: Duration,
}

impl Database {
    /// Reads the URL, and connects when something is asked first.
    pub(super) fn new(url: &str, bounds: Bounds, file: File) -> Result<Self, StoreError> {
        let (dialect, url) = Dialect::of(url, file)?;
        sqlx::any::install_default_drivers();
        let options = AnyConnectOptions::from_str(&url).map_err(|error| unreadable(&error.to_string()))?;
        let mut pool = AnyPoolOptions::new().max_connections(bounds.max_connections).acquire_timeout(bounds.acquire);
        if dialect == Dialect::Sqlite {
            let in_memory = is_in_memory(&url);
            #[cfg(unix)]
            make_private(&url);
            if in_memory {
                // Each connection would be a database of its own, and end with it.
                pool = pool.min_connections(1).max_connections(1).idle_timeout(None).max_lifetime(None);
            }
            pool = pool.after_connect(move |connection, _| {
                Box::pin(async move {
                    connection.execute(BUSY_TIMEOUT).await?;
                    if !in_memory {
                        connection.execute(JOURNAL).await?;
                    }
                    Ok(())
                })
            });
        }
        if dialect != Dialect::Sqlite {
            pool = pool.after_connect(move |connection, _| {
                Box::pin(async move {
                    if dialect == Dialect::Postgres {
                        connection.execute(QUIET).await?;
                    }
                    Ok(())
                })
            });
            // Whoever goes away while `BEGIN` is answered leaves a transaction that the driver does not know of: what is
            // read in it stays as it was, and what is written is not there for others.
            pool = pool.after_release(|connection, _| {
                Box::pin(async move {
                    match timeout(ROLLBACK, connection.execute("ROLLBACK")).await {
                        Ok(done) => done.map(|_| true),
                        Err(late) => Err(sqlx::Error::Io(late.into())),
                    }
                })
            });
        }
        Ok(Self { pool: pool.connect_lazy_with(options), dialect, answer: bounds.answer })
    }

    /// A statement with `?` for each value.
    pub(super) fn query(&self, sql: &str) -> Query<'static, Any, AnyArguments> {
        sqlx::query(self.dialect.sql(sql))
    }

    pub(super) const fn pool(&self) -> &AnyPool {
        &self.pool
    }

    /// Starts what is done as a whole or not at all. In SQLite it waits for other writers now: later it could only fail.
    pub(super) async fn begin(&self) -> Result<Transaction<'static, Any>, sqlx::Error> {
        match self.dialect {
            Dialect::Sqlite => self.pool.begin_with("BEGIN IMMEDIATE").await,
            Dialect::Postgres | Dialect::MySql => self.pool.begin().await,
        }
    }

    /// No longer than a database may take to answer.
    pub(super) async fn within<T, E: From<sqlx::Error>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let late = |_| {
            let text = format!("no answer within {:?}", self.answer);
            sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, text))
        };
        timeout(self.answer, work).await.map_err(late)?
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("dialect", &self.dialect).finish_non_exhaustive()
    }
}

impl Dialect {
    /// The dialect of a URL, and the URL as the driver reads it.
    fn of(url: &str, file: File) -> Result<(Self, String), StoreError> {
        let (scheme, rest) = url.split_once(':').ok_or_else(|| unreadable("it has no scheme"))?;
        let (dialect, is_built_in, feature) = match scheme {
            "sqlite" => (Self::Sqlite, cfg!(feature = "sqlite"), "sqlite"),
            "postgres" | "postgresql" => (Self::Postgres, cfg!(feature = "postgres"), "postgres"),
            "mysql" | "mariadb" => (Self::MySql, cfg!(feature = "mysql"), "mysql"),
            _ => return Err(unreadable("its scheme is none of `sqlite`, `postgres`, `mysql`, `mariadb`")),
        };
        if !is_built_in {
            return Err(StoreError::Setting(format!(
                "this program was built without `{feature}`: add that feature of `auth-runtime`"
            )));
        }
        match dialect {
            Self::Sqlite => Ok((dialect, with_mode(url, file))),
            Self::Postgres => Ok((dialect, url.to_owned())),
            Self::MySql => Ok((dialect, format!("mysql:{rest}"))),
        }
    }

    /// A statement in this dialect, written with `?` for each value and without a `?` in a text.
    pub(super) fn sql(self, sql: &str) -> SqlStr {
        match self {
            Self::Sqlite | Self::MySql => AssertSqlSafe(sql.to_owned()).into_sql_str(),
            Self::Postgres => AssertSqlSafe(numbered(sql)).into_sql_str(),
        }
    }
}

/// `$1`, `$2` and so on in place of `?`.
fn numbered(sql: &str) -> String {
    let mut parts = sql.split('?');
    let mut numbered = parts.next().unwrap_or_default().to_owned();
    for (index, part) in parts.enumerate() {
        numbered.push('$');
        numbered.push_str(&(index + 1).to_string());
        numbered.push_str(part);
    }
    numbered
}

/// That two transactions waited for one another, and this one was ended (SQLSTATE 40001, and 40P01 of PostgreSQL).
pub(super) fn is_deadlock(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code == "40001" || code == "40P01")
}

/// So many `?` with commas between them.
pub(super) fn placeholders(count: usize) -> String {
    vec!["?"; count].join(", ")
}

/// What becomes of a file that is not there, unless the URL says it.
fn with_mode(url: &str, file: File) -> String {
    if is_in_memory(url) || url.contains("mode=") {
        return url.to_owned();
    }
    let mode = match file {
        File::Made => "rwc",
        File::Missed => "rw",
    };
    format!("{url}{}mode={mode}", if url.contains('?') { '&' } else { '?' })
}

/// A file that is not there is made here, as SQLite would let everybody read it whom the umask lets. Whatever goes wrong
/// is told when it is opened.
#[cfg(unix)]
fn make_private(url: &str) {
    use std::{fs::OpenOptions, os::unix::fs::OpenOptionsExt};

    let path = url.strip_prefix("sqlite:").unwrap_or(url);
    let path = path.strip_prefix("//").unwrap_or(path).split('?').next().unwrap_or_default();
    // A path that is encoded is left to the driver.
    if url.contains("mode=rwc") && !is_in_memory(url) && !path.is_empty() && !path.contains('%') {
        let _ = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    }
}

fn is_in_memory(url: &str) -> bool {
    url.contains(":memory:") || url.contains("mode=memory")
}

/// The URL itself may hold a password.
fn unreadable(reason: &str) -> StoreError {
    StoreError::Setting(format!(
        "the URL of the database cannot be read: {reason}; it is like `sqlite:users.db` or `postgres://user@host/database`"
    ))
}

/// Which database a URL means, without user, password and parameters: for messages.
///
/// ```
/// use auth_runtime::sql::describe_url;
///
/// assert_eq!(describe_url("postgres://app:secret@db.example:5433/users?sslmode=require"), "postgres://db.example:5433/users");
/// assert_eq!(describe_url("sqlite:users.db?mode=rwc"), "sqlite:users.db");
/// ```
#[must_use]
pub fn describe_url(url: &str) -> String {
    let without = url.split(['?', '#']).next().unwrap_or_default();
    let Ok(mut parsed) = Url::parse(without) else { return "a URL that cannot be read".to_owned() };
    if parsed.cannot_be_a_base() || parsed.host().is_none() {
        return if without.starts_with("sqlite:") { without.to_owned() } else { parsed.scheme().to_owned() };
    }
    let cleaned = parsed.set_username("").is_ok() && parsed.set_password(None).is_ok();
    if cleaned { parsed.to_string() } else { parsed.scheme().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{Dialect, File, describe_url, numbered, with_mode};

    #[test]
    fn values_are_numbered_for_postgres() {
        assert_eq!(numbered("a = ? AND b IN (?, ?)"), "a = $1 AND b IN ($2, $3)");
        assert_eq!(numbered("SELECT 1"), "SELECT 1");
    }

    #[test]
    fn a_file_is_made_if_it_is_not_there() {
        assert_eq!(with_mode("sqlite:users.db", File::Made), "sqlite:users.db?mode=rwc");
        assert_eq!(with_mode("sqlite://a/b.db?cache=shared", File::Made), "sqlite://a/b.db?cache=shared&mode=rwc");
        assert_eq!(with_mode("sqlite:users.db?mode=ro", File::Made), "sqlite:users.db?mode=ro");
        assert_eq!(with_mode("sqlite::memory:", File::Made), "sqlite::memory:");
        assert_eq!(with_mode("sqlite:users.db", File::Missed), "sqlite:users.db?mode=rw");
    }

    #[test]
    fn a_url_that_cannot_be_read_is_not_repeated() {
        for bad in ["", "users.db", "oracle://app:secret@host/db", "://secret", "secret:secret@host"] {
            let said = Dialect::of(bad, File::Made).unwrap_err().to_string();
            assert!(said.contains("sqlite:users.db") && !said.contains("secret"), "{said}");
        }
    }

    #[test]
    fn r91_a_described_url_has_no_secret() {
        for url in [
            "postgres://app:secret@h/db",
            "mysql://app:secret@h:1/db?password=secret",
            "postgres://secret@/db?host=/run&password=secret",
            "postgres:///db?password=secret",
            "postgres://app:sec#secret@h/db",
            "mysql:secret",
        ] {
            assert!(!describe_url(url).contains("secret"), "{}", describe_url(url));
        }
    }
}
