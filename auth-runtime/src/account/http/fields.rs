//! The fields of a form, or of a JSON object.

use poem::{Request, http::header::CONTENT_TYPE};
use zeroize::Zeroizing;

use super::error::HttpError;
use crate::session::Fields;

/// In bytes. A password has 1024 at most, and is at most three times as long in a form.
const MAX_BODY: usize = 8 * 1024;

/// Reads the fields of a request.
pub(super) async fn read_fields(request: &mut Request) -> Result<Fields, HttpError> {
    Fields::read_up_to(MAX_BODY, request).await.map_err(|_| HttpError::Malformed)
}

/// Returns whether the body is a JSON object. Other sites cannot send one without asking first (CORS).
pub(super) fn is_json(request: &Request) -> bool {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case("application/json"))
}

/// Returns a text of the query; an absent one is empty.
pub(super) fn query(request: &Request, name: &str) -> Zeroizing<String> {
    let query = request.uri().query().unwrap_or_default();
    let text = form_urlencoded::parse(query.as_bytes()).find(|(found, _)| found == name);
    Zeroizing::new(text.map(|(_, text)| text.into_owned()).unwrap_or_default())
}
