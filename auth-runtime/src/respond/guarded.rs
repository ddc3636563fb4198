//! The answer of a generated operation: the user's own, or a rejection that nothing rewrites.

use poem::{Error, IntoResponse, Result, error::IntoResult};
use poem_openapi::{
    ApiResponse,
    registry::{MetaResponses, Registry},
};

use crate::respond::{Rejection, is_rejection};

/// What a generated operation returns. Documented as `R` is; `openapi.rs` adds 401 and 403.
#[derive(Debug)]
pub enum Guarded<R> {
    /// The user's method ran.
    Answered(R),
    /// It did not.
    Rejected(Error),
}

impl<R> Guarded<R> {
    /// For a rejection after the arguments were there.
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

    /// Poem sends every error of an argument through here, those of the guard too.
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
