//! Responses of the pages that are no page.

use poem::{
    IntoResponse, Response,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};
use serde_json::Value;

use crate::respond::problem;

/// Sends the browser to another page, which it loads with `GET` (RFC 9110, section 15.4.4).
pub(super) fn see_other(location: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    // Paths of this origin are visible ASCII.
    let location = HeaderValue::try_from(location).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, location);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Returns JSON that no cache may store.
pub(super) fn json(value: &Value) -> Response {
    static HEADERS: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    let mut response = Response::from(value.to_string());
    for (name, value) in &HEADERS {
        response.headers_mut().insert(name, value.clone());
    }
    response
}

/// Returns problem details that no cache may store.
pub(super) fn problem_details(status: StatusCode, code: &str, detail: &str) -> Response {
    let mut response = json(&problem(status, code, detail)).set_content_type("application/problem+json");
    response.set_status(status);
    response
}

/// Returns a 405.
pub(super) fn not_allowed() -> Response {
    let mut response = StatusCode::METHOD_NOT_ALLOWED.into_response();
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
    response
}
