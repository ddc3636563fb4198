//! Errors of user information.

use std::{error::Error, fmt, sync::Arc};

use crate::authenticate::Unavailable;

/// Why there is no user information.
///
/// A handler may return it as it is: the body is the problem details of a rejection, and never a 401, as the caller's
/// credential was good. As the error of a `check`, what cannot be told now is a 503 too.
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
    /// The caller did not come by an OpenID provider, or the provider has no such endpoint: a handler should not ask.
    /// 500.
    NotOffered,
    /// The issuer does not tell with this token: it was revoked there, or lacks the scope `openid`. 403.
    Refused,
    /// The issuer does not answer. 503, with `Retry-After`.
    Unavailable(Arc<Unavailable>),
    /// The answer breaks a rule, such as to be about this caller (OpenID Connect Core, section 5.3.2). 503, as the
    /// caller can do nothing but come back.
    Invalid(&'static str),
}

impl UserInfoError {
    /// The issuer does not answer, for this reason.
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
            // Not the `Arc`, as it is by its type that a check knows a backend that is down.
            Self::Unavailable(source) => Some(&**source),
            _ => None,
        }
    }
}
