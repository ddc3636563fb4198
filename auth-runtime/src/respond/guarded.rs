//! The result of a generated operation: the response of the user's method, or a rejection that nothing rewrites.

use poem::{Error, IntoResponse, Result, error::IntoResult};
use poem_openapi::{
    ApiResponse,
    registry::{MetaResponses, Registry},
};

use crate::respond::{Rejection, is_rejection};

/// Return type of a generated operation. It is documented as `R`; `mount/openapi` adds 401 and 403.
#[derive(Debug)]
pub enum Guarded<R> {
    /// The response of the user's method.
    Answered(R),
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

impl<R: IntoResult<T>, T: IntoResponse> IntoResult<T> for Guarded<R> {
    fn into_result(self) -> Result<T> {
        match self {
            Self::Answered(answer) => answer.into_result(),
            Self::Rejected(error) => Err(error),
        }
    }
}
