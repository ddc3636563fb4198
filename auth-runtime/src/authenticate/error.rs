//! Why a credential is refused, or cannot be verified now.

use std::{borrow::Cow, error::Error, fmt, time::Duration};

/// Why a credential proves nothing. What it says goes to the log, and never to the caller.
#[derive(Debug)]
pub struct AuthenticationError(AuthenticationErrorKind);

#[derive(Debug)]
enum AuthenticationErrorKind {
    Invalid(Cow<'static, str>),
    Unavailable(Box<dyn Error + Send + Sync>),
    Throttled(Duration),
}

impl AuthenticationError {
    /// The credential is wrong, expired, revoked or nobody's. The reason must not hold the credential.
    pub fn invalid(reason: impl Into<Cow<'static, str>>) -> Self {
        Self(AuthenticationErrorKind::Invalid(reason.into()))
    }

    /// What is needed to tell (a database, a key server) does not answer.
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(AuthenticationErrorKind::Unavailable(source.into()))
    }

    /// Too much was tried, and so the credential is not looked at; it may be after this time. The caller is told so in
    /// `Retry-After`, whoever the caller claims to be: it must not depend on whether there is such a user.
    #[must_use]
    pub const fn throttled(retry_after: Duration) -> Self {
        Self(AuthenticationErrorKind::Throttled(retry_after))
    }

    /// After which time the credential may be looked at, if too much was tried.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self.0 {
            AuthenticationErrorKind::Throttled(time) => Some(time),
            _ => None,
        }
    }

    /// Whether nothing can be said of the credential now.
    #[must_use]
    pub const fn is_unavailable(&self) -> bool {
        matches!(self.0, AuthenticationErrorKind::Unavailable(_))
    }
}

impl fmt::Display for AuthenticationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            AuthenticationErrorKind::Invalid(reason) => f.write_str(reason),
            AuthenticationErrorKind::Unavailable(source) => write!(f, "cannot be verified now: {source}"),
            AuthenticationErrorKind::Throttled(time) => write!(f, "too many attempts; again in {} s", time.as_secs()),
        }
    }
}

impl Error for AuthenticationError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            AuthenticationErrorKind::Invalid(_) | AuthenticationErrorKind::Throttled(_) => None,
            AuthenticationErrorKind::Unavailable(source) => Some(&**source),
        }
    }
}

impl From<Unavailable> for AuthenticationError {
    fn from(error: Unavailable) -> Self {
        Self::unavailable(error)
    }
}

/// A backend that does not answer. As the error of a store or of a `check`, it makes the answer a 503.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(#[source] Box<dyn Error + Send + Sync>);

impl Unavailable {
    /// For the reason that the backend gives.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}
