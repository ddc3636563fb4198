//! The pools of connections to one database, their time limits, and retries.

use std::{fmt, future::Future, io, sync::Arc, time::Duration};

use backon::{ExponentialBuilder, Retryable, RetryableWithContext};
use sqlx::{
    Any, AnyConnection, AnyPool, Connection, Executor,
    any::{AnyArguments, AnyPoolOptions},
    pool::PoolConnection,
    query::Query,
};
#[cfg(feature = "postgres")]
use sqlx::{ConnectOptions, postgres::PgConnectOptions};
use tokio::{sync::OnceCell, time::timeout};

use crate::{
    StoreError,
    error::FromDriver,
    sql::{
        connection::{Transaction, is_reusable, prepare},
        dialect::{Dialect, is_conflict},
        pooler,
        sqlite_file::SqliteFile,
        url::DatabaseUrl,
    },
};

/// The channel of notices.
#[cfg(feature = "postgres")]
pub(crate) const CHANNEL: &str = "auth_change";
const NOTIFY: &str = "NOTIFY auth_change";

/// Limits of the pools.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) max_connections: u32,
    pub(crate) acquire: Duration,
    pub(crate) answer: Duration,
}

/// The connections to a database. They are opened when needed and kept for reuse.
#[derive(Clone)]
pub(crate) struct Database {
    pool: AnyPool,
    /// Has a connection of its own for the epoch, which must not wait for slow sign-ins.
    epoch_pool: AnyPool,
    pub(crate) dialect: Dialect,
    in_memory: bool,
    file: SqliteFile,
    limits: Limits,
    /// Whether no pooler mixes up prepared statements.
    is_probed: Arc<OnceCell<()>>,
}

impl Database {
    /// Connects on first use.
    pub(crate) fn new(url: DatabaseUrl, limits: Limits) -> Self {
        sqlx::any::install_default_drivers();
        let (dialect, in_memory, file) = (url.dialect(), url.is_in_memory(), SqliteFile::of(&url));
        let options = url.into_options();
        let pool = pool_options(dialect, in_memory, limits).connect_lazy_with(options.clone());
        let epoch_pool = if in_memory {
            // A second connection would be a second database.
            pool.clone()
        } else {
            pool_options(dialect, in_memory, Limits { max_connections: 1, ..limits }).connect_lazy_with(options)
        };
        Self { pool, epoch_pool, dialect, in_memory, file, limits, is_probed: Arc::default() }
    }

    /// Returns the connection that a start needs. The error has the reason; a pool would only report a timeout.
    pub(crate) async fn first_connection(&self) -> Result<PoolConnection<Any>, StoreError> {
        if let Err(error) = self.within(self.try_once()).await
            && !is_transient(&error)
        {
            return Err(self.explain(error));
        }
        match self.within(self.pool.acquire()).await {
            // The server was about to start, or seemed so until the timeout.
            Err(sqlx::Error::PoolTimedOut) => {
                let reason = self.within(self.try_once()).await.err();
                Err(self.explain(reason.unwrap_or(sqlx::Error::PoolTimedOut)))
            }
            connection => connection.map_err(|error| self.explain(error)),
        }
    }

    async fn try_once(&self) -> Result<(), sqlx::Error> {
        let options = self.pool.connect_options();
        let connected = async {
            let mut connection = AnyConnection::connect_with(&options).await?;
            prepare(self.dialect, self.in_memory, &mut connection).await?;
            connection.close().await
        };
        timeout(self.limits.acquire, connected).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    /// Refuses a pooler that would mix up prepared statements, before the first statement that matters.
    async fn check_pooler(&self) -> Result<(), sqlx::Error> {
        if self.dialect != Dialect::Postgres || self.is_probed.initialized() {
            return Ok(());
        }
        let options = self.pool.connect_options();
        match self.is_probed.get_or_try_init(|| pooler::probe(&options)).await {
            Err(error) if pooler::advice(&error).is_some() => Err(error),
            // The statement itself will report any other error.
            _ => Ok(()),
        }
    }

    fn explain(&self, error: sqlx::Error) -> StoreError {
        match pooler::advice(&error) {
            Some(advice) => StoreError::Setting(advice.to_owned()),
            None => self.file.explain(error),
        }
    }

    /// Tells other processes of a change, when the transaction of this connection ends. Only PostgreSQL can.
    pub(crate) async fn notify(&self, connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
        match self.dialect {
            Dialect::Postgres => connection.execute(NOTIFY).await.map(drop),
            Dialect::Sqlite | Dialect::MySql => Ok(()),
        }
    }

    /// Sends a notice outside of a transaction.
    #[cfg(feature = "postgres")]
    pub(crate) async fn send_notice(&self) -> Result<(), sqlx::Error> {
        self.within(async { self.notify(&mut *self.epoch_pool.acquire().await?).await }).await
    }

    /// Returns the options of a connection for notices.
    #[cfg(feature = "postgres")]
    pub(crate) fn listener_options(&self) -> Option<PgConnectOptions> {
        let url = &self.pool.connect_options().database_url;
        (self.dialect == Dialect::Postgres).then(|| PgConnectOptions::from_url(url).ok()).flatten()
    }

    /// Returns a statement with `?` for each value.
    pub(crate) fn query(&self, sql: &str) -> Query<'static, Any, AnyArguments> {
        sqlx::query(self.dialect.sql(sql))
    }

    pub(crate) const fn pool(&self) -> &AnyPool {
        &self.pool
    }

    pub(crate) const fn epoch_pool(&self) -> &AnyPool {
        &self.epoch_pool
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
        self.epoch_pool.close().await;
    }

    pub(crate) async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        let begin = match self.dialect {
            // Waits for other writers here. Later, SQLite could only fail.
            Dialect::Sqlite => "BEGIN IMMEDIATE",
            // Row locks order the changes. A stricter default of the server would end transactions that wait for one.
            Dialect::Postgres => "BEGIN ISOLATION LEVEL READ COMMITTED",
            Dialect::MySql => "BEGIN",
        };
        Transaction::begin(self.pool.acquire().await?, begin, self.in_memory).await
    }

    /// Limits the time of some work to that of an answer.
    pub(crate) async fn within<T, E: FromDriver>(&self, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let late = |_| {
            let text = format!("no answer within {:?}", self.limits.answer);
            E::from_driver(sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, text)))
        };
        let checked = async {
            self.check_pooler().await.map_err(E::from_driver)?;
            work.await
        };
        timeout(self.limits.answer, checked).await.map_err(late)?
    }

    /// Runs some work again after a conflict with another transaction. All tries share the time of one answer.
    pub(crate) async fn retry<T, E, F>(&self, work: impl FnMut() -> F) -> Result<T, E>
    where
        E: FromDriver,
        F: Future<Output = Result<T, E>>,
    {
        let is_raced = |error: &E| error.driver_error().is_some_and(is_conflict);
        self.within(work.retry(backoff()).when(is_raced)).await
    }

    /// Like [`retry`](Self::retry), for work that lends something to each try and has its own kinds of conflict.
    pub(crate) async fn retry_with<C, T, F>(
        &self,
        context: C,
        work: impl FnMut(C) -> F,
        is_raced: fn(&sqlx::Error) -> bool,
    ) -> Result<T, sqlx::Error>
    where
        F: Future<Output = (C, Result<T, sqlx::Error>)>,
    {
        let tries = work.retry(backoff()).context(context).when(is_raced);
        self.within(async { tries.await.1 }).await
    }
}

/// About 5 s in all. Jitter spreads the transactions that were in the way of each other.
fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(5))
        .with_max_delay(Duration::from_millis(500))
        .with_max_times(12)
        .with_jitter()
}

fn pool_options(dialect: Dialect, in_memory: bool, limits: Limits) -> AnyPoolOptions {
    let options = AnyPoolOptions::new().max_connections(limits.max_connections).acquire_timeout(limits.acquire);
    let options = options.after_connect(move |connection, _| Box::pin(prepare(dialect, in_memory, connection)));
    if in_memory {
        // The database ends with its connection.
        return options.min_connections(1).max_connections(1).idle_timeout(None).max_lifetime(None);
    }
    options.after_release(|connection, _| Box::pin(is_reusable(connection)))
}

/// Returns whether a server may just be starting: nothing listens yet, or it says to come later.
fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(error) => error.is_transient_in_connect_phase(),
        _ => false,
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("dialect", &self.dialect).finish_non_exhaustive()
    }
}
