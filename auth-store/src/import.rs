//! Many users at once.

use std::collections::HashSet;

use sqlx::{AnyConnection, Row};

use crate::{
    NewUser, SqlUsers, StoreError,
    database::Database,
    dialect::{is_conflict, placeholders},
    error::FromDriver,
    users::{Checked, insert, is_taken},
};
use auth_runtime::users::UserError;

/// How often a batch is tried again if another process adds the same users at the same time.
const TRIES: usize = 5;

/// What became of one user of [`SqlUsers::import`].
pub type ImportOutcome = Result<(), StoreError>;

impl SqlUsers {
    /// Adds many users in one transaction: what is good of them is there when this returns, and stays there; what is not
    /// says why, in the order in which they were given. Give some hundreds at once: each transaction costs as much as a
    /// single user.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// use auth_store::{NewUser, SqlUsers};
    ///
    /// let users = SqlUsers::connect("sqlite::memory:").await?;
    /// let hash = "$2b$12$EuZvjQ0pG5Lh8cXcG0GxUOW1wmKxBqk0zHqB1nPy8yZ6r1y7VbYxK"; // of the system before
    /// let batch = vec![NewUser::new("alice").password_hash(hash), NewUser::new("a:b"), NewUser::new("Alice")];
    /// let outcomes = users.import(batch).await?;
    /// assert!(outcomes[0].is_ok() && outcomes[1].is_err() && outcomes[2].is_err());
    /// # Ok::<(), auth_store::StoreError>(()) }).unwrap();
    /// ```
    ///
    /// Users with a password in place of a hash are accepted; each takes the time of a hash.
    ///
    /// # Errors
    /// [`StoreError::Database`], and none of them was added; or all that are good were, if it is the answer to the commit
    /// that did not come. Give them again to find out: those that are there are [`UserError::Taken`].
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
        // Two who add the same users wait for one another in one order.
        good.sort_by(|(_, one), (_, other)| one.user.name.cmp(&other.user.name));
        for (index, error) in self.add_new(&good).await? {
            outcomes[index] = Err(error.into());
        }
        for (index, name) in again {
            outcomes[index] = Err(UserError::Taken(name).into());
        }
        Ok(outcomes)
    }

    /// Adds those who are not there; gives the others, by their position.
    async fn add_new(&self, users: &[(usize, Checked)]) -> Result<Vec<(usize, UserError)>, StoreError> {
        let mut tries = 0;
        loop {
            match self.0.database.within(self.try_to_add_new(users)).await {
                Ok(refused) => return Ok(refused),
                // Another process was faster: its users are there now, and are found.
                Err(error) if (is_taken(&error) || is_conflict(&error)) && tries < TRIES => {}
                Err(error) => return Err(StoreError::from_driver(error)),
            }
            tries += 1;
        }
    }

    async fn try_to_add_new(&self, users: &[(usize, Checked)]) -> Result<Vec<(usize, UserError)>, sqlx::Error> {
        let database = &self.0.database;
        let mut transaction = database.begin().await?;
        let mut refused = Vec::new();
        let mut new: Vec<&Checked> = Vec::with_capacity(users.len());
        for users in users.chunks(1000) {
            let known = known(database, &mut transaction, users).await?;
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
            insert(database, &mut transaction, users).await?;
        }
        transaction.commit().await?;
        Ok(refused)
    }
}

/// Which of these names users have.
async fn known(
    database: &Database,
    connection: &mut AnyConnection,
    users: &[(usize, Checked)],
) -> Result<HashSet<String>, sqlx::Error> {
    let sql = format!("SELECT name FROM auth_user WHERE name IN ({})", placeholders(users.len()));
    let query = users.iter().fold(database.query(&sql), |query, (_, checked)| query.bind(checked.user.name.clone()));
    query.fetch_all(connection).await?.iter().map(|row| row.try_get(0)).collect()
}
