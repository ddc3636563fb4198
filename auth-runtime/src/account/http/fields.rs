//! The fields of a form, or of a JSON object.

use std::collections::HashMap;

use poem::{Request, http::header::CONTENT_TYPE};
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::error::HttpError;

/// In bytes. A password has 1024 at most, and is at most three times as long in a form.
const MAX_BODY: usize = 8 * 1024;

/// Texts by name. They are wiped when they are dropped.
pub(super) struct Fields(HashMap<String, Zeroizing<String>>);

impl Fields {
    /// Reads the body of a request.
    pub(super) async fn read(request: &mut Request) -> Result<Self, HttpError> {
        let is_json = is_json(request);
        let body = request.take_body().into_bytes_limit(MAX_BODY).await.map_err(|_| HttpError::Malformed)?;
        if is_json { Self::of_json(&body) } else { Self::of_form(&body) }
    }

    fn of_json(body: &[u8]) -> Result<Self, HttpError> {
        let texts: HashMap<String, String> = serde_json::from_slice(body).map_err(|_| HttpError::Malformed)?;
        Ok(Self(texts.into_iter().map(|(name, text)| (name, Zeroizing::new(text))).collect()))
    }

    /// A field that is there twice is refused: two readers could take different ones.
    fn of_form(body: &[u8]) -> Result<Self, HttpError> {
        let mut texts = HashMap::new();
        for (name, text) in form_urlencoded::parse(body) {
            if texts.insert(name.into_owned(), Zeroizing::new(text.into_owned())).is_some() {
                return Err(HttpError::Malformed);
            }
        }
        Ok(Self(texts))
    }

    /// Returns a text; an absent one is empty.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |text| text.as_str())
    }
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
