//! A rejection: the code, the challenges and the body of the response to a denied request.

use std::{borrow::Cow, error::Error, fmt, time::Duration};

use poem::{
    Body, Response,
    error::{NotFoundError, ResponseError},
    http::{HeaderName, HeaderValue, StatusCode, header},
};

use super::{
    DenialCause, RejectionBody, RejectionCode,
    challenge::{self, ErrorCode},
    ended_cookie::without_cookie,
    retry_after,
};
use crate::{
    declared::AuthSchema,
    policy::{Denial, EnforcementPoint, Reason},
};

/// Headers of each rejection except the 404 of `hide`: no caching, no sniffing, no frames (OWASP REST Security Cheat
/// Sheet).
static HEADERS: [(HeaderName, HeaderValue); 3] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("frame-ancestors 'none'")),
];

/// The number of headers that most rejections have.
const USUAL_HEADERS: usize = 8;

/// The response to a denied request.
///
/// As a [`poem::Error`], it can be caught by its type. Status and challenges are fixed; `#[auth(rejection = path)]`
/// replaces the body. The 404 of `hide` is a [`NotFoundError`] of Poem instead, with Poem's body.
#[derive(Debug, Clone)]
pub struct Rejection {
    code: RejectionCode,
    challenges: Vec<HeaderValue>,
    /// Time to wait after the rate limit.
    retry_after: Option<Duration>,
    /// Whether the session of the credential has ended, or its sign-in is not complete.
    is_signed_out: bool,
    /// The name of the cookie of an ended session.
    ended_cookie: Option<&'static str>,
    body: fn(&Rejection) -> RejectionBody,
}

impl Rejection {
    /// Returns the stable code.
    #[must_use]
    pub fn code(&self) -> RejectionCode {
        self.code
    }

    /// Returns the value of `Retry-After`, if the response has one.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self.code {
            RejectionCode::Unavailable => Some(retry_after::UNAVAILABLE),
            _ => self.retry_after,
        }
    }

    /// Whether a person can continue by signing in: no credential was sent, the session has ended, or the sign-in is
    /// not complete, too old or too weak.
    #[must_use]
    pub const fn needs_sign_in(&self) -> bool {
        match self.code {
            RejectionCode::AuthenticationRequired | RejectionCode::ReauthenticationRequired => true,
            RejectionCode::InvalidCredentials => self.is_signed_out,
            _ => false,
        }
    }

    /// Returns the response to a request that is denied for this cause.
    pub(crate) fn new<A: AuthSchema>(point: EnforcementPoint<A>, cause: &DenialCause<'_, A>) -> Self {
        let code = cause.code(point);
        let challenges = challenges(code, point, cause);
        let retry_after = match cause {
            DenialCause::Refused(refusal) => refusal.retry_after(),
            _ => None,
        };
        let refusal = match cause {
            DenialCause::Refused(refusal) => Some(refusal),
            _ => None,
        };
        let is_signed_out = refusal.is_some_and(|refusal| refusal.is_signed_out());
        let ended_cookie = refusal.and_then(|refusal| refusal.ended_cookie(A::SCHEMES));
        Self { code, challenges, retry_after, is_signed_out, ended_cookie, body: RejectionBody::problem }
    }

    /// Returns a rejection without challenges, for errors outside of a decision.
    pub(crate) fn with_code(code: RejectionCode) -> Self {
        Self {
            code,
            challenges: Vec::new(),
            retry_after: None,
            is_signed_out: false,
            ended_cookie: None,
            body: RejectionBody::problem,
        }
    }

    /// Returns the same rejection with the body of the application.
    pub(crate) fn with_body(self, body: fn(&Rejection) -> RejectionBody) -> Self {
        Self { body, ..self }
    }

    /// Converts into an error of Poem that a `bad_request_handler` does not take for a bad argument.
    #[must_use]
    pub fn into_error(self) -> poem::Error {
        if self.code != RejectionCode::NotFound {
            return self.into();
        }
        // The error of a missing path, so that handlers of 404 treat both alike.
        let mut error = poem::Error::from(NotFoundError);
        error.set_data(Hidden);
        error
    }
}

/// Returns the `WWW-Authenticate` values that say what to send instead.
fn challenges<A: AuthSchema>(
    code: RejectionCode,
    point: EnforcementPoint<A>,
    cause: &DenialCause<'_, A>,
) -> Vec<HeaderValue> {
    let used = cause.scheme();
    match (code, cause) {
        // Without a credential, a challenge has no error (RFC 6750, section 3.1).
        (RejectionCode::AuthenticationRequired, _) => challenge::plain(point),
        (RejectionCode::InvalidCredentials, _) => challenge::with_error(point, used, &ErrorCode::InvalidToken),
        (RejectionCode::SeveralCredentials, _) => challenge::only_bearer(point, &ErrorCode::InvalidRequest),
        (RejectionCode::MalformedCredentials, _) => challenge::only::<A>(used, &ErrorCode::InvalidRequest),
        (_, DenialCause::NotMet { denial, .. }) => match denial.reason {
            Reason::NotFresh { max_age } => {
                challenge::with_error(point, used, &ErrorCode::StaleAuthentication { max_age })
            }
            Reason::InsufficientAcr { acr_values } => {
                challenge::with_error(point, used, &ErrorCode::WeakAuthentication { acr_values })
            }
            _ => challenge::only::<A>(used, &ErrorCode::InsufficientScope { scopes: scopes(point, denial) }),
        },
        (RejectionCode::NotAllowed, DenialCause::CheckFailed { .. }) => {
            challenge::only::<A>(used, &ErrorCode::InsufficientScope { scopes: Vec::new() })
        }
        _ => Vec::new(),
    }
}

/// Returns the scopes to name, if scopes are the rule that failed (RFC 6750, section 3.1).
fn scopes<A: AuthSchema>(point: EnforcementPoint<A>, denial: &Denial<A>) -> Vec<&'static str> {
    match (denial.reason, point.operation.requirement()) {
        (Reason::MissingScope, Some(requirement)) => requirement.scopes(),
        _ => Vec::new(),
    }
}

impl RejectionBody {
    /// Problem details (RFC 9457), with the stable `code`.
    #[must_use]
    pub fn problem(rejection: &Rejection) -> Self {
        Self::of(rejection.code)
    }
}

/// Marks a 404 as a rejection.
#[derive(Clone)]
struct Hidden;

/// Returns whether an error of Poem is a rejection. The 404 of a hidden operation counts too.
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
        response.headers_mut().reserve(USUAL_HEADERS);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        for (name, value) in &HEADERS {
            response.headers_mut().insert(name, value.clone());
        }
        for challenge in &self.challenges {
            response.headers_mut().append(header::WWW_AUTHENTICATE, challenge.clone());
        }
        if let Some(time) = self.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, retry_after::seconds(time).into());
        }
        match self.ended_cookie {
            Some(cookie) => without_cookie(response, cookie),
            None => response,
        }
    }
}

#[cfg(test)]
mod tests {
    use poem::error::ResponseError;

    use super::{Rejection, RejectionCode};

    #[test]
    fn the_status_of_the_error_is_that_of_the_code() {
        for code in RejectionCode::ALL {
            let rejection = Rejection::with_code(code);
            assert_eq!(rejection.status(), code.status(), "{code:?}");
            assert_eq!(rejection.into_error().status(), code.status(), "{code:?}");
        }
    }

    #[test]
    fn a_person_signs_in_after_a_401_that_is_no_wrong_credential() {
        let needs_sign_in = |code| Rejection::with_code(code).needs_sign_in();
        let codes: Vec<_> = RejectionCode::ALL.into_iter().filter(|code| needs_sign_in(*code)).collect();
        assert_eq!(codes, [RejectionCode::AuthenticationRequired, RejectionCode::ReauthenticationRequired]);
        let ended = Rejection { is_signed_out: true, ..Rejection::with_code(RejectionCode::InvalidCredentials) };
        assert!(ended.needs_sign_in());
    }
}
