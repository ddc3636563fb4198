//! One connection of a pool: its preparation, its transactions, and the check on its release.

use std::time::Duration;

use sqlx::{Any, AnyConnection, Connection, Executor, SqlSafeStr, SqlStr, pool::PoolConnection};
use tokio::{
    runtime::Handle,
    time::{Instant, sleep, timeout},
};

use crate::sql::dialect::{Dialect, is_busy};

/// How long SQLite waits for another writer, in milliseconds.
const BUSY_TIMEOUT: &str = "PRAGMA busy_timeout = 5000";
/// Allows one writer beside all readers. A commit survives a crash of the process and of the machine.
const JOURNAL: &str = "PRAGMA journal_mode = WAL";
/// As long as for another writer.
const JOURNAL_WAIT: Duration = Duration::from_secs(5);
const JOURNAL_PAUSE: Duration = Duration::from_millis(10);

/// The time limit for a cancelled statement and a rollback. After that the connection is closed.
const CLEAN_UP: Duration = Duration::from_secs(2);

const IN_PLACE: &str = "the connection leaves only when the transaction ends";

/// Runs the first statements of a new connection.
pub(crate) async fn prepare(
    dialect: Dialect,
    in_memory: bool,
    connection: &mut AnyConnection,
) -> Result<(), sqlx::Error> {
    if dialect == Dialect::Sqlite {
        connection.execute(BUSY_TIMEOUT).await?;
        if !in_memory {
            set_journal(connection).await?;
        }
    }
    Ok(())
}

/// Retries while another connection sets the journal of a new file: SQLite does not wait here (`SQLITE_BUSY`).
async fn set_journal(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    let start = Instant::now();
    loop {
        match connection.execute(JOURNAL).await {
            Err(error) if is_busy(&error) && start.elapsed() < JOURNAL_WAIT => sleep(JOURNAL_PAUSE).await,
            set => return set.map(drop),
        }
    }
}

/// Returns whether a released connection can be used again. A server that never answers would hold its place in the
/// pool, and a transaction that sqlx counts as open would never end.
pub(crate) async fn is_reusable(connection: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    match timeout(CLEAN_UP, connection.ping()).await {
        Ok(answer) => answer.map(|()| !connection.is_in_transaction()),
        Err(late) => Err(sqlx::Error::Io(late.into())),
    }
}

/// A transaction on a connection of a pool. Dropped without a commit, it is rolled back before the connection is
/// reused.
///
/// The transaction of sqlx is not used, for two reasons. If a caller goes away before `BEGIN` is answered, sqlx does
/// not know of the open transaction and returns the connection to the pool. If SQLite ends a transaction (full disk,
/// I/O error), sqlx still counts it as open and refuses each later `begin` on that connection.
pub(crate) struct Transaction {
    /// None after the end.
    connection: Option<PoolConnection<Any>>,
    /// Whether the database would end with the connection.
    in_memory: bool,
}

impl Transaction {
    pub(crate) async fn begin(
        connection: PoolConnection<Any>,
        statement: &'static str,
        in_memory: bool,
    ) -> Result<Self, sqlx::Error> {
        let mut transaction = Self { connection: Some(connection), in_memory };
        match transaction.execute(statement.into_sql_str()).await {
            Ok(()) => Ok(transaction),
            Err(error) => {
                if matches!(error, sqlx::Error::Database(_)) {
                    // The database answered: there is nothing to roll back.
                    transaction.connection = None;
                }
                Err(error)
            }
        }
    }

    pub(crate) fn connection(&mut self) -> &mut AnyConnection {
        self.connection.as_mut().expect(IN_PLACE)
    }

    /// Commits. After an error the transaction is rolled back, unless the database has committed it and the answer was
    /// lost.
    pub(crate) async fn commit(mut self) -> Result<(), sqlx::Error> {
        self.execute("COMMIT".into_sql_str()).await?;
        self.connection = None;
        Ok(())
    }

    pub(crate) async fn rollback(mut self) -> Result<(), sqlx::Error> {
        self.execute("ROLLBACK".into_sql_str()).await?;
        self.connection = None;
        Ok(())
    }

    async fn execute(&mut self, statement: SqlStr) -> Result<(), sqlx::Error> {
        self.connection().execute(statement).await.map(drop)
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        let in_memory = self.in_memory;
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(roll_back(connection, in_memory))),
            // The runtime has ended, and with it the use of the pool.
            Err(_) => drop(connection.detach()),
        }
    }
}

/// Rolls back, and closes the connection if that fails: its state is unknown, or SQLite has ended the transaction
/// itself.
async fn roll_back(mut connection: PoolConnection<Any>, in_memory: bool) {
    let rolled_back = timeout(CLEAN_UP, connection.execute("ROLLBACK")).await;
    let is_clean = matches!(rolled_back, Ok(Ok(_)));
    if !is_clean && !in_memory {
        tracing::debug!("connection closed after a failed rollback");
        drop(connection.detach());
    }
}
