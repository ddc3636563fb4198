//! Other schemes of the `Authorization` header, for authenticators of the application.

use super::{
    Malformed, carried_by,
    text::{SentText, Text},
};

/// The credentials of a scheme that this crate does not know: visible ASCII and spaces, not empty.
///
/// For one token after the scheme, as in `Token abc`, [`ApiKey`](super::ApiKey) and [`BearerToken`](super::BearerToken)
/// are stricter.
#[derive(Clone, Debug)]
pub struct HttpCredentials(Text);

impl HttpCredentials {
    /// Builds credentials for a test. A scheme reads those of a request.
    #[must_use]
    pub fn new(credentials: impl Into<String>) -> Self {
        Self(Text::Owned(credentials.into()))
    }

    /// Returns the credentials. They are a secret.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    fn parse(text: SentText<'_>) -> Result<Self, Malformed> {
        text.checked(Text::is_printable).map(|text| Self(text.into_owned()))
    }
}

carried_by! {
    HttpCredentials: Http => HttpCredentials::parse;
}
