//! The connections to one database.

use std::{
    fmt,
    future::Future,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    Any, AnyConnection, AnyPool, Connection, Executor, Transaction,
    any::{AnyArguments, AnyPoolOptions},
    pool::PoolConnection,
    query::Query,
};
use tokio::time::{Instant, sleep, timeout};

use crate::{
    StoreError,
    database_url::DatabaseUrl,
    dialect::{Dialect, is_busy, sqlite_code},
    error::FromDriver,
};

/// How long SQLite waits for another writer, in milliseconds.
const BUSY_TIMEOUT: &str = "PRAGMA busy_timeout = 5000";
/// Readers and one writer at once; what is committed outlasts the process, and the machine.
const JOURNAL: &str = "PRAGMA journal_mode = WAL";
/// As long as for another writer.
const JOURNAL_WAIT: Duration = Duration::from_secs(5);
const JOURNAL_PAUSE: Duration = Duration::from_millis(10);

/// How long a connection may take to end what was given up on it; after that it is closed.
const ROLLBACK: Duration = Duration::from_secs(2);
/// `ROLLBACK` without a transaction is worth no warning.
const QUIET: &str = "SET client_min_messages TO error";

/// The bounds of a pool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) max_connections: u32,
    pub(crate) acquire: Duration,
    pub(crate) answer: Duration,
}

/// Connections, opened when they are needed and kept for the next time.
#[derive(Clone)]
pub(crate) struct Database {
    pool: AnyPool,
    pub(crate) dialect: Dialect,
    in_memory: bool,
    file: SqliteFile,
    acquire: Duration,
    answer: Duration,
}

impl Database {
    /// Connects when something is asked first.
    pub(crate) fn new(url: DatabaseUrl, bounds: Bounds) -> Self {
        let dialect = url.dialect();
        sqlx::any::install_default_drivers();
        let in_memory = url.is_in_memory();
        let mut pool = AnyPoolOptions::new().max_connections(bounds.max_connections).acquire_timeout(bounds.acquire);
        pool = pool.after_connect(move |connection, _| Box::pin(prepare(dialect, in_memory, connection)));
        if dialect == Dialect::Sqlite {
            #[cfg(all(unix, feature = "sqlite"))]
            if let Some(path) = url.file().filter(|_| url.makes_file()) {
                make_private(&path);
            }
            if in_memory {
                // Each connection would be a database of its own, and end with it.
                pool = pool.min_connections(1).max_connections(1).idle_timeout(None).max_lifetime(None);
            }
        } else {
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
        let file = SqliteFile::of(&url);
        Self {
            pool: pool.connect_lazy_with(url.into_options()),
            dialect,
            in_memory,
            file,
            acquire: bounds.acquire,
            answer: bounds.answer,
        }
    }

    /// A connection at start. If there is none, the error says why: a pool would try for a while, and not tell.
    pub(crate) async fn first_connection(&self) -> Result<PoolConnection<Any>, StoreError> {
        if let Err(error) = self.within(self.try_alone()).await
            && !is_passing(&error)
        {
            return Err(self.in_words(error));
        }
        match self.within(self.pool.acquire()).await {
            // It was about to start, or so it seemed for as long as may be waited.
            Err(sqlx::Error::PoolTimedOut) => {
                let why = self.within(self.try_alone()).await.err();
                Err(self.in_words(why.unwrap_or(sqlx::Error::PoolTimedOut)))
            }
            connection => connection.map_err(|error| self.in_words(error)),
        }
    }

    async fn try_alone(&self) -> Result<(), sqlx::Error> {
        let options = self.pool.connect_options();
        let connected = async {
            let mut connection = AnyConnection::connect_with(&options).await?;
            prepare(self.dialect, self.in_memory, &mut connection).await?;
            connection.close().await
        };
        timeout(self.acquire, connected).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    /// What SQLite says of a file that it cannot use, in words that help.
    fn in_words(&self, error: sqlx::Error) -> StoreError {
        const CANTOPEN: u32 = 14;
        const READONLY: u32 = 8;
        match (sqlite_code(&error), self.file.is_made, self.file.is_there()) {
            (Some(CANTOPEN), _, true) => StoreError::Database(
                "its file cannot be opened: is it a file, and may this program read and write it?".into(),
            ),
            (Some(CANTOPEN), true, false) => StoreError::Database(
                "its file can neither be opened nor made: is there such a folder, and may this program write there?"
                    .into(),
            ),
            (Some(CANTOPEN), false, false) => {
                let hint = if self.file.says_mode { ", with a URL that does not say `mode=`" } else { "" };
                StoreError::Schema(format!("there is no such file, so run `migrate` first{hint}"))
            }
            (Some(READONLY), ..) => StoreError::Database(
                "its file and its folder have to be writable, even to be read: SQLite keeps files beside it".into(),
            ),
            _ => StoreError::from_driver(error),
        }
    }

    /// A statement with `?` for each value.
    pub(crate) fn query(&self, sql: &str) -> Query<'static, Any, AnyArguments> {
        sqlx::query(self.dialect.sql(sql))
    }

    pub(crate) const fn pool(&self) -> &AnyPool {
        &self.pool
    }

    /// Starts what is done as a whole or not at all. In SQLite it waits for other writers now: later it could only fail.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Any>, sqlx::Error> {
        match self.dialect {
            Dialect::Sqlite => self.pool.begin_with("BEGIN IMMEDIATE").await,
            Dialect::Postgres | Dialect::MySql => self.pool.begin().await,
        }
    }

    /// No longer than a database may take to answer.
    pub(crate) async fn within<T, E: FromDriver>(&self, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let late = |_| {
            let text = format!("no answer within {:?}", self.answer);
            E::from_driver(sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, text)))
        };
        timeout(self.answer, work).await.map_err(late)?
    }
}

/// The file of SQLite, if that is what it is.
#[derive(Clone)]
struct SqliteFile {
    path: Option<PathBuf>,
    /// Whether it is made if it is not there.
    is_made: bool,
    /// Whether the URL says what becomes of it.
    says_mode: bool,
}

impl SqliteFile {
    fn of(url: &DatabaseUrl) -> Self {
        #[cfg(feature = "sqlite")]
        let path = url.file();
        #[cfg(not(feature = "sqlite"))]
        let path = None;
        Self { path, is_made: url.makes_file(), says_mode: url.says_mode() }
    }

    fn is_there(&self) -> bool {
        self.path.as_deref().is_some_and(Path::exists)
    }
}

/// That nobody listens yet, or that a server says to come later: as while it starts.
fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(error) => error.is_transient_in_connect_phase(),
        _ => false,
    }
}

/// What each connection is told first.
async fn prepare(dialect: Dialect, in_memory: bool, connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    match dialect {
        Dialect::Sqlite => {
            connection.execute(BUSY_TIMEOUT).await?;
            if !in_memory {
                keep_journal(connection).await?;
            }
        }
        Dialect::Postgres => {
            connection.execute(QUIET).await?;
        }
        Dialect::MySql => {}
    }
    Ok(())
}

/// SQLite does not wait here for whoever does the same to a file that is new (`SQLITE_BUSY`).
async fn keep_journal(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    let start = Instant::now();
    loop {
        match connection.execute(JOURNAL).await {
            Err(error) if is_busy(&error) && start.elapsed() < JOURNAL_WAIT => sleep(JOURNAL_PAUSE).await,
            kept => return kept.map(drop),
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("dialect", &self.dialect).finish_non_exhaustive()
    }
}

/// A file that is not there is made here, as SQLite would let everybody read it whom the umask lets. Whatever goes wrong
/// is told when it is opened.
#[cfg(all(unix, feature = "sqlite"))]
fn make_private(path: &std::path::Path) {
    use std::{fs::OpenOptions, os::unix::fs::OpenOptionsExt};

    // Never one that is there: to close it would end the locks that others of this process have on it (POSIX, `close`).
    let _ = OpenOptions::new().write(true).create_new(true).mode(0o600).open(end_of_links(path));
}

/// Where a symbolic link says, which SQLite follows although there is nothing yet.
#[cfg(all(unix, feature = "sqlite"))]
fn end_of_links(path: &Path) -> PathBuf {
    const MOST: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..MOST {
        match path.read_link() {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            Err(_) => break,
        }
    }
    path
}
