//! The reason why a request of a client is refused (RFC 6749, section 5.2).

use std::time::Duration;

use crate::{
    authenticate::{AuthenticationError, Unavailable},
    jwt::JwtError,
};

/// Why a request is refused. Its code and description go to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenError {
    InvalidRequest(&'static str),
    InvalidClient,
    InvalidGrant(&'static str),
    UnauthorizedClient(&'static str),
    UnsupportedGrantType,
    InvalidScope(&'static str),
    /// A backend does not answer. RFC 6749 defines the code for another endpoint only (section 4.1.2.1).
    Unavailable,
    /// Too many attempts. The client may retry after this time.
    TooManyAttempts(Duration),
}

impl TokenError {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::InvalidRequest(_) => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant(_) => "invalid_grant",
            Self::UnauthorizedClient(_) => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope(_) => "invalid_scope",
            Self::Unavailable | Self::TooManyAttempts(_) => "temporarily_unavailable",
        }
    }

    pub(super) const fn description(self) -> &'static str {
        match self {
            Self::InvalidRequest(text)
            | Self::InvalidGrant(text)
            | Self::UnauthorizedClient(text)
            | Self::InvalidScope(text) => text,
            Self::InvalidClient => "the client is unknown, or its secret is missing or wrong",
            Self::UnsupportedGrantType => "this grant type is not supported",
            Self::Unavailable => "try again later",
            Self::TooManyAttempts(_) => "too many attempts",
        }
    }
}

impl From<Unavailable> for TokenError {
    fn from(error: Unavailable) -> Self {
        tracing::warn!(%error, "token request unavailable");
        Self::Unavailable
    }
}

impl From<JwtError> for TokenError {
    fn from(error: JwtError) -> Self {
        tracing::error!(%error, "token request failed");
        Self::Unavailable
    }
}

/// The errors of the throttle and of passwords.
impl From<AuthenticationError> for TokenError {
    fn from(error: AuthenticationError) -> Self {
        match error.retry_after() {
            Some(time) => Self::TooManyAttempts(time),
            None if error.is_unavailable() => {
                tracing::warn!(%error, "token request unavailable");
                Self::Unavailable
            }
            None => Self::InvalidGrant("user name or password is wrong"),
        }
    }
}
