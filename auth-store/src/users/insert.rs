//! The statements that insert users, with their roles and permissions.

use std::collections::HashMap;

use sqlx::{AnyConnection, Row};

use crate::{
    NewUser, StoreError,
    error::FromDriver,
    sql::{database::Database, dialect::placeholders},
    time::{now, seconds},
    users::declared_names::Kind,
};
use auth_runtime::users::UserError;

/// A user that passed all checks, with a hash in place of the password.
#[derive(Clone, Debug)]
pub(crate) struct Checked {
    pub(crate) subject: String,
    pub(crate) user: NewUser,
    pub(crate) password_hash: Option<String>,
}

/// Inserts users with their roles and permissions.
pub(crate) async fn insert(
    database: &Database,
    connection: &mut AnyConnection,
    users: &[&Checked],
) -> Result<(), sqlx::Error> {
    const VALUES: &str = "(?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let values = vec![VALUES; users.len()].join(", ");
    let mut query = database.query(&format!(
        "INSERT INTO auth_user (subject, name, display_name, email, verified_email, password_hash, password_expires_at, \
         disabled, created_at) VALUES {values}"
    ));
    for Checked { subject, user, password_hash } in users.iter().copied() {
        query = query
            .bind(subject.clone())
            .bind(user.name.clone())
            .bind(user.display_name.clone())
            .bind(user.email.clone())
            .bind(verified(user.email.as_deref(), user.is_email_verified));
        query = query.bind(password_hash.clone()).bind(user.password_expires_at.map(seconds));
        query = query.bind(i16::from(user.disabled)).bind(now());
    }
    query.execute(&mut *connection).await?;

    let ids = ids(database, connection, users).await?;
    for kind in Kind::ALL {
        let named = users.iter().flat_map(|checked| {
            let id = ids.get(&checked.user.name).copied();
            kind.of(&checked.user).iter().filter_map(move |name| Some((id?, name.clone())))
        });
        insert_names(database, connection, kind, &named.collect::<Vec<_>>()).await?;
    }
    Ok(())
}

/// Returns the value of the column `verified_email`: the form by which addresses are compared.
pub(crate) fn verified(email: Option<&str>, is_verified: bool) -> Option<String> {
    email.filter(|email| is_verified && !email.is_empty()).map(str::to_ascii_lowercase)
}

/// Returns the primary keys of users that were just inserted.
async fn ids(
    database: &Database,
    connection: &mut AnyConnection,
    users: &[&Checked],
) -> Result<HashMap<String, i64>, sqlx::Error> {
    let sql = format!("SELECT id, name FROM auth_user WHERE name IN ({})", placeholders(users.len()));
    let query = users.iter().fold(database.query(&sql), |query, checked| query.bind(checked.user.name.clone()));
    let rows = query.fetch_all(connection).await?;
    rows.iter().map(|row| Ok((row.try_get("name")?, row.try_get("id")?))).collect()
}

/// Inserts roles or permissions, each with the primary key of its user.
pub(crate) async fn insert_names(
    database: &Database,
    connection: &mut AnyConnection,
    kind: Kind,
    names: &[(i64, String)],
) -> Result<(), sqlx::Error> {
    // SQLite allows 32,766 values in one statement, the others more.
    for names in names.chunks(10_000) {
        let values = vec!["(?, ?)"; names.len()].join(", ");
        let sql = format!("INSERT INTO {} (user_id, {}) VALUES {values}", kind.table(), kind.column());
        let query = names.iter().fold(database.query(&sql), |query, (id, name)| query.bind(*id).bind(name.clone()));
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Returns whether a unique value exists already.
pub(crate) fn is_taken(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

pub(crate) fn taken(error: sqlx::Error, name: &str) -> StoreError {
    if is_taken(&error) { UserError::Taken(name.to_owned()).into() } else { StoreError::from_driver(error) }
}
