//! Bearer tokens.

use super::{
    Malformed, carried_by,
    text::{SentText, Text},
};

/// A token: a token68 (RFC 9110, section 11.2), sent once.
///
/// The schemes `bearer`, `oauth2`, `openid_connect` and `http` carry one in the `Authorization` header (RFC 6750,
/// section 2.1), `header` and `cookie` at other locations. Tokens in the query or in a form are ignored (RFC 9700,
/// section 4.3.2).
#[derive(Clone, Debug)]
pub struct BearerToken(Text);

impl BearerToken {
    /// Builds a token for a test. A scheme reads the token of a request.
    ///
    /// ```
    /// use auth_runtime::credential::BearerToken;
    ///
    /// assert_eq!(BearerToken::new("mF_9.B5f-4.1JqM").as_str(), "mF_9.B5f-4.1JqM");
    /// ```
    #[must_use]
    pub fn new(token: impl Into<String>) -> Self {
        Self(Text::Owned(token.into()))
    }

    /// Returns the token. It is a secret.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    #[cfg(any(feature = "jwt", feature = "jwt-rust-crypto"))]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    fn parse(text: SentText<'_>) -> Result<Self, Malformed> {
        text.checked(Text::is_token68).map(|text| Self(text.into_owned()))
    }
}

carried_by! {
    BearerToken: Bearer, Http, Header, Cookie => BearerToken::parse;
}
