//! Creates and updates the tables, one process at a time.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use sqlx::{
    AnyConnection, Connection, Executor, Row, SqlSafeStr,
    migrate::{AppliedMigration, Migrate, MigrateError, Migration, MigrationType, Migrator},
};

use crate::{
    SqlUsers, StoreError,
    error::DriverResult,
    sql::{
        database::Database,
        dialect::{Dialect, placeholders},
    },
};

/// The name differs from the default, because the application may keep its own migrations in the same database.
const TABLE: &str = "auth_migration";
/// SQLite has no lock for migrations: the second process fails, tries again, and finds the work done.
const TRIES: usize = 6;
/// The longest wait for the lock, in seconds.
const LOCK_SECONDS: u32 = 60;

/// The tables that the migrations create, besides [`TABLE`].
const TABLES: &[&str] = &[
    "auth_api_key",
    "auth_api_key_permission",
    "auth_attempt",
    "auth_epoch",
    "auth_one_time_token",
    "auth_recovery_code",
    "auth_refresh_family",
    "auth_revocation",
    "auth_second_factor",
    "auth_session",
    "auth_signing_key",
    "auth_user",
    "auth_user_permission",
    "auth_user_role",
];

/// The number, the name, and the statements of each step, in the order of [`Dialect`].
const MIGRATIONS: &[(i64, &str, [&str; 3])] = &[
    (
        1,
        "users and keys",
        [
            include_str!("migrations/sqlite/1_users_and_keys.sql"),
            include_str!("migrations/postgres/1_users_and_keys.sql"),
            include_str!("migrations/mysql/1_users_and_keys.sql"),
        ],
    ),
    (
        2,
        "sessions",
        [
            include_str!("migrations/sqlite/2_sessions.sql"),
            include_str!("migrations/postgres/2_sessions.sql"),
            include_str!("migrations/mysql/2_sessions.sql"),
        ],
    ),
    (
        3,
        "tokens",
        [
            include_str!("migrations/sqlite/3_tokens.sql"),
            include_str!("migrations/postgres/3_tokens.sql"),
            include_str!("migrations/mysql/3_tokens.sql"),
        ],
    ),
    (
        4,
        "accounts",
        [
            include_str!("migrations/sqlite/4_accounts.sql"),
            include_str!("migrations/postgres/4_accounts.sql"),
            include_str!("migrations/mysql/4_accounts.sql"),
        ],
    ),
];

/// Tables.
impl SqlUsers {
    /// Creates or updates the tables, and returns the number of steps that were missing. Several processes may run it
    /// at once; each counts the steps that it found missing.
    ///
    /// # Errors
    /// [`StoreError::Database`] if the database is unavailable; [`StoreError::Schema`] if its tables belong to a later
    /// version, or are incomplete.
    pub async fn migrate(&self) -> Result<usize, StoreError> {
        run(&self.0.database).await
    }

    /// Checks that the tables belong to this version.
    ///
    /// # Errors
    /// [`StoreError::Schema`] if they do not; [`StoreError::Database`].
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        check(&self.0.database).await
    }
}

fn migrator(dialect: Dialect) -> Migrator {
    let migrations = MIGRATIONS.iter().map(|(version, name, sql)| {
        let sql = sql[dialect as usize];
        Migration::new(*version, (*name).into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    let mut migrator = Migrator::with_migrations(migrations.collect());
    migrator.dangerous_set_table_name(TABLE);
    migrator
}

/// Runs the missing steps, and returns how many were missing at the start.
async fn run(database: &Database) -> Result<usize, StoreError> {
    let before = applied(database, &mut *database.first_connection().await?).await?;
    let migrator = migrator(database.dialect);
    match database.dialect {
        Dialect::Sqlite => run_on_sqlite(database, &migrator).await?,
        Dialect::Postgres => run_on_postgres(database, migrator).await?,
        Dialect::MySql => run_on_mysql(database, migrator).await?,
    }
    // A table of an earlier step may be missing.
    check(database).await?;
    Ok(MIGRATIONS.len().saturating_sub(before))
}

async fn run_on_sqlite(database: &Database, migrator: &Migrator) -> Result<(), StoreError> {
    let backoff =
        ExponentialBuilder::new().with_min_delay(Duration::from_millis(50)).with_max_times(TRIES).with_jitter();
    let run = || async { migrator.run(database.pool()).await };
    run.retry(backoff).when(is_raced).await.map_err(|error| schema(&error))
}

/// Runs the steps in one transaction that holds the lock. The driver's own lock belongs to the session, which a pooler
/// gives to another client.
async fn run_on_postgres(database: &Database, mut migrator: Migrator) -> Result<(), StoreError> {
    let mut connection = database.within(database.pool().acquire()).await.store_error()?.detach();
    // A stricter level would not see the tables that another process has created during the wait for the lock.
    let mut transaction = connection.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await.store_error()?;
    let settings = format!("SET LOCAL client_min_messages = error; SET LOCAL lock_timeout = '{LOCK_SECONDS}s'");
    transaction.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(settings))).await.store_error()?;
    transaction.execute("SELECT pg_advisory_xact_lock(hashtext('auth_migration'))").await.store_error()?;
    let done = migrator.set_locking(false).run_direct(None, &mut *transaction, false).await;
    done.map_err(|error| schema(&error))?;
    transaction.commit().await.store_error()?;
    connection.close().await.store_error()
}

/// Takes the lock itself: the driver's call has a negative timeout, which MariaDB refuses.
async fn run_on_mysql(database: &Database, mut migrator: Migrator) -> Result<(), StoreError> {
    const NAME: &str = "CONCAT('auth_', SHA1(DATABASE()))";
    // Outside of the pool: the lock ends with the connection.
    let mut connection = database.within(database.pool().acquire()).await.store_error()?.detach();
    let lock = database.dialect.sql(&format!("SELECT GET_LOCK({NAME}, {LOCK_SECONDS})"));
    let got: Option<i64> = sqlx::query_scalar(lock).fetch_one(&mut connection).await.store_error()?;
    if got != Some(1) {
        return Err(StoreError::Database("another process is busy with the tables".into()));
    }
    // The future of `run` is not `Send` here.
    let done = migrator.set_locking(false).run_direct(None, &mut connection, false).await;
    done.map_err(|error| schema(&error))?;
    connection.close().await.store_error()
}

/// Checks that no table is missing, and that this version knows all steps.
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
        return wrong(format!("step {version} in `{TABLE}` differs from the step of this version"));
    }
    let found = existing(database, &mut connection, TABLES).await.store_error()?;
    match TABLES.iter().find(|table| !found.iter().any(|name| name == **table)) {
        None => Ok(()),
        Some(missing) => wrong(format!("table `{missing}` is missing; restore it from a backup")),
    }
}

/// Returns the first applied step that differs from this version's.
async fn differing(database: &Database, connection: &mut AnyConnection) -> Result<Option<i64>, StoreError> {
    let applied = database
        .within(async { connection.list_applied_migrations(TABLE).await.map_err(|error| schema(&error)) })
        .await?;
    let migrator = migrator(database.dialect);
    let is_same = |applied: &AppliedMigration| {
        migrator.iter().any(|step| step.version == applied.version && step.checksum == applied.checksum)
    };
    Ok(applied.iter().find(|applied| !is_same(applied)).map(|applied| applied.version))
}

/// Returns the number of applied steps.
async fn applied(database: &Database, connection: &mut AnyConnection) -> Result<usize, StoreError> {
    if existing(database, connection, &[TABLE]).await.store_error()?.is_empty() {
        return Ok(0);
    }
    // MySQL writes the row of a step before the step is done.
    let count = database.dialect.sql("SELECT COUNT(*) FROM auth_migration WHERE success = TRUE");
    let count: i64 = sqlx::query_scalar(count).fetch_one(connection).await.store_error()?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// Returns the names among these that are tables.
async fn existing(
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

/// Returns whether another process may have caused the error.
fn is_raced(error: &MigrateError) -> bool {
    matches!(
        error,
        MigrateError::Execute(sqlx::Error::Database(_)) | MigrateError::ExecuteMigration(sqlx::Error::Database(_), _)
    )
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
    fn tables_list_equals_the_created_tables() {
        for dialect in 0..3 {
            let created = MIGRATIONS.iter().flat_map(|(_, _, sql)| sql[dialect].lines());
            let created = created.filter_map(|line| line.strip_prefix("CREATE TABLE ")?.split([' ', '(']).next());
            let mut created: Vec<&str> = created.collect();
            created.sort_unstable();
            assert_eq!(created, TABLES);
        }
    }
}
