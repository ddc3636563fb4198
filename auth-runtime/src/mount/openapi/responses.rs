//! The answers that keep callers out.

use serde_json::{Map, Value, json};

/// Adds the answers that keep callers out; what the operation documents itself stays.
pub(super) fn respond(documented: &mut Map<String, Value>, statuses: impl IntoIterator<Item = u16>, problem: &str) {
    let Some(responses) = documented.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for status in statuses {
        responses.entry(status.to_string()).or_insert_with(|| response(status, problem));
    }
}

fn response(status: u16, problem: &str) -> Value {
    let header = |description: &str| json!({ "description": description, "schema": { "type": "string" } });
    let (description, headers) = match status {
        400 => ("The request or its credential is malformed", json!({})),
        401 => (
            "No valid credential",
            json!({ "WWW-Authenticate": header("The schemes that are accepted here, and what was wrong (RFC 9110)") }),
        ),
        403 => (
            "The caller may not do this",
            json!({ "WWW-Authenticate": header("`insufficient_scope` for callers with a bearer token (RFC 6750)") }),
        ),
        404 => ("There is nothing here, or the caller may not know of it", json!({})),
        429 => ("Too many attempts", json!({ "Retry-After": header("Seconds to wait (RFC 9110)") })),
        _ => (
            "Whether the caller may do this cannot be told now",
            json!({ "Retry-After": header("Seconds to wait (RFC 9110)") }),
        ),
    };
    let content =
        json!({ "application/problem+json": { "schema": { "$ref": format!("#/components/schemas/{problem}") } } });
    let mut response = json!({ "description": description });
    if headers.as_object().is_some_and(|headers| !headers.is_empty()) {
        response["headers"] = headers;
    }
    // Poem answers a bad request and a missing page in its own way.
    if !matches!(status, 400 | 404) {
        response["content"] = content;
    }
    response
}

/// The schema of the body of these answers.
pub(super) fn problem_schema() -> Value {
    json!({
        "type": "object",
        "description": "Why a request was not let in (RFC 9457)",
        "required": ["type", "title", "status", "code"],
        "properties": {
            "type": { "type": "string", "format": "uri-reference" },
            "title": { "type": "string" },
            "status": { "type": "integer", "format": "int32" },
            "detail": { "type": "string" },
            "code": { "type": "string", "description": "Stable; for programs" },
        },
    })
}
