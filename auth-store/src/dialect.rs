//! What differs between the databases, and what has to be minded so that nothing else does.

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

/// `ER_CHECKREAD` of MariaDB, which has no SQLSTATE of its own.
#[cfg(feature = "mysql")]
const RECORD_CHANGED: u16 = 1020;

/// What differs between the databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
    MySql,
}

impl Dialect {
    /// What a `SELECT` ends with whose rows nobody else is to change meanwhile. In SQLite nobody can: there is one writer.
    pub(crate) const fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres | Self::MySql => " FOR UPDATE",
        }
    }

    /// What an `INSERT` ends with that leaves a row alone which is there. The column is one of the row.
    pub(crate) fn unless_there(self, column: &str) -> String {
        match self {
            Self::Sqlite | Self::Postgres => "ON CONFLICT DO NOTHING".to_owned(),
            // Not `IGNORE`, which locks a row that is there for reading: of two that then want to write, one is ended.
            Self::MySql => format!("ON DUPLICATE KEY UPDATE {column} = {column}"),
        }
    }

    /// The time of the database, in milliseconds since 1970.
    pub(crate) const fn now_in_millis(self) -> &'static str {
        match self {
            Self::Sqlite => "CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER)",
            Self::Postgres => "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
            // Of no time zone, in which an hour may come twice.
            Self::MySql => "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000",
        }
    }

    /// A statement in this dialect, written with `?` for each value and without a `?` in a text.
    pub(crate) fn sql(self, sql: &str) -> SqlStr {
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

/// That another transaction was in the way of this one, which was ended: it is to be tried again from its beginning.
///
/// Those who waited for one another are SQLSTATE 40001, and 40P01 of PostgreSQL. MariaDB also ends who would write what
/// has changed since they read it (`innodb_snapshot_isolation`).
pub(crate) fn is_conflict(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error() else { return false };
    #[cfg(feature = "mysql")]
    if error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>().is_some_and(|error| error.number() == RECORD_CHANGED)
    {
        return true;
    }
    error.code().is_some_and(|code| code == "40001" || code == "40P01")
}

/// What SQLite says is wrong: the lowest byte of its code, whose kinds the others tell apart.
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

/// Whether SQLite says that another connection is in the way (`SQLITE_BUSY`).
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    sqlite_code(error) == Some(5)
}

/// What of a text can be compared with those that are kept, none of which has a NUL in it: PostgreSQL takes none. What is
/// greater than the text is greater than this.
pub(crate) fn until_nul(text: String) -> String {
    match text.split_once('\0') {
        Some((before, _)) => before.to_owned(),
        None => text,
    }
}

/// So many `?` with commas between them.
pub(crate) fn placeholders(count: usize) -> String {
    vec!["?"; count].join(", ")
}

#[cfg(test)]
mod tests {
    use super::numbered;

    #[test]
    fn values_are_numbered_for_postgres() {
        assert_eq!(numbered("a = ? AND b IN (?, ?)"), "a = $1 AND b IN ($2, $3)");
        assert_eq!(numbered("SELECT 1"), "SELECT 1");
    }
}
