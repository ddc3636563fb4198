//! Poolers between this program and PostgreSQL, such as PgBouncer.
//!
//! In transaction mode a pooler runs the statements of one client on several connections of the server. A statement
//! that was prepared on one connection is missing on the next, unless the pooler prepares it again.

use sqlx::{AnyConnection, Connection, any::AnyConnectOptions};

/// SQLSTATE `duplicate_prepared_statement`.
const DUPLICATE_STATEMENT: &str = "42P05";
/// SQLSTATE `invalid_sql_statement_name`.
const MISSING_STATEMENT: &str = "26000";

/// Runs prepared statements on two connections in turn. Two clients of a pooler in transaction mode share a connection
/// of the server, and so the names of their statements.
pub(crate) async fn probe(options: &AnyConnectOptions) -> Result<(), sqlx::Error> {
    let mut one = AnyConnection::connect_with(options).await?;
    let mut other = AnyConnection::connect_with(options).await?;
    sqlx::query("SELECT CAST($1 AS BIGINT)").bind(1_i64).execute(&mut one).await?;
    sqlx::query("SELECT CAST($1 AS TEXT)").bind("1").execute(&mut other).await?;
    sqlx::query("SELECT CAST($1 AS BIGINT)").bind(1_i64).execute(&mut one).await?;
    one.close().await?;
    other.close().await
}

/// Returns what to set in a pooler that caused this error.
pub(crate) fn advice(error: &sqlx::Error) -> Option<&'static str> {
    let error = error.as_database_error()?;
    let code = error.code();
    if matches!(code.as_deref(), Some(DUPLICATE_STATEMENT | MISSING_STATEMENT)) {
        return Some(
            "a pooler such as PgBouncer in transaction mode lost a prepared statement: set `max_prepared_statements` \
             (PgBouncer 1.21 or later) or `pool_mode = session`",
        );
    }
    error.message().starts_with("unsupported startup parameter").then_some(
        "PgBouncer refuses a startup parameter: set `ignore_startup_parameters = extra_float_digits`, and none of the \
         `options` in the URL",
    )
}
