//! Problem details (RFC 9457).

use poem::http::StatusCode;
use serde_json::{Value, json};

/// Returns problem details with a stable code.
pub(crate) fn problem(status: StatusCode, code: &str, detail: &str) -> Value {
    json!({
        "type": "about:blank",
        "title": status.canonical_reason().unwrap_or("Error"),
        "status": status.as_u16(),
        "detail": detail,
        "code": code,
    })
}
