//! The responses that keep callers out.

use serde_json::{Map, Value, json};

/// The media type of our problems.
const PROBLEM: &str = "application/problem+json";

/// Adds the responses that keep callers out, beside what the operation documents itself.
pub(super) fn respond(documented: &mut Map<String, Value>, statuses: impl IntoIterator<Item = u16>, problem: &str) {
    let Some(responses) = documented.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for status in statuses {
        let ours = response(status, problem);
        let combined = match own(responses, status) {
            Some(own) => beside(own.clone(), &ours),
            None => ours,
        };
        responses.insert(status.to_string(), combined);
    }
}

/// Adds the 401 of an argument that is a security scheme of poem-openapi, unless a response covers it. Its form is up
/// to poem-openapi and the application.
pub(super) fn respond_to_missing_argument(documented: &mut Map<String, Value>) {
    let Some(responses) = documented.get_mut("responses").and_then(Value::as_object_mut) else { return };
    if own(responses, 401).is_none() {
        responses.insert("401".into(), json!({ "description": "No valid credential" }));
    }
}

/// Returns what the operation documents for a status itself: by its number, its range, or as the default. An entry of
/// a number hides the others (OpenAPI 3.0, section 4.7.16).
fn own(responses: &Map<String, Value>, status: u16) -> Option<&Value> {
    let [number, range] = [status.to_string(), format!("{}XX", status / 100)];
    responses.get(&number).or_else(|| responses.get(&range)).or_else(|| responses.get("default"))
}

/// Adds our headers and our media type to a response of the application, which keeps all of its own.
fn beside(mut own: Value, ours: &Value) -> Value {
    for (name, header) in ours["headers"].as_object().into_iter().flatten() {
        let headers = own["headers"].as_object();
        let is_known = headers.into_iter().flat_map(Map::keys).any(|known| known.eq_ignore_ascii_case(name));
        if !is_known {
            own["headers"][name] = header.clone();
        }
    }
    let Some(content) = ours.get("content") else { return own };
    let schema = &content[PROBLEM]["schema"];
    let combined = match own["content"][PROBLEM].get("schema") {
        Some(theirs) if theirs != schema => json!({ "anyOf": [theirs, schema] }),
        _ => schema.clone(),
    };
    own["content"][PROBLEM]["schema"] = combined;
    own
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
        431 => ("The credential is too large", json!({})),
        _ => (
            "Whether the caller may do this cannot be told now",
            json!({ "Retry-After": header("Seconds to wait (RFC 9110)") }),
        ),
    };
    let mut response = json!({ "description": description });
    if headers.as_object().is_some_and(|headers| !headers.is_empty()) {
        response["headers"] = headers;
    }
    // Poem answers a bad request and a missing page in its own way.
    if !matches!(status, 400 | 404) {
        response["content"] = json!({ PROBLEM: { "schema": { "$ref": format!("#/components/schemas/{problem}") } } });
    }
    response
}

/// The schema of the body of these responses.
pub(super) fn problem_schema() -> Value {
    json!({
        "type": "object",
        "description": "Why a request was rejected (RFC 9457)",
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
