//! The outcome of authentication: anonymous, authenticated, or refused with the cause.

use std::time::Duration;

use super::{AuthenticationError, Identity, Principal};
use crate::{
    credential::{Malformed, Selection},
    declared::{AuthSchema, SchemeSet, SecurityScheme},
};

/// What the credentials of a request say.
#[derive(Debug)]
pub enum Authentication<A: AuthSchema> {
    /// There are none.
    Anonymous,
    /// They are good.
    Authenticated(Principal<A>),
    /// They are not.
    Refused(Refusal),
}

/// Credentials that prove nothing.
#[derive(Debug)]
pub struct Refusal {
    /// The scheme that the caller used, if it is one of the declared.
    pub scheme: Option<usize>,
    /// What is wrong.
    pub cause: RefusalCause,
}

/// What several authenticators say of one credential, in one word; what weighs more stands further down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RefusalKind {
    /// It is nobody's.
    Invalid,
    /// Too much was tried: somebody has not looked at it, and will not before this time is over.
    Throttled(Duration),
    /// Somebody cannot tell now, so it may be good.
    Unavailable,
}

impl RefusalKind {
    /// Of the schemes in `throttled` it is documented that they say `throttled`; what is not documented is a mistake of
    /// the authenticator, and comes out as what is.
    fn of(scheme: usize, error: &AuthenticationError, throttled: SchemeSet) -> Self {
        match error.retry_after() {
            Some(time) if throttled.contains(scheme) => Self::Throttled(time),
            Some(_) => {
                tracing::error!(scheme, "an authenticator says `throttled`, but not `is_throttled`: answered with 503");
                Self::Unavailable
            }
            None if error.is_unavailable() => Self::Unavailable,
            None => Self::Invalid,
        }
    }
}

impl Refusal {
    /// What is said of the credential, if any was looked at.
    pub(crate) fn verdict(&self, throttled: SchemeSet) -> RefusalKind {
        let RefusalCause::Authentication(errors) = &self.cause else { return RefusalKind::Invalid };
        let verdicts = errors.iter().map(|(scheme, error)| RefusalKind::of(*scheme, error, throttled));
        verdicts.max().unwrap_or(RefusalKind::Invalid)
    }

    /// For the log: what is wrong, by the name of each scheme that was asked.
    pub(crate) fn describe(&self, schemes: &[SecurityScheme]) -> String {
        let name = |index: usize| schemes.get(index).map_or("", |scheme| scheme.name);
        match &self.cause {
            RefusalCause::Malformed(malformed) => malformed.to_string(),
            RefusalCause::Several => "credentials of several schemes".to_owned(),
            RefusalCause::Unsupported => "the scheme is not accepted".to_owned(),
            RefusalCause::CrossOrigin => "a cookie, sent for a page of another site".to_owned(),
            RefusalCause::Authentication(errors) => {
                errors.iter().map(|(index, error)| format!("{}: {error}", name(*index))).collect::<Vec<_>>().join("; ")
            }
        }
    }
}

/// What is wrong with credentials.
#[derive(Debug)]
pub enum RefusalCause {
    /// Their form.
    Malformed(Malformed),
    /// There are several, of different schemes.
    Several,
    /// Their scheme is not accepted.
    Unsupported,
    /// They are a cookie that a page of another site makes the browser send.
    CrossOrigin,
    /// Their content, or what is needed to verify it; with what each scheme that was asked says.
    Authentication(Vec<(usize, AuthenticationError)>),
}

/// What was chosen where there is nothing to verify.
impl From<Selection> for Refusal {
    fn from(choice: Selection) -> Self {
        match choice {
            Selection::Malformed(scheme, malformed) => {
                Self { scheme: Some(scheme), cause: RefusalCause::Malformed(malformed) }
            }
            Selection::CrossOrigin(scheme) => Self { scheme: Some(scheme), cause: RefusalCause::CrossOrigin },
            Selection::Several => Self { scheme: None, cause: RefusalCause::Several },
            // The line asks for a refusal only where there is one; anything else stays out all the same.
            Selection::Unsupported | Selection::None | Selection::One(_) => {
                Self { scheme: None, cause: RefusalCause::Unsupported }
            }
        }
    }
}

/// Tries the authenticators whose schemes look at the credential that was found, in order, until one vouches for it.
#[derive(Debug, Default)]
pub struct SchemeErrors {
    errors: Vec<(usize, AuthenticationError)>,
}

impl SchemeErrors {
    /// No authenticator was asked yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what the authenticator of a scheme says; an identity ends the attempt.
    pub fn step(&mut self, scheme: usize, said: Result<Identity, AuthenticationError>) -> Option<Identity> {
        said.map_err(|error| self.errors.push((scheme, error))).ok()
    }

    /// What is left if nobody vouched: the refusal.
    #[must_use]
    pub fn refusal(self) -> Refusal {
        let scheme = self.errors.first().map(|(scheme, _)| *scheme);
        Refusal { scheme, cause: RefusalCause::Authentication(self.errors) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{AuthenticationError, RefusalKind, SchemeErrors, SchemeSet};
    use crate::declared::{SchemeKind, SecurityScheme};

    const BOTH: SchemeSet = SchemeSet::first(2);

    const SCHEMES: [SecurityScheme; 2] = [
        SecurityScheme { name: "own", description: "", kind: SchemeKind::Bearer { format: None } },
        SecurityScheme { name: "other", description: "", kind: SchemeKind::Bearer { format: None } },
    ];

    #[test]
    fn r91_the_log_has_what_every_scheme_says() {
        let mut attempt = SchemeErrors::new();
        assert!(attempt.step(0, Err(AuthenticationError::invalid("expired"))).is_none());
        assert!(attempt.step(1, Err(AuthenticationError::invalid("algorithm"))).is_none());
        let refusal = attempt.refusal();
        assert_eq!(refusal.describe(&SCHEMES), "own: expired; other: algorithm");
        assert_eq!(refusal.verdict(BOTH), RefusalKind::Invalid);
    }

    /// What comes of what two authenticators say, whichever is asked first.
    fn verdict(
        first: impl Fn() -> AuthenticationError,
        second: impl Fn() -> AuthenticationError,
        throttled: SchemeSet,
    ) -> RefusalKind {
        let verdict_of = |said: [AuthenticationError; 2]| {
            let mut attempt = SchemeErrors::new();
            for (scheme, error) in said.into_iter().enumerate() {
                assert!(attempt.step(scheme, Err(error)).is_none());
            }
            attempt.refusal().verdict(throttled)
        };
        let verdict = verdict_of([first(), second()]);
        assert_eq!(verdict, verdict_of([second(), first()]));
        verdict
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
    fn a_backend_that_is_down_outweighs_a_refusal_whichever_comes_first() {
        assert_eq!(verdict(down, invalid, BOTH), RefusalKind::Unavailable);
        assert_eq!(verdict(down, throttled(60), BOTH), RefusalKind::Unavailable);
    }

    #[test]
    fn r77_what_was_not_looked_at_outweighs_a_refusal_and_the_longest_wait_counts() {
        assert_eq!(verdict(throttled(60), invalid, BOTH), RefusalKind::Throttled(Duration::from_mins(1)));
        assert_eq!(verdict(throttled(60), throttled(5), BOTH), RefusalKind::Throttled(Duration::from_mins(1)));
    }

    #[test]
    fn r94_an_authenticator_that_is_not_documented_to_throttle_is_unavailable_when_it_does() {
        assert_eq!(verdict(throttled(60), throttled(60), SchemeSet::EMPTY), RefusalKind::Unavailable);
        let mut attempt = SchemeErrors::new();
        assert!(attempt.step(1, Err(throttled(60)())).is_none());
        assert_eq!(attempt.refusal().verdict(SchemeSet::EMPTY.with(0)), RefusalKind::Unavailable);
    }

    #[test]
    fn an_error_says_after_which_time_to_come_again() {
        assert_eq!(throttled(60)().retry_after(), Some(Duration::from_mins(1)));
        assert_eq!(throttled(60)().to_string(), "too many attempts; again in 60 s");
        assert!(!throttled(60)().is_unavailable());
        assert_eq!((down().retry_after(), invalid().retry_after()), (None, None));
    }
}
