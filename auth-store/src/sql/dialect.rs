//! The differences between the databases.

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

/// `ER_CHECKREAD` of MariaDB, which has no SQLSTATE of its own.
#[cfg(feature = "mysql")]
const RECORD_CHANGED: u16 = 1020;

/// The language of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
    MySql,
}

impl Dialect {
    /// Returns the end of a `SELECT` that locks its rows. SQLite has one writer and needs none.
    pub(crate) const fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres | Self::MySql => " FOR UPDATE",
        }
    }

    /// Returns the end of an `INSERT` that skips existing rows. The column is any column of the row.
    pub(crate) fn unless_there(self, column: &str) -> String {
        match self {
            Self::Sqlite | Self::Postgres => "ON CONFLICT DO NOTHING".to_owned(),
            // Not `IGNORE`, which takes a read lock on an existing row: two writers would then deadlock.
            Self::MySql => format!("ON DUPLICATE KEY UPDATE {column} = {column}"),
        }
    }

    /// Returns the end of an `INSERT` that replaces these columns of an existing row with the same key.
    #[cfg(feature = "account")]
    pub(crate) fn or_replace(self, key: &[&str], columns: &[&str]) -> String {
        let set = |value: fn(&str) -> String| {
            columns.iter().map(|column| format!("{column} = {}", value(column))).collect::<Vec<_>>().join(", ")
        };
        match self {
            Self::Sqlite | Self::Postgres => {
                let set = set(|column| format!("excluded.{column}"));
                format!("ON CONFLICT ({}) DO UPDATE SET {set}", key.join(", "))
            }
            // MariaDB does not know the newer form of MySQL, which names the new row.
            Self::MySql => format!("ON DUPLICATE KEY UPDATE {}", set(|column| format!("VALUES({column})"))),
        }
    }

    /// Returns the time of the database, in milliseconds since 1970.
    pub(crate) const fn now_in_millis(self) -> &'static str {
        match self {
            Self::Sqlite => "CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER)",
            Self::Postgres => "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
            // In UTC: a time zone may repeat an hour.
            Self::MySql => "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000",
        }
    }

    /// Translates a statement that has `?` for each value, and no `?` in a literal.
    pub(crate) fn sql(self, sql: &str) -> SqlStr {
        match self {
            Self::Sqlite | Self::MySql => AssertSqlSafe(sql.to_owned()).into_sql_str(),
            Self::Postgres => AssertSqlSafe(numbered(sql)).into_sql_str(),
        }
    }
}

/// Replaces each `?` by `$1`, `$2` and so on.
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

/// Returns whether the database ended a transaction because of another one, so that it can run again.
///
/// Deadlocks and serialization failures are SQLSTATE 40001, and 40P01 in PostgreSQL. MariaDB also ends a transaction
/// that writes a row changed since its read (`innodb_snapshot_isolation`).
pub(crate) fn is_conflict(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error() else { return false };
    #[cfg(feature = "mysql")]
    if error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>().is_some_and(|error| error.number() == RECORD_CHANGED)
    {
        return true;
    }
    error.code().is_some_and(|code| code == "40001" || code == "40P01")
}

/// Returns the lowest byte of the result code of SQLite: the primary code.
pub(crate) fn sqlite_code(error: &sqlx::Error) -> Option<u32> {
    #[cfg(feature = "sqlite")]
    {
        let error = error.as_database_error()?;
        error.try_downcast_ref::<sqlx::sqlite::SqliteError>()?;
        error.code()?.parse().ok().map(|code: u32| code & 0xff)
    }
    #[cfg(not(feature = "sqlite"))]
    {
        let _ = error;
        None
    }
}

/// Returns whether another connection of SQLite holds a lock (`SQLITE_BUSY`).
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    sqlite_code(error) == Some(5)
}

/// Returns the text before a NUL, which PostgreSQL refuses. No stored text has one, so the order stays the same.
pub(crate) fn until_nul(text: String) -> String {
    match text.split_once('\0') {
        Some((before, _)) => before.to_owned(),
        None => text,
    }
}

/// Returns this number of `?`, separated by commas.
pub(crate) fn placeholders(count: usize) -> String {
    vec!["?"; count].join(", ")
}

#[cfg(test)]
mod tests {
    use super::numbered;

    #[test]
    fn placeholders_are_numbered_for_postgres() {
        assert_eq!(numbered("a = ? AND b IN (?, ?)"), "a = $1 AND b IN ($2, $3)");
        assert_eq!(numbered("SELECT 1"), "SELECT 1");
    }
}
