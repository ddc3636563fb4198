//! Names of users who were deleted. They are subjects, which are never given to somebody else (OpenID Connect Core 1.0,
//! section 2, `sub`): what an application keeps for one would be another's.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use sqlx::{AnyConnection, Row};

use crate::{
    SqlUsers, StoreError, database::Database, dialect::placeholders, error::DriverResult, normalize_name, time::now,
    transaction::Change,
};

/// What is kept of a name: a person who was deleted need not be named.
fn kept(name: &str) -> Vec<u8> {
    Sha256::digest(name).to_vec()
}

/// Former users.
impl SqlUsers {
    /// Whether a user of this name was deleted.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn is_former_name(&self, name: &str) -> Result<bool, StoreError> {
        let Ok(name) = normalize_name(name) else { return Ok(false) };
        let database = &self.0.database;
        let read = async {
            let mut connection = database.pool().acquire().await?;
            former(database, &mut connection, [name.as_str()], "").await
        };
        Ok(!database.within(read).await.store_error()?.is_empty())
    }
}

/// Which of these names are those of former users, as far as one can see before they are taken.
pub(crate) async fn seen_former<'a>(
    database: &Database,
    connection: &mut AnyConnection,
    names: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<&'a str>, sqlx::Error> {
    former(database, connection, names, "").await
}

/// The same when users of these names were added, so that nobody else can be: whoever had the name before was deleted, and
/// that is committed. Read so that it is seen, whatever the transaction has read before.
pub(crate) async fn sure_former<'a>(
    database: &Database,
    connection: &mut AnyConnection,
    names: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<&'a str>, sqlx::Error> {
    former(database, connection, names, database.dialect.for_update()).await
}

async fn former<'a>(
    database: &Database,
    connection: &mut AnyConnection,
    names: impl IntoIterator<Item = &'a str>,
    lock: &str,
) -> Result<Vec<&'a str>, sqlx::Error> {
    let names: HashMap<Vec<u8>, &str> = names.into_iter().map(|name| (kept(name), name)).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let sql =
        format!("SELECT name_sha256 FROM auth_former_user WHERE name_sha256 IN ({}){lock}", placeholders(names.len()));
    let query = names.keys().fold(database.query(&sql), |query, kept| query.bind(kept.clone()));
    let rows = query.fetch_all(connection).await?;
    let found = rows.iter().map(|row| Ok(names.get(&row.try_get::<Vec<u8>, _>(0)?).copied()));
    found.filter_map(Result::transpose).collect()
}

impl Change<'_> {
    /// Keeps the name of a user from others, in the transaction that deletes the user.
    pub(crate) async fn reserve(&mut self, name: &str) -> Result<(), sqlx::Error> {
        let unless_there = self.dialect().unless_there("deleted_at");
        let sql = format!("INSERT INTO auth_former_user (name_sha256, deleted_at) VALUES (?, ?) {unless_there}");
        let query = self.query(&sql).bind(kept(name)).bind(now());
        self.execute(query).await.map(drop)
    }
}
