//! Deletes rows whose time is over.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::{
    sql::{database::Database, dialect::Dialect},
    time::now,
};

/// The seconds between two deletions from one table.
const EVERY: i64 = 60;
const AT_ONCE: u64 = 1000;

/// A table whose rows are of no use after a time.
#[derive(Debug)]
pub(crate) struct Sweep {
    table: &'static str,
    key: &'static str,
    /// The columns with such a time. A column without an index follows a condition that has one.
    times: &'static [&'static str],
    /// How long a row stays after that time, in seconds.
    kept: i64,
}

impl Sweep {
    pub(crate) const fn new(table: &'static str, key: &'static str, times: &'static [&'static str]) -> Self {
        Self { table, key, times, kept: 0 }
    }

    /// Sets how long a row stays after its time, in seconds.
    pub(crate) const fn kept_for(mut self, seconds: i64) -> Self {
        self.kept = seconds;
        self
    }

    fn statement(&self, dialect: Dialect, time: &str) -> String {
        let Self { table, key, .. } = self;
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
        for time in self.times {
            let sql = self.statement(database.dialect, time);
            let delete = || database.query(&sql).bind(now() - self.kept).execute(database.pool());
            while database.retry(delete).await?.rows_affected() >= AT_ONCE {}
        }
        Ok(())
    }
}

/// The time of the last deletion, in seconds since 1970.
#[derive(Debug, Default)]
pub(crate) struct SweptAt(AtomicI64);

impl SweptAt {
    /// Deletes rows in a task of its own, if it is time. A failure is logged and refuses no request.
    pub(crate) fn run(&self, sweep: &'static Sweep, database: &Database) {
        if !self.begins() {
            return;
        }
        let database = database.clone();
        tokio::spawn(async move {
            if let Err(error) = sweep.run(&database).await {
                tracing::warn!(%error, table = sweep.table, "could not delete expired rows");
            }
        });
    }

    /// Returns whether a deletion is due, and notes that it begins.
    pub(crate) fn begins(&self) -> bool {
        let (now, last) = (now(), self.0.load(Ordering::Relaxed));
        let is_due = last > now || now - last >= EVERY;
        is_due && self.0.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}
