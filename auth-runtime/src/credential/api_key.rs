//! API keys.

use super::{
    Malformed, carried_by,
    text::{SentText, Text},
};

/// An API key of a request: visible ASCII, not empty, sent once.
///
/// Any scheme but `basic` carries one. In the `Authorization` header, as `bearer` or `http = "Token"`, it has the
/// characters of a token68 (RFC 9110, section 11.2).
#[derive(Clone, Debug)]
pub struct ApiKey(Text);

impl ApiKey {
    /// Builds a key for a test. A scheme reads the key of a request.
    #[must_use]
    pub fn new(key: impl Into<String>) -> Self {
        Self(Text::Owned(key.into()))
    }

    /// Returns the key. It is a secret.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether each scheme can carry the key.
    #[cfg(feature = "api-key")]
    pub(crate) fn is_token68(&self) -> bool {
        self.0.is_token68()
    }

    fn in_authorization(text: SentText<'_>) -> Result<Self, Malformed> {
        text.checked(Text::is_token68).map(|text| Self(text.into_owned()))
    }

    fn named(text: SentText<'_>) -> Result<Self, Malformed> {
        text.checked(Text::is_graphic).map(|text| Self(text.into_owned()))
    }
}

carried_by! {
    ApiKey: Bearer, Http => ApiKey::in_authorization;
    ApiKey: Header, Query, Cookie => ApiKey::named;
}
