//! A rejection: the code, the challenges and the body of the response to a request that was not let in.

use std::{any::type_name, borrow::Cow, error::Error, fmt, time::Duration};

use poem::{
    Body, Response,
    error::{NotFoundError, ResponseError},
    http::{HeaderName, HeaderValue, StatusCode, header},
};

use super::{
    RejectionBody, RejectionCode,
    challenge::{self, ErrorCode},
};
use crate::{
    authenticate::{Principal, Refusal, RefusalCause, RefusalKind, Unavailable},
    credential::Malformed,
    declared::SchemeSet,
    guard::{AuthConfig, check::is_unavailable},
    policy::{Access, Denial, EnforcementPoint, Operation, Reason},
};

/// After how many seconds a caller may come back when a backend is down.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// What an answer carries that nobody should keep or show in a frame (OWASP REST Security Cheat Sheet).
static HEADERS: [(HeaderName, HeaderValue); 3] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("frame-ancestors 'none'")),
];

/// A request that was not let in.
///
/// As a [`poem::Error`] it can be caught by its type; its status and its challenges are settled, its body can be
/// replaced with `#[auth(rejection = path)]`.
#[derive(Debug, Clone)]
pub struct Rejection {
    code: RejectionCode,
    challenges: Vec<HeaderValue>,
    /// Of a caller who has tried too much.
    retry_after: Option<Duration>,
    body: fn(&Rejection) -> RejectionBody,
}

impl Rejection {
    /// What the caller can rely on.
    #[must_use]
    pub fn code(&self) -> RejectionCode {
        self.code
    }

    /// After which time the caller may come again, if the caller is told so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self.code {
            RejectionCode::Unavailable => Some(RETRY_AFTER),
            _ => self.retry_after,
        }
    }

    fn new<A: AuthConfig>(code: RejectionCode, challenges: Vec<HeaderValue>) -> Self {
        Self { code, challenges, retry_after: None, body: A::rejection_body }
    }

    /// Where no rule is judged, and so no application says what the body is like.
    pub(crate) fn of(code: RejectionCode) -> Self {
        Self { code, challenges: Vec::new(), retry_after: None, body: RejectionBody::problem }
    }

    /// Nothing was sent: no error in the challenges (RFC 6750, section 3.1).
    pub(crate) fn anonymous<A: AuthConfig>(point: EnforcementPoint<A>) -> Self {
        tracing::info!(operation = point.operation.name(), "denied: no credential");
        Self::nobody(point)
    }

    /// A caller is asked for where anonymous ones are let in: no event, as `Option<Principal<..>>` asks every time.
    pub(crate) fn nobody<A: AuthConfig>(point: EnforcementPoint<A>) -> Self {
        Self::new::<A>(RejectionCode::AuthenticationRequired, challenge::plain::<A>(point.accepted))
    }

    /// What was sent lets nobody in; `throttled` are the schemes that bound how much is tried.
    pub(crate) fn refused<A: AuthConfig>(point: EnforcementPoint<A>, refusal: &Refusal, throttled: SchemeSet) -> Self {
        let scheme = refusal.scheme.and_then(|index| A::SCHEMES.get(index));
        let verdict = refusal.verdict(throttled);
        let (code, error) = match &refusal.cause {
            RefusalCause::Authentication(_) => match verdict {
                RefusalKind::Unavailable => (RejectionCode::Unavailable, None),
                RefusalKind::Throttled(_) => (RejectionCode::TooManyAttempts, None),
                RefusalKind::Invalid => (RejectionCode::InvalidCredentials, Some(ErrorCode::InvalidToken)),
            },
            RefusalCause::Malformed(Malformed::NotBasic) | RefusalCause::Unsupported => {
                (RejectionCode::InvalidCredentials, None)
            }
            RefusalCause::Malformed(_) => (RejectionCode::MalformedCredentials, Some(ErrorCode::InvalidRequest)),
            RefusalCause::CrossOrigin => (RejectionCode::CrossOrigin, None),
            RefusalCause::Several => (RejectionCode::SeveralCredentials, Some(ErrorCode::InvalidRequest)),
        };
        tracing::warn!(
            operation = point.operation.name(),
            scheme = scheme.map(|scheme| scheme.name),
            cause = ?refusal.describe(A::SCHEMES),
            "denied: credentials refused"
        );
        let challenges = match (code, error) {
            (RejectionCode::SeveralCredentials, Some(error)) => challenge::only_bearer::<A>(point.accepted, &error),
            (RejectionCode::MalformedCredentials, Some(error)) => challenge::only::<A>(refusal.scheme, &error),
            (RejectionCode::InvalidCredentials, Some(error)) => {
                challenge::with_error::<A>(point.accepted, refusal.scheme, &error)
            }
            (RejectionCode::InvalidCredentials, None) => challenge::plain::<A>(point.accepted),
            _ => Vec::new(),
        };
        let retry_after = if let RefusalKind::Throttled(time) = verdict { Some(time) } else { None };
        Self { retry_after, ..Self::new::<A>(code, challenges) }
    }

    pub(crate) fn denied<A: AuthConfig>(point: EnforcementPoint<A>, caller: &Principal<A>, denial: &Denial<A>) -> Self {
        tracing::warn!(
            operation = point.operation.name(),
            scheme = caller.scheme(),
            issuer = ?caller.issuer(),
            subject = ?caller.subject(),
            reason = ?denial.reason,
            clause = %denial.clause,
            "denied"
        );
        let used = Some(caller.scheme_index());
        match denial.reason {
            Reason::NotFresh { max_age } => {
                let error = ErrorCode::InsufficientUserAuthentication { max_age };
                Self::new::<A>(
                    RejectionCode::ReauthenticationRequired,
                    challenge::with_error::<A>(point.accepted, used, &error),
                )
            }
            _ if point.operation.hides() => Self::new::<A>(RejectionCode::NotFound, Vec::new()),
            _ => {
                let error = ErrorCode::InsufficientScope { scopes: scopes(point.operation, denial) };
                Self::new::<A>(RejectionCode::NotAllowed, challenge::only::<A>(used, &error))
            }
        }
    }

    /// A check that did not answer: never a pass.
    pub(crate) fn check_failed<A: AuthConfig>(
        point: EnforcementPoint<A>,
        caller: Option<&Principal<A>>,
        error: &(dyn Error + Send + Sync + 'static),
    ) -> Self {
        let subject = caller.map(Principal::subject);
        let error: &(dyn Error + 'static) = error;
        tracing::warn!(operation = point.operation.name(), ?subject, error = ?error.to_string(), "denied: a check failed");
        match (is_unavailable(error), point.operation.hides()) {
            (true, _) => Self::new::<A>(RejectionCode::Unavailable, Vec::new()),
            (false, true) => Self::new::<A>(RejectionCode::NotFound, Vec::new()),
            (false, false) => Self::new::<A>(RejectionCode::NotAllowed, Vec::new()),
        }
    }

    /// The credential is good, but the application has no user for it (any more).
    pub(crate) fn no_user<A: AuthConfig>(point: EnforcementPoint<A>, caller: &Principal<A>) -> Self {
        tracing::warn!(
            operation = point.operation.name(),
            issuer = ?caller.issuer(),
            subject = ?caller.subject(),
            "denied: no user for this caller"
        );
        let used = Some(caller.scheme_index());
        let challenges = challenge::with_error::<A>(point.accepted, used, &ErrorCode::InvalidToken);
        Self::new::<A>(RejectionCode::InvalidCredentials, challenges)
    }

    pub(crate) fn user_unavailable<A: AuthConfig>(caller: &Principal<A>, error: &Unavailable) -> Self {
        tracing::warn!(issuer = ?caller.issuer(), subject = ?caller.subject(), error = ?error.to_string(), "the user cannot be loaded");
        Self::new::<A>(RejectionCode::Unavailable, Vec::new())
    }

    /// A rule ran, but none of its schemes is configured.
    pub(crate) fn no_scheme<A: AuthConfig>(point: EnforcementPoint<A>) -> Self {
        tracing::error!(operation = point.operation.name(), "none of the schemes that are accepted here is configured");
        Self::new::<A>(RejectionCode::Misconfigured, Vec::new())
    }

    /// A rule ran, but there is nobody to authenticate.
    pub(crate) fn no_auth<A: AuthConfig>() -> Self {
        let auth = type_name::<A>();
        tracing::error!("no `{auth}` in the request: put `.with(auth)` around the route, or mount `auth.service(..)`");
        Self::new::<A>(RejectionCode::Misconfigured, Vec::new())
    }

    /// A caller is asked for where no rule has let one in.
    pub(crate) fn no_rule<Extractor>() -> Self {
        let extractor = type_name::<Extractor>();
        tracing::error!(
            "`{extractor}` where no rule ran: put `#[protected]` on the handler, or `.protect(..)` around it"
        );
        Self::of(RejectionCode::Misconfigured)
    }

    /// As an error of Poem, which no `bad_request_handler` takes for a bad argument.
    #[must_use]
    pub fn into_error(self) -> poem::Error {
        if self.code != RejectionCode::NotFound {
            return self.into();
        }
        // The very error of a path that does not exist, so that handlers of 404 treat both alike.
        let mut error = poem::Error::from(NotFoundError);
        error.set_data(Hidden);
        error
    }
}

/// The scopes to name, if scopes are the rule that failed (RFC 6750, section 3.1).
fn scopes<A: AuthConfig>(operation: &'static Operation<A>, denial: &Denial<A>) -> Vec<&'static str> {
    match (denial.reason, operation.access()) {
        (Reason::MissingScope, Access::Required { requirement, .. }) => requirement.scopes(),
        _ => Vec::new(),
    }
}

/// Marks a 404 as a rejection.
#[derive(Clone)]
struct Hidden;

/// Whether an error of Poem is a rejection, whatever it looks like.
pub(crate) fn is_rejection(error: &poem::Error) -> bool {
    error.is::<Rejection>() || error.data::<Hidden>().is_some()
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_str())
    }
}

impl Error for Rejection {}

impl ResponseError for Rejection {
    fn status(&self) -> StatusCode {
        self.code.status()
    }

    fn as_response(&self) -> Response {
        if self.code == RejectionCode::NotFound {
            return poem::Error::from(NotFoundError).into_response();
        }
        let RejectionBody { content_type, text } = (self.body)(self);
        let body = match text {
            Cow::Borrowed(text) => Body::from(text),
            Cow::Owned(text) => Body::from(text),
        };
        let mut response = Response::from(body);
        response.set_status(self.code.status());
        response.headers_mut().reserve(HEADERS.len() + self.challenges.len() + 2);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        for (name, value) in &HEADERS {
            response.headers_mut().insert(name, value.clone());
        }
        for challenge in &self.challenges {
            response.headers_mut().append(header::WWW_AUTHENTICATE, challenge.clone());
        }
        if let Some(time) = self.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, whole_seconds(time).into());
        }
        response
    }
}

/// So that nobody comes too early: rounded up, and at least one (RFC 9110, section 10.2.3).
fn whole_seconds(time: Duration) -> u64 {
    time.as_nanos().div_ceil(1_000_000_000).try_into().unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::whole_seconds;

    #[test]
    fn r77_who_waits_for_the_seconds_that_are_told_does_not_come_too_early() {
        for (millis, seconds) in [(0, 1), (1, 1), (999, 1), (1000, 1), (1001, 2), (59_001, 60), (60_000, 60)] {
            assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds, "{millis}");
        }
        assert_eq!(whole_seconds(Duration::MAX), u64::MAX);
        assert_eq!(whole_seconds(Duration::from_nanos(1)), 1);
    }
}
