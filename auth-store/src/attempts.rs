//! What was tried, counted for all processes that share a database.

use std::sync::atomic::{AtomicI64, Ordering};

use sqlx::{AnyConnection, Row, any::AnyRow};

use crate::{
    StoreError,
    database::Database,
    dialect::{Dialect, is_conflict, placeholders},
    error::FromDriver,
    time::now,
};
use auth_runtime::throttle::{AttemptStore, Bucket, Key, Updating};

/// How often a transaction is tried again that another one was in the way of.
const TRIES: usize = 5;
/// Rows that say nothing any more are deleted once in so many seconds.
const SWEEP_EVERY: i64 = 60;
const SWEEP_AT_ONCE: u64 = 1000;

/// The table `auth_attempt`.
pub(crate) struct SqlAttempts {
    database: Database,
    /// When rows were deleted last, in seconds since 1970.
    swept_at: AtomicI64,
}

impl AttemptStore for SqlAttempts {
    fn update<'a>(&'a self, keys: &'a [Key], change: &'a mut (dyn FnMut(&mut [Bucket], i64) + Send)) -> Updating<'a> {
        Box::pin(async move {
            let mut tries = 0;
            loop {
                match self.database.within(self.try_update(keys, change)).await {
                    Err(error) if is_raced(&error) && tries < TRIES => tries += 1,
                    Err(error) => return Err(StoreError::from_driver(error).into()),
                    Ok(()) => break,
                }
            }
            self.sweep();
            Ok(())
        })
    }
}

impl SqlAttempts {
    pub(crate) const fn new(database: Database) -> Self {
        Self { database, swept_at: AtomicI64::new(0) }
    }

    async fn try_update(
        &self,
        keys: &[Key],
        change: &mut (dyn FnMut(&mut [Bucket], i64) + Send),
    ) -> Result<(), sqlx::Error> {
        let mut transaction = self.database.begin().await?;
        let (before, now) = self.locked(&mut transaction, keys).await?;
        let mut after = before.clone();
        change(&mut after, now);
        if before == after {
            // What was refused leaves nothing behind.
            return transaction.rollback().await;
        }
        for (key, (_, after)) in
            keys.iter().zip(before.iter().zip(&after)).filter(|(_, (before, after))| before != after)
        {
            let sql =
                "UPDATE auth_attempt SET empty_at = ?, last_at = ?, succeeded_at = ?, forget_at = ? WHERE bucket = ?";
            let row = self.database.query(sql).bind(after.empty_at).bind(after.last).bind(after.succeeded_at);
            row.bind(after.expires_at()).bind(key.as_bytes().to_vec()).execute(&mut *transaction).await?;
        }
        transaction.commit().await
    }

    /// The rows of these keys, which nobody else changes until the transaction ends; and the time of the database, which
    /// all processes have in common.
    async fn locked(&self, connection: &mut AnyConnection, keys: &[Key]) -> Result<(Vec<Bucket>, i64), sqlx::Error> {
        let values = vec!["(?, 0, 0, 0)"; keys.len()].join(", ");
        let columns = "auth_attempt (bucket, empty_at, last_at, forget_at)";
        // A row that is not there cannot be locked.
        let insert = format!("INSERT INTO {columns} VALUES {values} {}", self.database.dialect.unless_there("bucket"));
        let bind =
            |sql: &str| keys.iter().fold(self.database.query(sql), |query, key| query.bind(key.as_bytes().to_vec()));
        bind(&insert).execute(&mut *connection).await?;
        let select = format!(
            "SELECT bucket, empty_at, last_at, succeeded_at, {} AS now FROM auth_attempt WHERE bucket IN ({}) \
             ORDER BY bucket{}",
            self.database.dialect.now_in_millis(),
            placeholders(keys.len()),
            self.database.dialect.for_update()
        );
        let rows = bind(&select).fetch_all(connection).await?;
        let buckets = keys.iter().map(|key| bucket(&rows, key)).collect::<Result<_, _>>()?;
        let now = rows.last().ok_or(sqlx::Error::RowNotFound)?.try_get("now")?;
        Ok((buckets, now))
    }

    /// Deletes rows that say nothing any more, beside the request. That it fails is no reason to keep anybody out.
    fn sweep(&self) {
        let (now, last) = (now(), self.swept_at.load(Ordering::Relaxed));
        let is_due = last > now || now - last >= SWEEP_EVERY;
        if !is_due || self.swept_at.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        let database = self.database.clone();
        tokio::spawn(async move {
            if let Err(error) = sweep(&database).await {
                tracing::warn!(%error, "old attempts cannot be deleted now");
            }
        });
    }
}

/// A few at a time, so that nobody waits long for a row.
async fn sweep(database: &Database) -> Result<(), sqlx::Error> {
    let row = format!("SELECT {} AS now", database.dialect.now_in_millis());
    let now: i64 = database.within(database.query(&row).fetch_one(database.pool())).await?.try_get("now")?;
    let sql = match database.dialect {
        Dialect::MySql => format!("DELETE FROM auth_attempt WHERE forget_at < ? LIMIT {SWEEP_AT_ONCE}"),
        Dialect::Sqlite | Dialect::Postgres => format!(
            "DELETE FROM auth_attempt WHERE bucket IN \
             (SELECT bucket FROM auth_attempt WHERE forget_at < ? LIMIT {SWEEP_AT_ONCE}) AND forget_at < ?"
        ),
    };
    loop {
        // The time is asked for again of a row that was waited for: it may have been put off.
        let query = (0..sql.matches('?').count()).fold(database.query(&sql), |query, _| query.bind(now));
        let deleted = database.within(query.execute(database.pool())).await?.rows_affected();
        if deleted < SWEEP_AT_ONCE {
            return Ok(());
        }
    }
}

/// That rows were swept meanwhile, or locked in another order.
fn is_raced(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::RowNotFound) || is_conflict(error)
}

fn bucket(rows: &[AnyRow], key: &Key) -> Result<Bucket, sqlx::Error> {
    for row in rows {
        if row.try_get::<Vec<u8>, _>("bucket")? == key.as_bytes() {
            return Ok(Bucket {
                empty_at: row.try_get("empty_at")?,
                last: row.try_get("last_at")?,
                succeeded_at: row.try_get("succeeded_at")?,
            });
        }
    }
    // It was there when it was to be inserted, and another process has swept it since.
    Err(sqlx::Error::RowNotFound)
}
