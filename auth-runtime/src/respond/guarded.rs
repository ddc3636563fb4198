//! The result of a generated operation: the response of the user's method, or a rejection that nothing rewrites.

use poem::{
    Error, IntoResponse, Response, Result,
    error::IntoResult,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, HeaderValue},
    },
};
use poem_openapi::{
    ApiResponse,
    registry::{MetaResponses, Registry},
};

use super::ended_cookie::without_cookie;
use crate::respond::{Rejection, is_rejection};

static NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Return type of a generated operation. It is documented as `R`; `mount/openapi` adds the statuses of rejections.
#[derive(Debug)]
pub enum Guarded<R> {
    /// The response of the user's method.
    Answered(R),
    /// The response of an optional operation to a caller whose session has ended, with the name of the cookie to
    /// delete.
    SignedOut(R, &'static str),
    /// The response of a public operation, which caches may store.
    Public(R),
    /// The rejection, if the method did not run.
    Rejected(Error),
}

impl<R> Guarded<R> {
    /// Wraps a rejection that a check caused.
    #[must_use]
    pub fn rejected(rejection: Rejection) -> Self {
        Self::Rejected(rejection.into_error())
    }
}

impl<R: ApiResponse> ApiResponse for Guarded<R> {
    const BAD_REQUEST_HANDLER: bool = R::BAD_REQUEST_HANDLER;

    fn meta() -> MetaResponses {
        R::meta()
    }

    fn register(registry: &mut Registry) {
        R::register(registry);
    }

    /// Poem passes every error of an argument to this function, also those of the guard.
    fn from_parse_request_error(error: Error) -> Self {
        if is_rejection(&error) { Self::Rejected(error) } else { Self::Answered(R::from_parse_request_error(error)) }
    }
}

/// The response of a guarded operation.
#[derive(Debug)]
pub struct GuardedResponse<T> {
    response: T,
    is_public: bool,
    /// The name of the cookie to delete.
    ended_cookie: Option<&'static str>,
}

impl<R: IntoResult<T>, T: IntoResponse> IntoResult<GuardedResponse<T>> for Guarded<R> {
    fn into_result(self) -> Result<GuardedResponse<T>> {
        let (answer, is_public, ended_cookie) = match self {
            Self::Answered(answer) => (answer, false, None),
            Self::SignedOut(answer, cookie) => (answer, false, Some(cookie)),
            Self::Public(answer) => (answer, true, None),
            Self::Rejected(error) => return Err(error),
        };
        Ok(GuardedResponse { response: answer.into_result()?, is_public, ended_cookie })
    }
}

impl<T: IntoResponse> IntoResponse for GuardedResponse<T> {
    fn into_response(self) -> Response {
        let response = self.response.into_response();
        if self.is_public { response } else { private(response, self.ended_cookie) }
    }
}

/// Returns the response of an operation with a rule. It deletes the cookie of a session that has ended.
fn private(mut response: Response, ended_cookie: Option<&str>) -> Response {
    forbid_store(&mut response);
    match ended_cookie {
        Some(cookie) => without_cookie(response, cookie),
        None => response,
    }
}

/// Keeps a response out of caches, unless the handler decided it (RFC 9111, section 3.5): it may depend on the caller.
///
/// A 404 stays as it is: one that hides an operation must look like any other.
pub(crate) fn forbid_store(response: &mut Response) {
    let is_decided = || response.headers().keys().any(|name| *name == CACHE_CONTROL);
    if response.status() != StatusCode::NOT_FOUND && !is_decided() {
        response.headers_mut().insert(CACHE_CONTROL, NO_STORE.clone());
    }
}
