//! Responses: a page for browsers, JSON for programs.

use poem::{
    Request, Response,
    http::{StatusCode, header::RETRY_AFTER},
};
use serde_json::Value;

use super::{
    error::HttpError,
    fields::is_json,
    headers::{NO_CONTENT, secured},
    page::Page,
};
use crate::{respond::problem, session::wants_html};

impl HttpError {
    /// Returns the response: problem details (RFC 9457), or this page with the sentence.
    pub(super) fn response(&self, wants_page: bool, page: impl FnOnce(&str) -> Page) -> Response {
        let detail = self.detail();
        let mut response = if wants_page {
            page(&detail).response(self.status())
        } else {
            let problem = problem(self.status(), self.code(), &detail);
            json_response(self.status(), "application/problem+json", &problem)
        };
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// Returns a successful response: a page, or JSON.
pub(super) fn done(wants_page: bool, page: impl FnOnce() -> Page, json: &Value) -> Response {
    if wants_page { page().response(StatusCode::OK) } else { json_response(StatusCode::OK, "application/json", json) }
}

fn json_response(status: StatusCode, content_type: &'static str, body: &Value) -> Response {
    secured(Response::builder().status(status).content_type(content_type).body(body.to_string()), NO_CONTENT)
}

/// Returns whether the client is a browser that shows a page. A client that sends JSON gets JSON.
pub(super) fn wants_page(request: &Request) -> bool {
    !is_json(request) && wants_html(request)
}
