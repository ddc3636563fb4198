//! The outcome of authentication: anonymous, authenticated, or refused with the cause.

use std::time::Duration;

use super::{AuthenticationError, Identity, Principal};
use crate::{
    credential::{Malformed, Selection},
    declared::{AuthSchema, SecurityScheme},
};

/// Result of authenticating a request.
#[derive(Debug)]
pub enum Authentication<A: AuthSchema> {
    /// The request has no credential.
    Anonymous,
    /// The credential is valid.
    Authenticated(Principal<A>),
    /// The credential is refused.
    Refused(Refusal),
}

/// A refused credential.
#[derive(Debug)]
pub struct Refusal {
    /// Position of the scheme that the caller used; `None` for several schemes, or if the scheme is not accepted.
    pub scheme: Option<usize>,
    /// Why it is refused.
    pub cause: RefusalCause,
}

/// Combined result of several authenticators that refused one credential, ordered by severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RefusalKind {
    /// The session of the credential has ended, or its sign-in is not complete.
    SignedOut,
    /// The credential is wrong.
    Invalid,
    /// The rate limit is exceeded; the time to wait.
    Throttled(Duration),
    /// A backend does not answer, so the credential may be good.
    Unavailable,
}

impl From<&AuthenticationError> for RefusalKind {
    fn from(error: &AuthenticationError) -> Self {
        match error.retry_after() {
            Some(time) => Self::Throttled(time),
            None if error.is_unavailable() => Self::Unavailable,
            None if error.is_signed_out() => Self::SignedOut,
            None => Self::Invalid,
        }
    }
}

impl Refusal {
    /// Returns the combined result of the authenticators that looked at the credential.
    pub(crate) fn kind(&self) -> RefusalKind {
        match &self.cause {
            RefusalCause::Authentication(errors) => {
                errors.iter().map(|(_, error)| error.into()).max().unwrap_or(RefusalKind::Invalid)
            }
            _ => RefusalKind::Invalid,
        }
    }

    /// Returns the time to wait, if the rate of attempts is the reason.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self.kind() {
            RefusalKind::Throttled(time) => Some(time),
            RefusalKind::SignedOut | RefusalKind::Invalid | RefusalKind::Unavailable => None,
        }
    }

    /// Whether all authenticators say that the session of the credential has ended, or that its sign-in is not
    /// complete.
    pub(crate) fn is_signed_out(&self) -> bool {
        self.kind() == RefusalKind::SignedOut
    }

    /// Returns the name of the cookie of an ended session, which the response deletes.
    pub(crate) fn ended_cookie(&self, schemes: &'static [SecurityScheme]) -> Option<&'static str> {
        let RefusalCause::Authentication(errors) = &self.cause else { return None };
        if !errors.iter().all(|(_, error)| error.is_session_ended()) {
            return None;
        }
        errors.iter().find_map(|(scheme, _)| schemes.get(*scheme)?.cookie())
    }

    /// Whether an authenticator looked at the credential.
    #[cfg(feature = "mcp")]
    pub(crate) const fn was_verified(&self) -> bool {
        matches!(self.cause, RefusalCause::Authentication(_))
    }

    /// Describes the cause for the log, with the name and the error of each scheme.
    pub(crate) fn describe(&self, schemes: &[SecurityScheme]) -> String {
        let name = |index: usize| schemes.get(index).map_or("", |scheme| scheme.name);
        match &self.cause {
            RefusalCause::Malformed(malformed) => malformed.to_string(),
            RefusalCause::Several => "credentials of several schemes".to_owned(),
            RefusalCause::Unsupported => "the scheme is not accepted".to_owned(),
            RefusalCause::CrossOrigin => "an ambient credential, sent for a page of another origin".to_owned(),
            RefusalCause::Authentication(errors) => {
                errors.iter().map(|(index, error)| format!("{}: {error}", name(*index))).collect::<Vec<_>>().join("; ")
            }
        }
    }
}

/// Why a credential is refused.
#[derive(Debug)]
pub enum RefusalCause {
    /// It is malformed.
    Malformed(Malformed),
    /// The request has credentials of several schemes.
    Several,
    /// Its scheme is not accepted.
    Unsupported,
    /// It is a cookie or the header of a proxy, and a page of another origin sent the request.
    CrossOrigin,
    /// Each authenticator returned an error; with the positions of their schemes.
    Authentication(Vec<(usize, AuthenticationError)>),
}

/// A selection without a credential to verify.
impl From<Selection> for Refusal {
    fn from(choice: Selection) -> Self {
        match choice {
            Selection::Malformed(scheme, malformed) => {
                Self { scheme: Some(scheme), cause: RefusalCause::Malformed(malformed) }
            }
            Selection::CrossOrigin(scheme) => Self { scheme: Some(scheme), cause: RefusalCause::CrossOrigin },
            Selection::Several => Self { scheme: None, cause: RefusalCause::Several },
            // The guard never converts these. If it did, the request would stay out.
            Selection::Unsupported | Selection::None | Selection::One(_) => {
                Self { scheme: None, cause: RefusalCause::Unsupported }
            }
        }
    }
}

/// Errors of the authenticators that were tried for one credential, in the order of their schemes.
#[derive(Debug, Default)]
pub struct SchemeErrors {
    errors: Vec<(usize, AuthenticationError)>,
}

impl SchemeErrors {
    /// Starts without errors.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the identity that the authenticator of a scheme found, or records its error.
    ///
    /// The document lists a 429 only for schemes whose authenticator
    /// [`is_throttled`](super::Authenticator::is_throttled). An undocumented `throttled` is a mistake of the
    /// authenticator, and counts as unavailable.
    pub fn step(
        &mut self,
        scheme: usize,
        is_throttled: bool,
        result: Result<Identity, AuthenticationError>,
    ) -> Option<Identity> {
        let error = match result {
            Ok(identity) => return Some(identity),
            Err(error) if error.retry_after().is_some() && !is_throttled => {
                AuthenticationError::unavailable("the authenticator returned `throttled`, but `is_throttled` is false")
            }
            Err(error) => error,
        };
        self.errors.push((scheme, error));
        None
    }

    /// Returns the refusal, after all authenticators returned an error.
    #[must_use]
    pub fn refusal(self) -> Refusal {
        let scheme = self.errors.first().map(|(scheme, _)| *scheme);
        Refusal { scheme, cause: RefusalCause::Authentication(self.errors) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{AuthenticationError, RefusalKind, SchemeErrors};
    use crate::declared::{SchemeKind, SecurityScheme};

    const SCHEMES: [SecurityScheme; 2] = [
        SecurityScheme::new("own", SchemeKind::Bearer { format: None }),
        SecurityScheme::new("other", SchemeKind::Bearer { format: None }),
    ];

    #[test]
    fn r91_the_log_has_the_error_of_every_scheme() {
        let mut errors = SchemeErrors::new();
        assert!(errors.step(0, true, Err(AuthenticationError::invalid("expired"))).is_none());
        assert!(errors.step(1, true, Err(AuthenticationError::invalid("algorithm"))).is_none());
        let refusal = errors.refusal();
        assert_eq!(refusal.describe(&SCHEMES), "own: expired; other: algorithm");
        assert_eq!(refusal.kind(), RefusalKind::Invalid);
    }

    /// Returns the kind of refusal of two errors, after checking that their order does not matter.
    fn kind(
        first: impl Fn() -> AuthenticationError,
        second: impl Fn() -> AuthenticationError,
        are_throttled: [bool; 2],
    ) -> RefusalKind {
        let kind_of = |said: [(usize, AuthenticationError); 2]| {
            let mut errors = SchemeErrors::new();
            for (scheme, error) in said {
                assert!(errors.step(scheme, are_throttled[scheme], Err(error)).is_none());
            }
            errors.refusal().kind()
        };
        let kind = kind_of([(0, first()), (1, second())]);
        assert_eq!(kind, kind_of([(1, second()), (0, first())]));
        kind
    }

    fn down() -> AuthenticationError {
        AuthenticationError::unavailable("connection refused")
    }

    fn invalid() -> AuthenticationError {
        AuthenticationError::invalid("expired")
    }

    fn throttled(seconds: u64) -> impl Fn() -> AuthenticationError {
        move || AuthenticationError::throttled(Duration::from_secs(seconds))
    }

    #[test]
    fn an_unavailable_backend_outweighs_a_refusal_in_either_order() {
        assert_eq!(kind(down, invalid, [true, true]), RefusalKind::Unavailable);
        assert_eq!(kind(down, throttled(60), [true, true]), RefusalKind::Unavailable);
    }

    #[test]
    fn r77_the_rate_limit_outweighs_a_refusal_and_the_longest_wait_counts() {
        assert_eq!(kind(throttled(60), invalid, [true, true]), RefusalKind::Throttled(Duration::from_mins(1)));
        assert_eq!(kind(throttled(60), throttled(5), [true, true]), RefusalKind::Throttled(Duration::from_mins(1)));
    }

    #[test]
    fn r94_an_undocumented_throttled_is_unavailable() {
        assert_eq!(kind(throttled(60), throttled(60), [false, false]), RefusalKind::Unavailable);
        assert_eq!(kind(throttled(60), throttled(60), [true, false]), RefusalKind::Unavailable);
        assert_eq!(kind(invalid, throttled(60), [true, false]), RefusalKind::Unavailable);
    }

    #[test]
    fn an_error_says_how_long_to_wait() {
        assert_eq!(throttled(60)().retry_after(), Some(Duration::from_mins(1)));
        assert_eq!(throttled(60)().to_string(), "too many attempts; try again in 60 s");
        assert!(!throttled(60)().is_unavailable());
        assert_eq!((down().retry_after(), invalid().retry_after()), (None, None));
    }
}
