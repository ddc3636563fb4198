//! Administration and change of passwords.

use std::time::SystemTime;

use crate::{SqlUsers, StoreError, error::DriverResult, time::seconds, users::manage::NEXT_EPOCH};
use auth_runtime::{
    authenticate::AuthenticationError,
    client_ip::ClientAddress,
    users::{User, UserError},
};

/// Passwords of users.
impl SqlUsers {
    /// Replaces the password of a user, as an administrator does. Give it an expiry if another person than the user
    /// knows it.
    ///
    /// All tokens and sessions of the user end, and the throttle forgets the user's known addresses; see
    /// [`Throttle::forget_addresses`](auth_runtime::throttle::Throttle::forget_addresses). During an attack on the
    /// name, the user may have to wait before the next sign-in.
    ///
    /// # Errors
    /// [`StoreError::NoUser`]; [`StoreError::User`] if the password is not accepted; [`StoreError::Database`].
    pub async fn set_password(
        &self,
        name: &str,
        password: &str,
        expires_at: Option<SystemTime>,
    ) -> Result<(), StoreError> {
        let account = self.get(name).await?;
        let hash = self.0.passwords.hash(password, &account.name).await?;
        self.replace_hash(&account.name, &hash, expires_at, None).await?;
        self.forget_addresses(&account.name).await;
        Ok(())
    }

    /// Replaces a hash. With an old hash, only if it is still the current one. Returns whether it was replaced.
    async fn replace_hash(
        &self,
        name: &str,
        hash: &str,
        expires_at: Option<SystemTime>,
        old: Option<&str>,
    ) -> Result<bool, StoreError> {
        let replace = || async {
            let (mut change, id) = self.begin_change_of(name).await?;
            let of_old = if old.is_some() { "AND password_hash = ?" } else { "" };
            let sql = format!(
                "UPDATE auth_user SET password_hash = ?, password_expires_at = ?, {NEXT_EPOCH} WHERE id = ? {of_old}"
            );
            let user = change.query(&sql).bind(hash.to_owned()).bind(expires_at.map(seconds)).bind(id);
            let user = old.into_iter().fold(user, |user, old| user.bind(old.to_owned()));
            let is_replaced = change.execute(user).await.store_error()? > 0;
            change.commit().await?;
            Ok(is_replaced)
        };
        self.0.database.retry(replace).await
    }

    /// Replaces a user's own password. The user proves the current one (ASVS 6.2.3), and all tokens and sessions of the
    /// user end.
    ///
    /// The attempt counts like a sign-in from this address, in the
    /// [`Throttle`](auth_runtime::throttle::Throttle) of this store. It is counted before any hash is computed. An
    /// unknown name costs as much as a wrong password, and gets the same error.
    ///
    /// # Errors
    /// [`StoreError::TooManyAttempts`]; [`StoreError::WrongPassword`], also if the user is unknown or disabled, or has
    /// no password, an expired one, or one whose hash cannot be read here; [`StoreError::User`] if the new password is
    /// not accepted, with [`UserError::SamePassword`] if it equals the current one; [`StoreError::Database`].
    pub async fn change_password(
        &self,
        name: &str,
        client: ClientAddress,
        current: &str,
        new: &str,
    ) -> Result<(), StoreError> {
        // Before any hash is computed.
        self.0.passwords.check(new, name)?;
        let attempt = self.0.throttle.attempt(client, name).await.map_err(throttled)?;
        match self.proven(name, current).await {
            Ok(Some(user)) => {
                // The attempt ends last: attempts that come meanwhile wait, because each costs a hash.
                let outcome = self.replace_own(&user, current, new).await;
                if outcome.is_ok() {
                    attempt.replaced().await;
                } else {
                    attempt.succeeded().await;
                }
                outcome
            }
            Ok(None) => Err(StoreError::WrongPassword(name.to_owned())),
            Err(error) => {
                attempt.withdrawn().await;
                Err(error)
            }
        }
    }

    /// Returns the current user if the password is right and the user is not disabled. It computes one hash, also for
    /// an unknown user.
    async fn proven(&self, name: &str, password: &str) -> Result<Option<User>, StoreError> {
        let user = self.read_user(name).await?;
        let is_right = self.is_right(user.as_ref(), password).await?;
        Ok(user.filter(|user| is_right && !user.is_disabled()))
    }

    async fn replace_own(&self, user: &User, current: &str, new: &str) -> Result<(), StoreError> {
        if new == current {
            // Otherwise a password with an expiry would become permanent.
            return Err(UserError::SamePassword.into());
        }
        let hash = self.0.passwords.hash(new, user.name()).await?;
        let is_replaced = self.replace_hash(user.name(), &hash, None, Some(user.password_hash())).await?;
        // A reset by an administrator in the meantime wins.
        if is_replaced { Ok(()) } else { Err(StoreError::WrongPassword(user.name().to_owned())) }
    }

    /// Returns whether a password is right and has not expired, also for a disabled user. For administrators: it is
    /// neither throttled nor a sign-in. [`Basic`](auth_runtime::users::Basic) verifies callers.
    ///
    /// # Errors
    /// [`StoreError::NoUser`]; [`StoreError::User`] if the hash cannot be verified here; [`StoreError::Database`], also
    /// if too many verifications are waiting.
    pub async fn verify_password(&self, name: &str, password: &str) -> Result<bool, StoreError> {
        let user = self.read_user(name).await?.ok_or_else(|| StoreError::NoUser(name.to_owned()))?;
        if !user.password_hash().is_empty() {
            // A hash that cannot be verified, for want of its secret key, is an error and not a wrong password.
            self.0.passwords.check_hash(user.password_hash())?;
        }
        self.is_right(Some(&user), password).await
    }

    async fn is_right(&self, user: Option<&User>, password: &str) -> Result<bool, StoreError> {
        let is_good = self.0.passwords.is_right(password, user.map_or("", User::password_hash)).await;
        let is_good = is_good.map_err(|error| StoreError::Database(error.into()))?;
        Ok(is_good && user.is_some_and(|user| !user.is_password_expired(SystemTime::now())))
    }
}

fn throttled(error: AuthenticationError) -> StoreError {
    match error.retry_after() {
        Some(retry_after) => StoreError::TooManyAttempts { retry_after },
        None => StoreError::Database(error.into()),
    }
}
