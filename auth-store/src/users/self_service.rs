//! Users who reset their passwords and verify their e-mail addresses.

use sqlx::Row;

use crate::{SqlUsers, StoreError, error::DriverResult, sql::change::Change, users::manage::NEXT_EPOCH};
use auth_runtime::{
    account::{AccountStore, EmailAddress},
    authenticate::Unavailable,
    users::User,
};

/// The greatest number of users with one address that get a mail.
const MAX_USERS: i64 = 10;
/// No user changes who was disabled or has other credentials since.
const UNCHANGED: &str = "subject = ? AND credential_epoch = ? AND disabled = 0";

impl AccountStore for SqlUsers {
    async fn current_user(&self, subject: &str) -> Result<Option<User>, Unavailable> {
        if subject.contains('\0') {
            return Ok(None);
        }
        Ok(self.read_user_by("subject", subject).await?)
    }

    async fn users_with_email(&self, address: &EmailAddress) -> Result<Vec<User>, Unavailable> {
        let database = &self.0.database;
        let names = || {
            let sql = "SELECT name FROM auth_user WHERE verified_email = ? ORDER BY name LIMIT ?";
            database.query(sql).bind(address.folded()).bind(MAX_USERS).fetch_all(database.pool())
        };
        let mut users = Vec::new();
        for row in database.retry(names).await.store_error()? {
            users.extend(self.read_user(&row.try_get::<String, _>(0).store_error()?).await?);
        }
        Ok(users)
    }

    async fn replace_password(&self, user: &User, hash: &str) -> Result<bool, Unavailable> {
        let sql = format!(
            "UPDATE auth_user SET password_hash = ?, password_expires_at = NULL, {NEXT_EPOCH} WHERE {UNCHANGED}"
        );
        let is_replaced = self.change_unchanged(user, &sql, &[hash]).await?;
        self.0.throttle.forget_addresses(user.name()).await?;
        Ok(is_replaced)
    }

    async fn verify_email(&self, user: &User, address: &EmailAddress) -> Result<bool, Unavailable> {
        let sql = format!("UPDATE auth_user SET email = ?, verified_email = ? WHERE {UNCHANGED}");
        Ok(self.change_unchanged(user, &sql, &[address.as_str(), &address.folded()]).await?)
    }
}

impl SqlUsers {
    /// Changes a user whose credentials are still those of this `User`. Returns whether there is one.
    async fn change_unchanged(&self, user: &User, sql: &str, values: &[&str]) -> Result<bool, StoreError> {
        let epoch = i64::try_from(user.current_epoch()).unwrap_or(i64::MAX);
        let replace = || async {
            let mut change: Change<'_> = self.begin_change().await?;
            let query = values.iter().fold(change.query(sql), |query, value| query.bind((*value).to_owned()));
            let query = query.bind(user.subject().to_owned()).bind(epoch);
            let is_changed = change.execute(query).await.store_error()? > 0;
            change.commit().await?;
            Ok(is_changed)
        };
        self.0.database.retry(replace).await
    }
}
