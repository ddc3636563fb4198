//! Errors of a user's own account.

use std::time::Duration;

use crate::{
    authenticate::{AuthenticationError, Unavailable, retry_after_seconds},
    password::PasswordError,
};

/// The reason why a request about a user's own account is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// The link was used, has expired, was replaced by a newer one, or was never sent. Or the user's credentials or
    /// verified address have changed since, or the user is disabled.
    #[error("this link is not valid: it was used, has expired, or a newer one was sent")]
    Link,
    /// The text is not an e-mail address.
    #[error("this is not an e-mail address")]
    Email,
    /// The new password is not accepted.
    #[error(transparent)]
    Password(PasswordError),
    /// The code is wrong, or was already used.
    #[error("the code is wrong, or was already used")]
    Code,
    /// The request has no pending sign-in.
    #[error("there is no sign-in that waits for a code")]
    NoSignIn,
    /// The user has a second factor, which must be removed first.
    #[error("there is a second factor already; remove it first")]
    HasSecondFactor,
    /// A limit is reached.
    #[error("too many attempts; try again in {} s", retry_after_seconds(*.retry_after))]
    TooManyAttempts {
        /// The time to wait.
        retry_after: Duration,
    },
    /// The user is unknown or disabled. The routes also return it for callers of other issuers and for limited
    /// credentials.
    #[error("there is no such user, or the user is disabled")]
    NoUser,
    /// A backend does not answer, or too many mails are waiting.
    #[error("the account cannot be changed now: {0}")]
    Unavailable(#[from] Unavailable),
}

impl From<PasswordError> for AccountError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Unavailable(_) | PasswordError::Hashing(_) => Self::Unavailable(Unavailable::new(error)),
            error => Self::Password(error),
        }
    }
}

impl From<AuthenticationError> for AccountError {
    fn from(error: AuthenticationError) -> Self {
        match error.retry_after() {
            Some(retry_after) => Self::TooManyAttempts { retry_after },
            None => Self::Unavailable(Unavailable::new(error)),
        }
    }
}

/// A public URL that cannot be used for links.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{url:?} cannot be the public URL: {reason}")]
pub struct PublicUrlError {
    pub(super) url: String,
    pub(super) reason: &'static str,
}
