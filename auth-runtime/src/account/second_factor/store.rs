//! The store of second factors.

use std::{fmt, future::Future, sync::Arc};

use super::RecoveryCodeHash;
use crate::authenticate::Unavailable;

/// A store of second factors: one row for each user, and the recovery codes.
///
/// The store gets secrets encrypted, if there is a [secret key](crate::password::Passwords::secret_key).
/// [`MemoryAccounts`](crate::account::MemoryAccounts) implements the store in memory, and `SqlUsers` of the crate
/// `auth-store` in a database. Each method must be atomic: of concurrent calls, only one returns true.
pub trait SecondFactorStore: Send + Sync + 'static {
    /// Returns the second factor of a user, active or not, without a cache.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer.
    fn second_factor(&self, subject: &str) -> impl Future<Output = Result<Option<SecondFactor>, Unavailable>> + Send;

    /// Stores a new secret that is not confirmed yet, replacing an earlier unconfirmed one. The active secret is not
    /// changed.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer.
    fn put_new_secret(&self, subject: &str, secret: &[u8]) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Activates the unconfirmed secret, if it is still this one and no secret is active. Returns whether it was
    /// activated.
    ///
    /// It sets the step of the last code, replaces all recovery codes, and changes the
    /// [version of the credentials](crate::users::User::credential_epoch). From then on,
    /// [`User::has_second_factor`](crate::users::User::has_second_factor) is true.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer.
    fn activate_secret(
        &self,
        subject: &str,
        secret: &[u8],
        step: u64,
        codes: &[RecoveryCodeHash],
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Records the time step of a code, if it is later than the recorded one and there is an active secret. Returns
    /// whether it was recorded.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer.
    fn use_step(&self, subject: &str, step: u64) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Deletes a recovery code. Returns whether this call deleted it.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer.
    fn use_recovery_code(
        &self,
        subject: &str,
        code: &RecoveryCodeHash,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Replaces all recovery codes, if there is an active secret. Returns whether they were replaced.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer.
    fn put_recovery_codes(
        &self,
        subject: &str,
        codes: &[RecoveryCodeHash],
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Deletes the second factor with its recovery codes, and changes the
    /// [version of the credentials](crate::users::User::credential_epoch). Returns whether there was an active one.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer.
    fn remove_second_factor(&self, subject: &str) -> impl Future<Output = Result<bool, Unavailable>> + Send;
}

/// The second factor of a user, as a store keeps it.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecondFactor {
    /// The active secret.
    pub secret: Option<Vec<u8>>,
    /// A new secret that the user has not confirmed with a code yet.
    pub new_secret: Option<Vec<u8>>,
    /// The number of recovery codes that are left.
    pub recovery_codes: usize,
}

/// Omits the secrets.
impl fmt::Debug for SecondFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecondFactor")
            .field("is_active", &self.secret.is_some())
            .field("recovery_codes", &self.recovery_codes)
            .finish_non_exhaustive()
    }
}

impl<S: SecondFactorStore> SecondFactorStore for Arc<S> {
    async fn second_factor(&self, subject: &str) -> Result<Option<SecondFactor>, Unavailable> {
        S::second_factor(self, subject).await
    }

    async fn put_new_secret(&self, subject: &str, secret: &[u8]) -> Result<(), Unavailable> {
        S::put_new_secret(self, subject, secret).await
    }

    async fn activate_secret(
        &self,
        subject: &str,
        secret: &[u8],
        step: u64,
        codes: &[RecoveryCodeHash],
    ) -> Result<bool, Unavailable> {
        S::activate_secret(self, subject, secret, step, codes).await
    }

    async fn use_step(&self, subject: &str, step: u64) -> Result<bool, Unavailable> {
        S::use_step(self, subject, step).await
    }

    async fn use_recovery_code(&self, subject: &str, code: &RecoveryCodeHash) -> Result<bool, Unavailable> {
        S::use_recovery_code(self, subject, code).await
    }

    async fn put_recovery_codes(&self, subject: &str, codes: &[RecoveryCodeHash]) -> Result<bool, Unavailable> {
        S::put_recovery_codes(self, subject, codes).await
    }

    async fn remove_second_factor(&self, subject: &str) -> Result<bool, Unavailable> {
        S::remove_second_factor(self, subject).await
    }
}
