//! Enrols a second factor, verifies its codes, and removes it.

use std::{future::Future, time::SystemTime};

use zeroize::Zeroizing;

use super::{
    super::{AccountError, AccountStore, MailTexts, SelfService},
    Enrolment, RecoveryCodeHash, RecoveryCodes, SecondFactor, SecondFactorStore, TotpSecret,
};
use crate::{authenticate::Unavailable, client_ip::ClientAddress, users::User};

/// The authentication context class of a sign-in with password and second factor: `acr("mfa")` in a rule.
pub const MFA: &str = "mfa";

/// A second factor.
///
/// Codes are those of RFC 6238: six digits, 30 seconds. A code is valid once, and up to 30 seconds early or late. Three
/// wrong codes from one client lead to a lockout. For one user, ten wrong codes are possible in an hour, and ten more
/// from each [known address](crate::throttle#known-addresses).
impl<S: AccountStore + SecondFactorStore> SelfService<S> {
    /// Begins the enrolment of an authenticator app, replacing an unconfirmed enrolment.
    ///
    /// Require a recent sign-in for it. Otherwise an attacker with a stolen session could lock the user out.
    ///
    /// # Errors
    /// [`AccountError::NoUser`]; [`AccountError::HasSecondFactor`]: remove it first, which needs a code;
    /// [`AccountError::Unavailable`].
    pub async fn begin_enrolment(&self, subject: &str) -> Result<Enrolment, AccountError> {
        let user = self.user(subject).await?;
        if self.factor(subject).await?.secret.is_some() {
            return Err(AccountError::HasSecondFactor);
        }
        let secret = TotpSecret::generate()?;
        let sealed = self.0.seal.seal(secret.as_bytes(), subject.as_bytes())?;
        self.0.store.put_new_secret(subject, &sealed).await?;
        Ok(Enrolment::new(&secret, &self.0.application, user.name())?)
    }

    /// Returns the unconfirmed enrolment, to show it again after a wrong code; `None` if there is none.
    ///
    /// # Errors
    /// [`AccountError::NoUser`]; [`AccountError::Unavailable`].
    pub async fn enrolment(&self, subject: &str) -> Result<Option<Enrolment>, AccountError> {
        let user = self.user(subject).await?;
        let Some(sealed) = self.factor(subject).await?.new_secret else { return Ok(None) };
        let secret = self.open_secret(subject, &sealed)?;
        Ok(Some(Enrolment::new(&secret, &self.0.application, user.name())?))
    }

    /// Confirms an enrolment with the first code of the app, and returns the recovery codes. Show them once.
    ///
    /// All tokens and sessions of the user end, and sign-ins need a code from now on. The user is notified by mail.
    ///
    /// # Errors
    /// [`AccountError::Code`] if the code is wrong, or no enrolment was begun; [`AccountError::TooManyAttempts`];
    /// [`AccountError::NoUser`]; [`AccountError::Unavailable`].
    pub async fn confirm_enrolment(
        &self,
        client: ClientAddress,
        subject: &str,
        code: &str,
    ) -> Result<RecoveryCodes, AccountError> {
        let user = self.user(subject).await?;
        let codes = self.throttled(client, subject, self.activate(subject, code)).await?;
        tracing::info!(?subject, "second factor added");
        self.notify(&user, MailTexts::second_factor_added);
        Ok(codes)
    }

    async fn activate(&self, subject: &str, code: &str) -> Result<Option<RecoveryCodes>, AccountError> {
        let Some(sealed) = self.factor(subject).await?.new_secret else { return Ok(None) };
        let Some(step) = self.open_secret(subject, &sealed)?.step_of(code, now()?) else { return Ok(None) };
        let codes = RecoveryCodes::generate()?;
        let is_active = self.0.store.activate_secret(subject, &sealed, step, &codes.hashes()).await?;
        Ok(is_active.then_some(codes))
    }

    /// Verifies a code of the app, or a recovery code, and returns the user. Call it after the password was verified.
    ///
    /// # Errors
    /// [`AccountError::Code`] if the code is wrong or was used; [`AccountError::TooManyAttempts`];
    /// [`AccountError::NoUser`]; [`AccountError::Unavailable`].
    pub async fn verify_code(&self, client: ClientAddress, subject: &str, code: &str) -> Result<User, AccountError> {
        let user = self.user(subject).await?;
        self.throttled(client, subject, self.use_code(&user, code)).await?;
        Ok(user)
    }

    async fn use_code(&self, user: &User, code: &str) -> Result<Option<()>, AccountError> {
        let subject = user.subject();
        if let Some(hash) = RecoveryCodeHash::of(code) {
            let is_used = self.0.store.use_recovery_code(subject, &hash).await?;
            if is_used {
                tracing::info!(?subject, "recovery code used");
                self.notify(user, MailTexts::recovery_code_used);
            }
            return Ok(is_used.then_some(()));
        }
        let Some(sealed) = self.factor(subject).await?.secret else { return Ok(None) };
        let Some(step) = self.open_secret(subject, &sealed)?.step_of(code, now()?) else { return Ok(None) };
        Ok(self.0.store.use_step(subject, step).await?.then_some(()))
    }

    /// Replaces the recovery codes, if `code` is right, and returns the new ones. Show them once.
    ///
    /// # Errors
    /// As [`verify_code`](Self::verify_code).
    pub async fn new_recovery_codes(
        &self,
        client: ClientAddress,
        subject: &str,
        code: &str,
    ) -> Result<RecoveryCodes, AccountError> {
        self.verify_code(client, subject, code).await?;
        let codes = RecoveryCodes::generate()?;
        if self.0.store.put_recovery_codes(subject, &codes.hashes()).await? {
            Ok(codes)
        } else {
            Err(AccountError::Code)
        }
    }

    /// Removes the second factor, if `code` is right. All tokens and sessions of the user end, and the user is notified
    /// by mail.
    ///
    /// # Errors
    /// As [`verify_code`](Self::verify_code).
    pub async fn remove_second_factor(
        &self,
        client: ClientAddress,
        subject: &str,
        code: &str,
    ) -> Result<(), AccountError> {
        let user = self.verify_code(client, subject, code).await?;
        if self.0.store.remove_second_factor(subject).await? {
            tracing::info!(?subject, "second factor removed");
            self.notify(&user, MailTexts::second_factor_removed);
        }
        Ok(())
    }

    /// Returns the number of recovery codes that are left; `None` for a user without a second factor.
    ///
    /// # Errors
    /// [`AccountError::Unavailable`].
    pub async fn recovery_codes_left(&self, subject: &str) -> Result<Option<usize>, AccountError> {
        let factor = self.factor(subject).await?;
        Ok(factor.secret.map(|_| factor.recovery_codes))
    }

    async fn user(&self, subject: &str) -> Result<User, AccountError> {
        let user = self.0.store.current_user(subject).await?;
        user.filter(|user| !user.is_disabled()).ok_or(AccountError::NoUser)
    }

    async fn factor(&self, subject: &str) -> Result<SecondFactor, Unavailable> {
        Ok(self.0.store.second_factor(subject).await?.unwrap_or_default())
    }

    pub(in super::super) fn open_secret(&self, subject: &str, sealed: &[u8]) -> Result<TotpSecret, Unavailable> {
        let secret: Zeroizing<Vec<u8>> = self.0.seal.open(sealed, subject.as_bytes())?;
        TotpSecret::from_bytes(&secret)
    }

    /// Counts an attempt before a code is verified. Only a wrong code stays counted.
    async fn throttled<T>(
        &self,
        client: ClientAddress,
        subject: &str,
        verify: impl Future<Output = Result<Option<T>, AccountError>>,
    ) -> Result<T, AccountError> {
        let attempt = self.0.rarely.attempt(client, &format!("code:{subject}")).await?;
        match verify.await {
            Ok(Some(right)) => {
                attempt.succeeded().await;
                Ok(right)
            }
            Ok(None) => Err(AccountError::Code),
            Err(error) => {
                attempt.withdrawn().await;
                Err(error)
            }
        }
    }
}

/// Returns the seconds since 1970.
fn now() -> Result<u64, Unavailable> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.map(|now| now.as_secs()).map_err(Unavailable::new)
}
