//! The fields of a form, or the members of a JSON object.

use std::{collections::HashMap, fmt};

use poem::{
    Request,
    http::{StatusCode, header},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};

use crate::credential::is_utf8_form;

/// The longest body of a sign-in.
const MAX_BODY: usize = 64 * 1024;

/// The fields of a request. Each is a secret, because one of them is.
#[derive(Debug, Default)]
pub(crate) struct Fields(HashMap<String, SecretString>);

impl Fields {
    /// Reads the body: `application/x-www-form-urlencoded`, or a JSON object of texts. Both are UTF-8.
    ///
    /// # Errors
    /// The status of the response: 413, 415 or 400.
    pub(crate) async fn read(request: &mut Request) -> Result<Self, StatusCode> {
        Self::read_up_to(MAX_BODY, request).await
    }

    /// Reads a body of at most so many bytes.
    pub(crate) async fn read_up_to(max: usize, request: &mut Request) -> Result<Self, StatusCode> {
        let is_json = match content_type(request).as_str() {
            "application/json" => true,
            "application/x-www-form-urlencoded" => false,
            _ => return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE),
        };
        let body = request.take_body().into_bytes_limit(max).await;
        let body = body.map_err(|error| poem::error::ResponseError::status(&error))?;
        if is_json { Self::of_json(&body) } else { Self::of_form(&body) }
    }

    fn of_form(body: &[u8]) -> Result<Self, StatusCode> {
        if !is_utf8_form(body) {
            return Err(StatusCode::BAD_REQUEST);
        }
        let mut fields = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            fields.insert(name.into_owned(), value.into_owned()).map_err(|Repeated| StatusCode::BAD_REQUEST)?;
        }
        Ok(fields)
    }

    fn of_json(body: &[u8]) -> Result<Self, StatusCode> {
        serde_json::from_slice(body).map_err(|_| StatusCode::BAD_REQUEST)
    }

    /// A field that is sent twice may mean two things.
    fn insert(&mut self, name: String, value: String) -> Result<(), Repeated> {
        match self.0.insert(name, value.into()) {
            None => Ok(()),
            Some(_) => Err(Repeated),
        }
    }

    /// Returns a field; an empty text if it is absent.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.get(name).map(SecretString::expose_secret).unwrap_or_default()
    }
}

/// A field was sent twice.
struct Repeated;

/// Reads an object of texts. The maps of `serde_json` would keep the last of two members of one name.
impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::default();
        while let Some((name, value)) = members.next_entry::<String, Option<String>>()? {
            fields.insert(name, value.unwrap_or_default()).map_err(|Repeated| A::Error::custom("a repeated member"))?;
        }
        Ok(fields)
    }
}

fn content_type(request: &Request) -> String {
    let value = request.header(header::CONTENT_TYPE).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use poem::{Request, http::StatusCode};

    use super::Fields;

    async fn read(content_type: &str, body: impl Into<String>) -> Result<Fields, StatusCode> {
        Fields::read(&mut Request::builder().header("Content-Type", content_type).body(body.into())).await
    }

    #[tokio::test]
    async fn forms_and_json_are_read() {
        let form = "application/x-www-form-urlencoded; charset=utf-8";
        let fields = read(form, "username=J%C3%B6rg&password=a+b%2B%26").await.unwrap();
        assert_eq!((fields.get("username"), fields.get("password"), fields.get("next")), ("Jörg", "a b+&", ""));
        let fields =
            read("application/json", r#"{"username": "Jörg", "password": "a b+&", "next": null}"#).await.unwrap();
        assert_eq!((fields.get("username"), fields.get("password"), fields.get("next")), ("Jörg", "a b+&", ""));
        assert!(!format!("{fields:?}").contains("a b+&"));
    }

    #[tokio::test]
    async fn other_bodies_are_refused() {
        for (content_type, body, status) in [
            ("text/plain", "{}".to_owned(), 415),
            ("", String::new(), 415),
            ("multipart/form-data", String::new(), 415),
            ("application/json", "[]".to_owned(), 400),
            ("application/json", r#"{"username": 1}"#.to_owned(), 400),
            ("application/json", r#"{"username": "#.to_owned(), 400),
            ("application/json", r#"{"username": "a", "username": "b"}"#.to_owned(), 400),
            ("application/json", r#"{"username": null, "username": "b"}"#.to_owned(), 400),
            ("application/json", r#"{"a": "b"} {}"#.to_owned(), 400),
            ("application/x-www-form-urlencoded", "a=%FF".to_owned(), 400),
            ("application/x-www-form-urlencoded", "a=b&a=c".to_owned(), 400),
            ("application/x-www-form-urlencoded", "a".repeat(64 * 1024 + 1), 413),
        ] {
            assert_eq!(read(content_type, body).await.unwrap_err().as_u16(), status, "{content_type}");
        }
    }
}
