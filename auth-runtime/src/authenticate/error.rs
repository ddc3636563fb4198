//! Errors of authentication.

use std::{borrow::Cow, error::Error, fmt, time::Duration};

use super::retry_after::retry_after_seconds;

/// Why a credential is not accepted. The text goes to the log, never to the caller.
#[derive(Debug)]
pub struct AuthenticationError(AuthenticationErrorKind);

#[derive(Debug)]
enum AuthenticationErrorKind {
    Invalid(Cow<'static, str>),
    Unavailable(Box<dyn Error + Send + Sync>),
    Throttled(Duration),
    SignedOut { reason: Cow<'static, str>, is_over: bool },
}

impl AuthenticationError {
    /// The credential is wrong, expired, revoked or unknown. The reason must not contain the credential.
    pub fn invalid(reason: impl Into<Cow<'static, str>>) -> Self {
        Self(AuthenticationErrorKind::Invalid(reason.into()))
    }

    /// A backend, such as a database or a key server, does not answer.
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(AuthenticationErrorKind::Unavailable(source.into()))
    }

    /// The rate limit is exceeded, so the credential was not verified. `Retry-After` carries the time to wait.
    ///
    /// The limit must not depend on whether the user exists.
    #[must_use]
    pub const fn throttled(retry_after: Duration) -> Self {
        Self(AuthenticationErrorKind::Throttled(retry_after))
    }

    /// The session of the credential has ended, or never existed. The caller is anonymous on an optional route, and
    /// gets a 401 elsewhere. If the credential stands in a cookie, the response deletes it.
    pub fn session_ended(reason: impl Into<Cow<'static, str>>) -> Self {
        Self(AuthenticationErrorKind::SignedOut { reason: reason.into(), is_over: true })
    }

    /// The sign-in behind the credential is not complete, as a second factor is missing. The caller is anonymous on an
    /// optional route, and gets a 401 elsewhere.
    pub fn sign_in_incomplete(reason: impl Into<Cow<'static, str>>) -> Self {
        Self(AuthenticationErrorKind::SignedOut { reason: reason.into(), is_over: false })
    }

    /// Whether the credential belongs to a session that has ended, or to a sign-in that is not complete.
    #[must_use]
    pub const fn is_signed_out(&self) -> bool {
        matches!(self.0, AuthenticationErrorKind::SignedOut { .. })
    }

    /// Whether the session of the credential has ended.
    pub(crate) const fn is_session_ended(&self) -> bool {
        matches!(self.0, AuthenticationErrorKind::SignedOut { is_over: true, .. })
    }

    /// Returns the time to wait, if the rate limit is exceeded.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self.0 {
            AuthenticationErrorKind::Throttled(time) => Some(time),
            _ => None,
        }
    }

    /// Whether a backend was unavailable.
    #[must_use]
    pub const fn is_unavailable(&self) -> bool {
        matches!(self.0, AuthenticationErrorKind::Unavailable(_))
    }
}

impl fmt::Display for AuthenticationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            AuthenticationErrorKind::Invalid(reason) | AuthenticationErrorKind::SignedOut { reason, .. } => {
                f.write_str(reason)
            }
            AuthenticationErrorKind::Unavailable(source) => write!(f, "cannot be verified now: {source}"),
            AuthenticationErrorKind::Throttled(time) => {
                write!(f, "too many attempts; try again in {} s", retry_after_seconds(*time))
            }
        }
    }
}

impl Error for AuthenticationError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            AuthenticationErrorKind::Invalid(_)
            | AuthenticationErrorKind::Throttled(_)
            | AuthenticationErrorKind::SignedOut { .. } => None,
            AuthenticationErrorKind::Unavailable(source) => Some(&**source),
        }
    }
}

impl From<Unavailable> for AuthenticationError {
    fn from(error: Unavailable) -> Self {
        Self::unavailable(error)
    }
}

/// A backend does not answer. As the error of a store or of a `check`, it is answered with 503.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(#[source] Box<dyn Error + Send + Sync>);

impl Unavailable {
    /// Wraps the error of the backend.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}
