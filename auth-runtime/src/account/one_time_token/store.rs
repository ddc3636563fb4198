//! The store of one-time tokens, and its records.

use std::{future::Future, sync::Arc, time::SystemTime};

use super::{OneTimeTokenHash, Purpose};
use crate::authenticate::Unavailable;

/// A store of one-time tokens. It keeps one row for each purpose and subject.
///
/// [`MemoryAccounts`](crate::account::MemoryAccounts) implements it in memory, and `SqlUsers` of the crate `auth-store`
/// in a database.
pub trait OneTimeTokenStore: Send + Sync + 'static {
    /// Stores a token, replacing an earlier one with the same purpose and subject.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer.
    fn put_token(&self, record: OneTimeTokenRecord) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Returns the token with this hash, even if it has expired.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer.
    fn find_token(
        &self,
        hash: &OneTimeTokenHash,
    ) -> impl Future<Output = Result<Option<OneTimeTokenRecord>, Unavailable>> + Send;

    /// Deletes the token with this hash, and returns whether this call deleted it.
    ///
    /// Of several concurrent calls, only one returns true. In a database, use one `DELETE` and its number of rows.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer.
    fn consume_token(&self, hash: &OneTimeTokenHash) -> impl Future<Output = Result<bool, Unavailable>> + Send;
}

/// A one-time token, without the token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OneTimeTokenRecord {
    /// The hash of the token.
    pub hash: OneTimeTokenHash,
    /// The purpose of the token.
    pub purpose: Purpose,
    /// The subject of the user.
    pub subject: String,
    /// The address that the mail was sent to. For a password reset, it must still be the user's verified address.
    pub address: String,
    /// The [version of the credentials](crate::users::User::current_epoch) of the user. The token is valid only while
    /// it is unchanged.
    pub credential_epoch: u64,
    /// The time at which the token expires.
    pub expires_at: SystemTime,
}

impl OneTimeTokenRecord {
    /// Creates a record, as a store reads it from a row.
    #[must_use]
    pub fn new(hash: OneTimeTokenHash, purpose: Purpose, subject: String, expires_at: SystemTime) -> Self {
        Self { hash, purpose, subject, address: String::new(), credential_epoch: 0, expires_at }
    }

    /// Sets the address that the mail was sent to.
    #[must_use]
    pub fn address(self, address: impl Into<String>) -> Self {
        Self { address: address.into(), ..self }
    }

    /// Sets the version of the credentials of the user.
    #[must_use]
    pub fn credential_epoch(self, credential_epoch: u64) -> Self {
        Self { credential_epoch, ..self }
    }
}

impl<S: OneTimeTokenStore> OneTimeTokenStore for Arc<S> {
    async fn put_token(&self, record: OneTimeTokenRecord) -> Result<(), Unavailable> {
        S::put_token(self, record).await
    }

    async fn find_token(&self, hash: &OneTimeTokenHash) -> Result<Option<OneTimeTokenRecord>, Unavailable> {
        S::find_token(self, hash).await
    }

    async fn consume_token(&self, hash: &OneTimeTokenHash) -> Result<bool, Unavailable> {
        S::consume_token(self, hash).await
    }
}
