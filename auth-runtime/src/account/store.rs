//! The store of users who manage their own account.

use std::{future::Future, sync::Arc};

use super::{EmailAddress, OneTimeTokenHash, OneTimeTokenStore};
use crate::{
    authenticate::Unavailable,
    users::{User, UserStore},
};

/// A store whose users reset their passwords and verify their e-mail addresses.
///
/// [`MemoryAccounts`](super::MemoryAccounts) implements it in memory, and `SqlUsers` of the crate `auth-store` in a
/// database. None of these methods may read from a cache.
pub trait AccountStore: UserStore + OneTimeTokenStore {
    /// Returns the user with this subject as the store has it now; `None` if there is none.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer.
    fn current_user(&self, subject: &str) -> impl Future<Output = Result<Option<User>, Unavailable>> + Send;

    /// Returns the users with this [verified address](User::verified_email), compared by [`EmailAddress::folded`]; 10
    /// at most.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer.
    fn users_with_email(&self, address: &EmailAddress) -> impl Future<Output = Result<Vec<User>, Unavailable>> + Send;

    /// Replaces the password hash of a user, if the version of the credentials is still that of this `User`. Returns
    /// whether it was replaced.
    ///
    /// It must also change the [version of the credentials](User::credential_epoch), so that all tokens and sessions of
    /// the user end; remove the expiry of the password; and call
    /// [`Throttle::forget_addresses`](crate::throttle::Throttle::forget_addresses).
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer.
    fn replace_password(&self, user: &User, hash: &str) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Sets the verified address of a user, if the version of the credentials is still that of this `User`. Returns
    /// whether it was set.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer.
    fn verify_email(
        &self,
        user: &User,
        address: &EmailAddress,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Consumes the link with this hash, and [replaces the password](Self::replace_password). Returns whether both were
    /// done.
    ///
    /// By default, it consumes the link first, so a process that dies in between wastes it. A store should do both in
    /// one transaction.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer.
    fn replace_password_by_link(
        &self,
        link: &OneTimeTokenHash,
        user: &User,
        hash: &str,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send {
        async move { Ok(self.consume_token(link).await? && self.replace_password(user, hash).await?) }
    }

    /// Consumes the link with this hash, and [sets the verified address](Self::verify_email). Returns whether both were
    /// done.
    ///
    /// By default, it consumes the link first, as [`replace_password_by_link`](Self::replace_password_by_link).
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer.
    fn verify_email_by_link(
        &self,
        link: &OneTimeTokenHash,
        user: &User,
        address: &EmailAddress,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send {
        async move { Ok(self.consume_token(link).await? && self.verify_email(user, address).await?) }
    }
}

impl<S: AccountStore> AccountStore for Arc<S> {
    async fn current_user(&self, subject: &str) -> Result<Option<User>, Unavailable> {
        S::current_user(self, subject).await
    }

    async fn users_with_email(&self, address: &EmailAddress) -> Result<Vec<User>, Unavailable> {
        S::users_with_email(self, address).await
    }

    async fn replace_password(&self, user: &User, hash: &str) -> Result<bool, Unavailable> {
        S::replace_password(self, user, hash).await
    }

    async fn verify_email(&self, user: &User, address: &EmailAddress) -> Result<bool, Unavailable> {
        S::verify_email(self, user, address).await
    }
    async fn replace_password_by_link(
        &self,
        link: &OneTimeTokenHash,
        user: &User,
        hash: &str,
    ) -> Result<bool, Unavailable> {
        S::replace_password_by_link(self, link, user, hash).await
    }

    async fn verify_email_by_link(
        &self,
        link: &OneTimeTokenHash,
        user: &User,
        address: &EmailAddress,
    ) -> Result<bool, Unavailable> {
        S::verify_email_by_link(self, link, user, address).await
    }
}
