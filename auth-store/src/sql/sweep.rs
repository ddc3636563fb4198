//! Deletes rows whose time is over.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::{
    sql::{database::Database, dialect::Dialect},
    time::now,
};

/// The seconds between two deletions from one table.
const EVERY: i64 = 60;
const AT_ONCE: u64 = 1000;

/// A table with a time after which a row is of no use.
#[derive(Debug)]
pub(crate) struct Sweep {
    table: &'static str,
    key: &'static str,
    time: &'static str,
}

impl Sweep {
    pub(crate) const fn new(table: &'static str, key: &'static str, time: &'static str) -> Self {
        Self { table, key, time }
    }

    fn statement(&self, dialect: Dialect) -> String {
        let Self { table, key, time } = self;
        match dialect {
            Dialect::MySql => format!("DELETE FROM {table} WHERE {time} < ? LIMIT {AT_ONCE}"),
            Dialect::Sqlite | Dialect::Postgres => {
                format!(
                    "DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE {time} < ? LIMIT {AT_ONCE})"
                )
            }
        }
    }

    /// Deletes some rows at a time, so that no request waits long for a row.
    async fn run(&self, database: &Database) -> Result<(), sqlx::Error> {
        let sql = self.statement(database.dialect);
        loop {
            let delete = || database.query(&sql).bind(now()).execute(database.pool());
            if database.retry(delete).await?.rows_affected() < AT_ONCE {
                return Ok(());
            }
        }
    }
}

/// The time of the last deletion, in seconds since 1970.
#[derive(Debug, Default)]
pub(crate) struct SweptAt(AtomicI64);

impl SweptAt {
    /// Deletes rows in a task of its own, if it is time. A failure is logged and refuses no request.
    pub(crate) fn run(&self, sweep: &'static Sweep, database: &Database) {
        let (now, last) = (now(), self.0.load(Ordering::Relaxed));
        let is_due = last > now || now - last >= EVERY;
        if !is_due || self.0.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        let database = database.clone();
        tokio::spawn(async move {
            if let Err(error) = sweep.run(&database).await {
                tracing::warn!(%error, table = sweep.table, "could not delete expired rows");
            }
        });
    }
}
