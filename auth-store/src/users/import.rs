//! Adding many users in one transaction.

use std::collections::HashSet;

use sqlx::{AnyConnection, Row};

use crate::{
    NewUser, SqlUsers, StoreError,
    error::DriverResult,
    sql::{
        database::Database,
        dialect::{is_conflict, placeholders},
    },
    users::insert::{Checked, insert, is_taken},
};
use auth_runtime::users::UserError;

/// The outcome of one user in [`SqlUsers::import`].
pub type ImportOutcome = Result<(), StoreError>;

impl SqlUsers {
    /// Adds many users in one transaction, and returns an outcome for each, in their order. A refused user keeps no
    /// other user out. Give some hundreds at once: each transaction costs as much as a single user.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// use auth_store::{NewUser, SqlUsers};
    ///
    /// let users = SqlUsers::connect("sqlite::memory:").await?;
    /// let hash = "$2b$12$EuZvjQ0pG5Lh8cXcG0GxUOW1wmKxBqk0zHqB1nPy8yZ6r1y7VbYxK"; // from the old system
    /// let batch = vec![NewUser::new("alice").password_hash(hash), NewUser::new("a:b"), NewUser::new("Alice")];
    /// let outcomes = users.import(batch).await?;
    /// assert!(outcomes[0].is_ok() && outcomes[1].is_err() && outcomes[2].is_err());
    /// # Ok::<(), auth_store::StoreError>(()) }).unwrap();
    /// ```
    ///
    /// A user with a password in place of a hash takes the time of one hash.
    ///
    /// # Errors
    /// [`StoreError::Database`], or [`StoreError::User`] if a password cannot be checked or hashed now: no user was
    /// added. If only the answer to the commit was lost, the users were added. Import them again to find out: users
    /// that exist are [`UserError::Taken`].
    pub async fn import(&self, users: Vec<NewUser>) -> Result<Vec<ImportOutcome>, StoreError> {
        let mut outcomes = Vec::with_capacity(users.len());
        let mut good = Vec::new();
        let mut names: HashSet<String> = HashSet::new();
        let mut again = Vec::new();
        for (index, user) in users.into_iter().enumerate() {
            let outcome = match self.checked(user).await {
                Ok(checked) => {
                    if names.insert(checked.user.name.clone()) {
                        good.push((index, checked));
                    } else {
                        again.push((index, checked.user.name));
                    }
                    Ok(())
                }
                Err(error) if error.is_unavailable() => return Err(error),
                Err(error) => Err(error),
            };
            outcomes.push(outcome);
        }
        // In one order, so that two imports of the same users do not deadlock.
        good.sort_by(|(_, one), (_, other)| one.user.name.cmp(&other.user.name));
        for (index, error) in self.add_new(&good).await? {
            outcomes[index] = Err(error.into());
        }
        for (index, name) in again {
            outcomes[index] = Err(UserError::Taken(name).into());
        }
        Ok(outcomes)
    }

    /// Adds the users that do not exist. Returns the others by their position.
    async fn add_new(&self, users: &[(usize, Checked)]) -> Result<Vec<(usize, UserError)>, StoreError> {
        // If another process was faster, the next try finds its users.
        let is_raced = |error: &sqlx::Error| is_taken(error) || is_conflict(error);
        let add = |()| async { ((), self.try_to_add_new(users).await) };
        self.0.database.retry_with((), add, is_raced).await.store_error()
    }

    async fn try_to_add_new(&self, users: &[(usize, Checked)]) -> Result<Vec<(usize, UserError)>, sqlx::Error> {
        let database = &self.0.database;
        let mut transaction = database.begin().await?;
        let mut refused = Vec::new();
        let mut new: Vec<&Checked> = Vec::with_capacity(users.len());
        for users in users.chunks(1000) {
            let known = known(database, transaction.connection(), users).await?;
            for (index, checked) in users {
                let name = &checked.user.name;
                if known.contains(name) {
                    refused.push((*index, UserError::Taken(name.clone())));
                } else {
                    new.push(checked);
                }
            }
        }
        for users in new.chunks(1000) {
            insert(database, transaction.connection(), users).await?;
        }
        transaction.commit().await?;
        Ok(refused)
    }
}

/// Returns the names among these that exist.
async fn known(
    database: &Database,
    connection: &mut AnyConnection,
    users: &[(usize, Checked)],
) -> Result<HashSet<String>, sqlx::Error> {
    let sql = format!("SELECT name FROM auth_user WHERE name IN ({})", placeholders(users.len()));
    let query = users.iter().fold(database.query(&sql), |query, (_, checked)| query.bind(checked.user.name.clone()));
    query.fetch_all(connection).await?.iter().map(|row| row.try_get(0)).collect()
}
