//! Bodies of HTML forms, from the members of a JSON object.

use serde_json::Value;

use super::test_request::text;

/// Separates the parts of a multipart body.
pub(super) const BOUNDARY: &str = "example-of-a-generated-test";

/// Returns the members as `application/x-www-form-urlencoded`.
pub(super) fn url_encoded(example: &Value) -> Vec<u8> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(members(example).map(|(name, value)| (name, text(value))));
    form.finish().into_bytes()
}

/// Returns the members as `multipart/form-data`. Each is a file, because a text field of Poem may have a file name.
pub(super) fn multipart(example: &Value) -> Vec<u8> {
    let part = |(name, value): (&str, &Value)| {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"test\"\r\n");
        format!("{head}\r\n{}\r\n", text(value))
    };
    let parts: String = members(example).map(part).collect();
    format!("{parts}--{BOUNDARY}--\r\n").into_bytes()
}

/// Returns the members of an object; a list is a member for each of its items.
fn members(example: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let members = example.as_object().into_iter().flatten();
    members.flat_map(|(name, value)| {
        let items = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
        items.iter().map(move |item| (name.as_str(), item))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{multipart, url_encoded};

    #[test]
    fn members_become_fields() {
        let example = json!({ "text": "a & b", "tags": ["x", "y"], "count": 1 });
        assert_eq!(url_encoded(&example), b"text=a+%26+b&tags=x&tags=y&count=1");
        let body = String::from_utf8(multipart(&json!({ "text": "a" }))).unwrap();
        assert!(body.contains("name=\"text\"; filename=\"test\"\r\n\r\na\r\n--"));
    }
}
