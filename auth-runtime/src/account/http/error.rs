//! The reasons why a request fails.

use poem::http::StatusCode;

use crate::{account::AccountError, respond::retry_after};

/// The reason why a request fails.
#[derive(Debug)]
pub(super) enum HttpError {
    /// The body cannot be read.
    Malformed,
    /// A page of another origin sent the request.
    CrossOrigin,
    /// The account refuses.
    Account(AccountError),
}

impl From<AccountError> for HttpError {
    fn from(error: AccountError) -> Self {
        Self::Account(error)
    }
}

impl HttpError {
    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::Malformed | Self::Account(AccountError::Link) => StatusCode::BAD_REQUEST,
            Self::CrossOrigin | Self::Account(AccountError::NoUser | AccountError::NoSignIn) => StatusCode::FORBIDDEN,
            Self::Account(AccountError::HasSecondFactor) => StatusCode::CONFLICT,
            Self::Account(AccountError::TooManyAttempts { .. }) => StatusCode::TOO_MANY_REQUESTS,
            Self::Account(AccountError::Unavailable(_)) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Account(AccountError::Email | AccountError::Password(_) | AccountError::Code) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
        }
    }

    /// Returns the stable, machine-readable code.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "malformed_request",
            Self::CrossOrigin => "cross_origin_request",
            Self::Account(AccountError::NoUser) => "not_allowed",
            Self::Account(AccountError::NoSignIn) => "no_sign_in",
            Self::Account(AccountError::Link) => "invalid_link",
            Self::Account(AccountError::Email) => "invalid_email",
            Self::Account(AccountError::Password(_)) => "password_rejected",
            Self::Account(AccountError::Code) => "wrong_code",
            Self::Account(AccountError::HasSecondFactor) => "second_factor_exists",
            Self::Account(AccountError::TooManyAttempts { .. }) => "too_many_attempts",
            Self::Account(AccountError::Unavailable(_)) => "temporarily_unavailable",
        }
    }

    /// Returns a sentence for people. It has nothing of the cause of an outage.
    pub(super) fn detail(&self) -> String {
        match self {
            Self::Malformed => "The form cannot be read.".to_owned(),
            Self::CrossOrigin => "Pages of other origins are not allowed to do this.".to_owned(),
            Self::Account(AccountError::Link) => {
                "This link is not valid: it was used, has expired, or a newer one was sent.".to_owned()
            }
            Self::Account(AccountError::Email) => "This is not an e-mail address.".to_owned(),
            Self::Account(AccountError::Password(error)) => format!("Choose another password: {error}."),
            Self::Account(AccountError::NoSignIn) => "Sign in with your password first.".to_owned(),
            Self::Account(AccountError::Code) => "The code is wrong, or was already used.".to_owned(),
            Self::Account(AccountError::HasSecondFactor) => "There is a second factor already.".to_owned(),
            Self::Account(AccountError::NoUser) => "You are not allowed to do this.".to_owned(),
            Self::Account(AccountError::TooManyAttempts { retry_after }) => {
                format!("Too many attempts. Wait {} seconds.", retry_after::seconds(*retry_after))
            }
            Self::Account(AccountError::Unavailable(_)) => "This does not work now. Try again later.".to_owned(),
        }
    }

    pub(super) fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Account(AccountError::TooManyAttempts { retry_after }) => Some(retry_after::seconds(*retry_after)),
            Self::Account(AccountError::Unavailable(error)) => {
                let error = error.to_string();
                tracing::warn!(?error, "account unavailable");
                Some(retry_after::UNAVAILABLE.as_secs())
            }
            _ => None,
        }
    }
}
