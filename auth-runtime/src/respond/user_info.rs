//! Errors of user information as responses: problem details, never a 401, as the caller's credential was valid.

use poem::{Response, error::ResponseError, http::StatusCode};

use super::{Rejection, RejectionCode};
use crate::authenticate::UserInfoError;

impl ResponseError for UserInfoError {
    fn status(&self) -> StatusCode {
        code(self).status()
    }

    fn as_response(&self) -> Response {
        Rejection::with_code(code(self)).as_response()
    }
}

const fn code(error: &UserInfoError) -> RejectionCode {
    match error {
        UserInfoError::NotOffered => RejectionCode::Misconfigured,
        UserInfoError::Refused => RejectionCode::NotAllowed,
        UserInfoError::Unavailable(_) | UserInfoError::Invalid(_) => RejectionCode::Unavailable,
    }
}

#[cfg(test)]
mod tests {
    use poem::error::ResponseError;

    use crate::authenticate::UserInfoError;

    #[tokio::test]
    async fn the_response_is_problem_details_without_details_of_the_issuer() {
        let mut response = UserInfoError::unavailable("connection to 10.0.0.1 refused").as_response();
        assert_eq!(response.header("Retry-After"), Some("5"));
        assert_eq!(response.content_type(), Some("application/problem+json"));
        let body = response.take_body().into_string().await.unwrap();
        assert!(body.contains("temporarily_unavailable") && !body.contains("10.0.0.1"), "{body}");
        assert_eq!(UserInfoError::Refused.as_response().header("WWW-Authenticate"), None);
        for (error, status) in
            [(UserInfoError::NotOffered, 500), (UserInfoError::Refused, 403), (UserInfoError::unavailable("down"), 503)]
        {
            assert_eq!((error.status().as_u16(), error.as_response().status().as_u16()), (status, status), "{error}");
        }
    }
}
