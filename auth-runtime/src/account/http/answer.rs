//! Responses: a page for browsers, JSON for programs, with the headers that both need.

use std::time::Duration;

use poem::{
    Request, Response,
    http::{
        HeaderValue, StatusCode,
        header::{
            ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
        },
    },
};
use serde_json::{Value, json};

use super::{fields::is_json, page::Page};
use crate::account::AccountError;

/// Why a request gets no answer of its own.
#[derive(Debug)]
pub(super) enum HttpError {
    /// The body cannot be read.
    Malformed,
    /// A page of another site sent the request.
    CrossOrigin,
    /// The account refuses.
    Account(AccountError),
}

impl From<AccountError> for HttpError {
    fn from(error: AccountError) -> Self {
        Self::Account(error)
    }
}

impl HttpError {
    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::Malformed | Self::Account(AccountError::Link) => StatusCode::BAD_REQUEST,
            Self::CrossOrigin | Self::Account(AccountError::NoUser | AccountError::NoSignIn) => StatusCode::FORBIDDEN,
            Self::Account(AccountError::HasSecondFactor) => StatusCode::CONFLICT,
            Self::Account(AccountError::TooManyAttempts { .. }) => StatusCode::TOO_MANY_REQUESTS,
            Self::Account(AccountError::Unavailable(_)) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Account(AccountError::Email | AccountError::Password(_) | AccountError::Code) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
        }
    }

    /// Returns the stable, machine-readable code.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "malformed_request",
            Self::CrossOrigin => "cross_origin_request",
            Self::Account(AccountError::NoUser) => "not_allowed",
            Self::Account(AccountError::NoSignIn) => "no_sign_in",
            Self::Account(AccountError::Link) => "invalid_link",
            Self::Account(AccountError::Email) => "invalid_email",
            Self::Account(AccountError::Password(_)) => "password_rejected",
            Self::Account(AccountError::Code) => "wrong_code",
            Self::Account(AccountError::HasSecondFactor) => "second_factor_exists",
            Self::Account(AccountError::TooManyAttempts { .. }) => "too_many_attempts",
            Self::Account(AccountError::Unavailable(_)) => "temporarily_unavailable",
        }
    }

    /// Returns a sentence for people. It has nothing of the cause of an outage.
    pub(super) fn detail(&self) -> String {
        match self {
            Self::Malformed => "The form cannot be read.".to_owned(),
            Self::CrossOrigin => "Pages of other sites are not allowed to do this.".to_owned(),
            Self::Account(AccountError::Link) => {
                "This link is not valid: it was used, has expired, or a newer one was sent.".to_owned()
            }
            Self::Account(AccountError::Email) => "This is not an e-mail address.".to_owned(),
            Self::Account(AccountError::Password(error)) => format!("Choose another password: {error}."),
            Self::Account(AccountError::NoSignIn) => "Sign in with your password first.".to_owned(),
            Self::Account(AccountError::Code) => "The code is wrong, or was used.".to_owned(),
            Self::Account(AccountError::HasSecondFactor) => "There is a second factor already.".to_owned(),
            Self::Account(AccountError::NoUser) => "You are not allowed to do this.".to_owned(),
            Self::Account(AccountError::TooManyAttempts { retry_after }) => {
                format!("Too many attempts. Wait {} seconds.", seconds(*retry_after))
            }
            Self::Account(AccountError::Unavailable(_)) => "This does not work now. Try again later.".to_owned(),
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Account(AccountError::TooManyAttempts { retry_after }) => Some(seconds(*retry_after)),
            Self::Account(AccountError::Unavailable(error)) => {
                let error = error.to_string();
                tracing::warn!(?error, "account unavailable");
                Some(5)
            }
            _ => None,
        }
    }

    /// Returns the response: problem details (RFC 9457), or this page with the sentence.
    pub(super) fn response(&self, wants_page: bool, page: impl FnOnce(&str) -> Page) -> Response {
        let detail = self.detail();
        let mut response = if wants_page {
            page(&detail).response(self.status())
        } else {
            let status = self.status();
            let problem = json!({
                "type": "about:blank",
                "title": status.canonical_reason().unwrap_or("Error"),
                "status": status.as_u16(),
                "detail": detail,
                "code": self.code(),
            });
            json_response(status, "application/problem+json", &problem)
        };
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// Rounds up, so that no client retries too early.
const fn seconds(time: Duration) -> u64 {
    time.as_secs() + 1
}

/// Returns a successful response: a page, or JSON.
pub(super) fn done(wants_page: bool, page: impl FnOnce() -> Page, json: &Value) -> Response {
    if wants_page { page().response(StatusCode::OK) } else { json_response(StatusCode::OK, "application/json", json) }
}

fn json_response(status: StatusCode, content_type: &'static str, body: &Value) -> Response {
    secured(Response::builder().status(status).content_type(content_type).body(body.to_string()), NO_CONTENT)
}

/// The policy of a response that is no page.
const NO_CONTENT: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// Adds the headers of all responses. The address of a page may hold a token, so no other site may learn it.
pub(super) fn secured(mut response: Response, policy: HeaderValue) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    response
}

/// Returns whether the client is a browser that shows a page. A client that sends JSON gets JSON.
pub(super) fn wants_page(request: &Request) -> bool {
    let accepts = request.headers().get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    !is_json(request) && accepts.flat_map(|value| value.split(',')).any(|kind| kind.trim().starts_with("text/html"))
}
