//! Attempts, counted for all processes that share a database.

use sqlx::{AnyConnection, Row, any::AnyRow};

use crate::{
    StoreError,
    error::FromDriver,
    sql::{
        database::Database,
        dialect::{Dialect, is_conflict, placeholders},
        sweep::SweptAt,
    },
};
use auth_runtime::throttle::{AttemptStore, Bucket, BucketKey, UpdateFuture};

const SWEEP_AT_ONCE: u64 = 1000;

/// The table `auth_attempt`.
pub(crate) struct SqlAttempts {
    database: Database,
    /// The time of the last deletion, in seconds since 1970.
    swept_at: SweptAt,
}

impl AttemptStore for SqlAttempts {
    fn update<'a>(
        &'a self,
        keys: &'a [BucketKey],
        change: &'a mut (dyn FnMut(&mut [Bucket], i64) + Send),
    ) -> UpdateFuture<'a> {
        Box::pin(async move {
            let update = |change: &'a mut (dyn FnMut(&mut [Bucket], i64) + Send)| async move {
                let updated = self.try_update(keys, &mut *change).await;
                (change, updated)
            };
            self.database.retry_with(change, update, is_raced).await.map_err(StoreError::from_driver)?;
            self.sweep();
            Ok(())
        })
    }
}

impl SqlAttempts {
    pub(crate) fn new(database: Database) -> Self {
        Self { database, swept_at: SweptAt::default() }
    }

    async fn try_update(
        &self,
        keys: &[BucketKey],
        change: &mut (dyn FnMut(&mut [Bucket], i64) + Send),
    ) -> Result<(), sqlx::Error> {
        let mut transaction = self.database.begin().await?;
        let (before, now) = self.locked(transaction.connection(), keys).await?;
        let mut after = before.clone();
        change(&mut after, now);
        if before == after {
            // A refused attempt writes nothing.
            return transaction.rollback().await;
        }
        for (key, (_, after)) in
            keys.iter().zip(before.iter().zip(&after)).filter(|(_, (before, after))| before != after)
        {
            let sql =
                "UPDATE auth_attempt SET empty_at = ?, last_at = ?, succeeded_at = ?, forget_at = ? WHERE bucket = ?";
            let row = self.database.query(sql).bind(after.empty_at).bind(after.last).bind(after.succeeded_at);
            row.bind(after.expires_at()).bind(key.as_bytes().to_vec()).execute(transaction.connection()).await?;
        }
        transaction.commit().await
    }

    /// Locks the rows of these keys. Returns them and the time of the database, which all processes share.
    async fn locked(
        &self,
        connection: &mut AnyConnection,
        keys: &[BucketKey],
    ) -> Result<(Vec<Bucket>, i64), sqlx::Error> {
        let values = vec!["(?, 0, 0, 0)"; keys.len()].join(", ");
        let columns = "auth_attempt (bucket, empty_at, last_at, forget_at)";
        // A missing row cannot be locked.
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

    /// Deletes expired rows in a task of its own. A failure is logged and refuses no request.
    fn sweep(&self) {
        if !self.swept_at.begins() {
            return;
        }
        let database = self.database.clone();
        tokio::spawn(async move {
            if let Err(error) = sweep(&database).await {
                tracing::warn!(%error, "could not delete expired attempts");
            }
        });
    }
}

/// Deletes some rows at a time, so that no request waits long for a row.
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
        // The time is compared again after a lock was waited for: another process may have extended the row.
        let delete = || {
            let query = (0..sql.matches('?').count()).fold(database.query(&sql), |query, _| query.bind(now));
            query.execute(database.pool())
        };
        let deleted = database.retry(delete).await?.rows_affected();
        if deleted < SWEEP_AT_ONCE {
            return Ok(());
        }
    }
}

/// Returns whether rows were swept meanwhile, or locked in another order.
fn is_raced(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::RowNotFound) || is_conflict(error)
}

fn bucket(rows: &[AnyRow], key: &BucketKey) -> Result<Bucket, sqlx::Error> {
    for row in rows {
        if row.try_get::<Vec<u8>, _>("bucket")? == key.as_bytes() {
            return Ok(Bucket {
                empty_at: row.try_get("empty_at")?,
                last: row.try_get("last_at")?,
                succeeded_at: row.try_get("succeeded_at")?,
            });
        }
    }
    // It existed at the insertion, and another process has swept it since.
    Err(sqlx::Error::RowNotFound)
}
