//! Errors of user information.

use std::{error::Error, fmt, sync::Arc};

use crate::authenticate::Unavailable;

/// Why there is no user information.
///
/// A handler can return it as an error. The response has problem details, and is never a 401, as the caller's
/// credential was valid. As the error of a `check`, an unavailable issuer is a 503 too.
///
/// ```
/// use auth_runtime::authenticate::UserInfoError;
/// use poem::{error::ResponseError, http::StatusCode};
///
/// assert_eq!(UserInfoError::NotOffered.status(), StatusCode::INTERNAL_SERVER_ERROR);
/// assert_eq!(UserInfoError::Refused.status(), StatusCode::FORBIDDEN);
/// assert_eq!(UserInfoError::unavailable("no answer").status(), StatusCode::SERVICE_UNAVAILABLE);
/// assert_eq!(UserInfoError::Invalid("not a JSON object").status(), StatusCode::SERVICE_UNAVAILABLE);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum UserInfoError {
    /// The caller's token is not from an OpenID provider, or the provider has no userinfo endpoint. 500, as the handler
    /// should not ask.
    NotOffered,
    /// The issuer rejects the token: it was revoked there, or lacks the scope `openid`. 403.
    Refused,
    /// The issuer does not answer. 503, with `Retry-After`.
    Unavailable(Arc<Unavailable>),
    /// The answer breaks a rule: for example, it is about another user (OpenID Connect Core, section 5.3.2). 503, as
    /// the caller can only retry.
    Invalid(&'static str),
}

impl UserInfoError {
    /// Wraps the reason why the issuer does not answer.
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable(Arc::new(Unavailable::new(source)))
    }
}

impl fmt::Display for UserInfoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOffered => f.write_str("the issuer offers no user information"),
            Self::Refused => f.write_str("the issuer refuses the token"),
            Self::Unavailable(source) => write!(f, "the issuer does not answer: {source}"),
            Self::Invalid(reason) => write!(f, "the answer of the issuer is not valid: {reason}"),
        }
    }
}

impl Error for UserInfoError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            // Not the `Arc`: a check recognises an unavailable backend by the type of the error.
            Self::Unavailable(source) => Some(&**source),
            _ => None,
        }
    }
}
