//! Users who reset their passwords and verify their e-mail addresses.

use sqlx::Row;

use super::{manage::NEXT_EPOCH, one_time_tokens::CONSUME};
use crate::{SqlUsers, StoreError, error::DriverResult, sql::change::Change};
use auth_runtime::{
    account::{AccountStore, EmailAddress, OneTimeTokenHash},
    authenticate::Unavailable,
    users::User,
};

/// The greatest number of users with one address that get a mail.
const MAX_USERS: i64 = 10;
/// Matches a user who is enabled and still has these credentials.
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
        self.set_password_hash(user, hash, None).await
    }

    async fn verify_email(&self, user: &User, address: &EmailAddress) -> Result<bool, Unavailable> {
        self.set_verified_email(user, address, None).await
    }

    async fn replace_password_by_link(
        &self,
        link: &OneTimeTokenHash,
        user: &User,
        hash: &str,
    ) -> Result<bool, Unavailable> {
        self.set_password_hash(user, hash, Some(link)).await
    }

    async fn verify_email_by_link(
        &self,
        link: &OneTimeTokenHash,
        user: &User,
        address: &EmailAddress,
    ) -> Result<bool, Unavailable> {
        self.set_verified_email(user, address, Some(link)).await
    }
}

impl SqlUsers {
    async fn set_password_hash(
        &self,
        user: &User,
        hash: &str,
        link: Option<&OneTimeTokenHash>,
    ) -> Result<bool, Unavailable> {
        let sql = format!(
            "UPDATE auth_user SET password_hash = ?, password_expires_at = NULL, {NEXT_EPOCH} WHERE {UNCHANGED}"
        );
        let is_replaced = self.change_unchanged(user, &sql, &[hash], link).await?;
        if is_replaced {
            self.forget_addresses(user.name()).await;
        }
        Ok(is_replaced)
    }

    async fn set_verified_email(
        &self,
        user: &User,
        address: &EmailAddress,
        link: Option<&OneTimeTokenHash>,
    ) -> Result<bool, Unavailable> {
        let sql = format!("UPDATE auth_user SET email = ?, verified_email = ? WHERE {UNCHANGED}");
        Ok(self.change_unchanged(user, &sql, &[address.as_str(), &address.folded()], link).await?)
    }

    /// Changes a user whose credentials are still those of this `User`, and consumes the link, in one transaction.
    /// Returns whether both were done.
    async fn change_unchanged(
        &self,
        user: &User,
        sql: &str,
        values: &[&str],
        link: Option<&OneTimeTokenHash>,
    ) -> Result<bool, StoreError> {
        let epoch = i64::try_from(user.current_epoch()).unwrap_or(i64::MAX);
        let replace = || async {
            let mut change: Change<'_> = self.begin_change().await?;
            let query = values.iter().fold(change.query(sql), |query, value| query.bind((*value).to_owned()));
            let query = query.bind(user.subject().to_owned()).bind(epoch);
            let is_changed = change.execute(query).await.store_error()? > 0;
            // After the user: a new link locks the rows in this order too.
            if !is_changed || !consume(&mut change, link).await? {
                change.rollback().await?;
                return Ok(false);
            }
            change.commit().await?;
            Ok(true)
        };
        self.0.database.retry(replace).await
    }
}

/// Deletes the row of a link. Returns whether it was there; true without a link.
async fn consume(change: &mut Change<'_>, link: Option<&OneTimeTokenHash>) -> Result<bool, StoreError> {
    let Some(link) = link else { return Ok(true) };
    let query = change.query(CONSUME).bind(link.as_bytes().to_vec());
    Ok(change.execute(query).await.store_error()? > 0)
}
