//! The tables: made and brought up to date, by one process at a time.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use sqlx::{
    AnyConnection, Connection, Row, SqlSafeStr,
    migrate::{AppliedMigration, Migrate, MigrateError, Migration, MigrationType, Migrator},
};

use crate::{
    SqlUsers, StoreError,
    database::Database,
    dialect::{Dialect, placeholders},
    error::DriverResult,
};

/// Of its own, as the application may keep its migrations in the same database.
const TABLE: &str = "auth_migration";
/// SQLite has no lock that a migration could wait for: whoever comes second fails, and finds the work done.
const TRIES: usize = 6;
/// For how long another process may make the tables.
const LOCK_SECONDS: u32 = 60;

/// What they make, besides [`TABLE`].
const TABLES: [&str; 7] = [
    "auth_api_key",
    "auth_api_key_permission",
    "auth_attempt",
    "auth_epoch",
    "auth_user",
    "auth_user_permission",
    "auth_user_role",
];

const MIGRATIONS: [(i64, &str, [&str; 3]); 1] = [(
    1,
    "users and keys",
    [
        include_str!("migrations/sqlite/1_users_and_keys.sql"),
        include_str!("migrations/postgres/1_users_and_keys.sql"),
        include_str!("migrations/mysql/1_users_and_keys.sql"),
    ],
)];

/// Tables.
impl SqlUsers {
    /// Makes the tables, or brings them up to date; gives how many steps were missing. Safe if several processes do it at
    /// once: each gives those that it has found missing, whoever makes them.
    ///
    /// # Errors
    /// [`StoreError`] if the database does not answer, or its tables are of a later version.
    pub async fn migrate(&self) -> Result<usize, StoreError> {
        run(&self.0.database).await
    }

    /// Checks that the tables are those of this version.
    ///
    /// # Errors
    /// [`StoreError::Schema`] if they are not; [`StoreError::Database`] if the database does not answer.
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        check(&self.0.database).await
    }
}

fn migrator(dialect: Dialect) -> Migrator {
    let migrations = MIGRATIONS.map(|(version, name, sql)| {
        let sql = sql[dialect as usize];
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    let mut migrator = Migrator::with_migrations(migrations.into());
    migrator.dangerous_set_table_name(TABLE);
    migrator
}

/// Makes what is missing; gives how many steps were missing, when it looked.
async fn run(database: &Database) -> Result<usize, StoreError> {
    let before = applied(database, &mut *database.first_connection().await?).await?;
    let mut migrator = migrator(database.dialect);
    if database.dialect == Dialect::MySql {
        run_in_turn(database, &mut migrator).await?;
    } else {
        let backoff =
            ExponentialBuilder::new().with_min_delay(Duration::from_millis(50)).with_max_times(TRIES).with_jitter();
        let run = || async { migrator.run(database.pool()).await };
        run.retry(backoff).when(|error| is_raced(database.dialect, error)).await.map_err(|error| schema(&error))?;
    }
    // What was made before may be gone.
    check(database).await?;
    Ok(MIGRATIONS.len().saturating_sub(before))
}

/// The driver's own lock asks MariaDB to wait for less than no time, and gets none: it is taken here.
async fn run_in_turn(database: &Database, migrator: &mut Migrator) -> Result<(), StoreError> {
    const NAME: &str = "CONCAT('auth_', SHA1(DATABASE()))";
    // Of no pool: whatever happens, the lock goes with the connection.
    let mut connection = database.within(database.pool().acquire()).await.store_error()?.detach();
    let lock = database.dialect.sql(&format!("SELECT GET_LOCK({NAME}, {LOCK_SECONDS})"));
    let got: Option<i64> = sqlx::query_scalar(lock).fetch_one(&mut connection).await.store_error()?;
    if got != Some(1) {
        return Err(StoreError::Database("another process is busy with the tables".into()));
    }
    // As `run`, whose future the compiler does not take to be `Send` here.
    let done = migrator.set_locking(false).run_direct(None, &mut connection, false).await;
    done.map_err(|error| schema(&error))?;
    connection.close().await.store_error()
}

/// That nothing is missing, and nothing there that this version does not know.
async fn check(database: &Database) -> Result<(), StoreError> {
    let wrong = |reason: String| Err(StoreError::Schema(reason));
    let mut connection = database.first_connection().await?;
    match applied(database, &mut connection).await? {
        0 => return wrong("there are none, so run `migrate` first".to_owned()),
        count if count > MIGRATIONS.len() => return wrong("they are of a later version".to_owned()),
        count if count < MIGRATIONS.len() => {
            return wrong("they are of an earlier version, so run `migrate` first".to_owned());
        }
        _ => {}
    }
    if let Some(version) = differing(database, &mut connection).await? {
        return wrong(format!("`{TABLE}` says that step {version} was another one than that of this version"));
    }
    let found = there(database, &mut connection, &TABLES).await.store_error()?;
    match TABLES.iter().find(|table| !found.iter().any(|name| name == **table)) {
        None => Ok(()),
        Some(missing) => wrong(format!("`{missing}` is gone that `migrate` has made: restore it from a backup")),
    }
}

/// The first step that was made, and not as it is written here.
async fn differing(database: &Database, connection: &mut AnyConnection) -> Result<Option<i64>, StoreError> {
    let made = database
        .within(async { connection.list_applied_migrations(TABLE).await.map_err(|error| schema(&error)) })
        .await?;
    let migrator = migrator(database.dialect);
    let is_same = |made: &AppliedMigration| {
        migrator.iter().any(|step| step.version == made.version && step.checksum == made.checksum)
    };
    Ok(made.iter().find(|made| !is_same(made)).map(|made| made.version))
}

async fn applied(database: &Database, connection: &mut AnyConnection) -> Result<usize, StoreError> {
    if there(database, connection, &[TABLE]).await.store_error()?.is_empty() {
        return Ok(0);
    }
    // MySQL has a row of a migration before it is done, and of one that was ended in the middle.
    let count = database.dialect.sql("SELECT COUNT(*) FROM auth_migration WHERE success = TRUE");
    let count: i64 = sqlx::query_scalar(count).fetch_one(connection).await.store_error()?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// Which of these tables there are.
async fn there(
    database: &Database,
    connection: &mut AnyConnection,
    tables: &[&'static str],
) -> Result<Vec<String>, sqlx::Error> {
    let all = match database.dialect {
        Dialect::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND name",
        Dialect::Postgres => {
            "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = ANY (current_schemas(false)) AND tablename"
        }
        Dialect::MySql => {
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name"
        }
    };
    let sql = format!("{all} IN ({})", placeholders(tables.len()));
    let query = tables.iter().fold(database.query(&sql), |query, table| query.bind(*table));
    database.within(query.fetch_all(connection)).await?.iter().map(|row| row.try_get(0)).collect()
}

/// Whether another process may have been in the way.
fn is_raced(dialect: Dialect, error: &MigrateError) -> bool {
    let is_of_database = matches!(
        error,
        MigrateError::Execute(sqlx::Error::Database(_)) | MigrateError::ExecuteMigration(sqlx::Error::Database(_), _)
    );
    dialect == Dialect::Sqlite && is_of_database
}

fn schema(error: &MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::Tls(_)) => {
            StoreError::Database(error.to_string().into())
        }
        MigrateError::VersionMissing(_) => StoreError::Schema("they are of a later version".to_owned()),
        _ => StoreError::Schema(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::{MIGRATIONS, TABLES};

    #[test]
    fn the_tables_that_are_looked_for_are_those_that_are_made() {
        for dialect in 0..3 {
            let made = MIGRATIONS.iter().flat_map(|(_, _, sql)| sql[dialect].lines());
            let made = made.filter_map(|line| line.strip_prefix("CREATE TABLE ")?.split([' ', '(']).next());
            let mut made: Vec<&str> = made.collect();
            made.sort_unstable();
            assert_eq!(made, TABLES);
        }
    }
}
