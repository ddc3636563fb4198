//! User name and password (RFC 7617).

use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use secrecy::{ExposeSecret, SecretString};

use super::{Malformed, carried_by, text::SentText};

/// A user name and a password from the `Authorization` header, in UTF-8 (RFC 7617, section 2.1).
#[derive(Clone)]
pub struct BasicCredentials {
    /// `name:password`, as it was sent.
    text: SecretString,
    /// The position of the colon.
    colon: usize,
}

impl BasicCredentials {
    /// Builds credentials for a form or a test. A scheme reads those of a request.
    #[must_use]
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        let (username, password) = (username.into(), SecretString::from(password.into()));
        let mut text = String::with_capacity(username.len() + 1 + password.expose_secret().len());
        text.push_str(&username);
        text.push(':');
        text.push_str(password.expose_secret());
        Self { text: text.into(), colon: username.len() }
    }

    /// Returns the credentials of a text that follows `Basic`, or none if it is malformed.
    #[cfg(feature = "basic")]
    pub(crate) fn of_text(text: &[u8]) -> Option<Self> {
        decode(text).ok()
    }

    /// Returns the user name.
    #[must_use]
    pub fn username(&self) -> &str {
        self.text.expose_secret().get(..self.colon).unwrap_or_default()
    }

    /// Returns the password. It is a secret.
    #[must_use]
    pub fn password(&self) -> &str {
        self.text.expose_secret().get(self.colon + 1..).unwrap_or_default()
    }
}

impl fmt::Debug for BasicCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicCredentials").field("username", &self.username()).finish_non_exhaustive()
    }
}

carried_by! {
    BasicCredentials: Basic => parse;
}

fn parse(text: SentText<'_>) -> Result<BasicCredentials, Malformed> {
    text.checked(SentText::is_visible).and_then(|encoded| decode(encoded.as_bytes()))
}

/// Decodes base64 and UTF-8, rejects control characters, and splits at the first colon.
fn decode(encoded: &[u8]) -> Result<BasicCredentials, Malformed> {
    let padding = encoded.iter().rev().take_while(|byte| **byte == b'=').count();
    // As long as the result, so that the secret is not moved to a smaller place.
    let mut decoded = vec![0; (encoded.len() / 4 * 3).saturating_sub(padding)];
    let len = BASE64_STANDARD.decode_slice(encoded, &mut decoded).map_err(|_| Malformed::NotBasic)?;
    decoded.truncate(len);
    let decoded = SecretString::from(String::from_utf8(decoded).map_err(|_| Malformed::NotBasic)?);
    if has_control(decoded.expose_secret()) {
        return Err(Malformed::NotBasic);
    }
    let colon = decoded.expose_secret().bytes().position(|byte| byte == b':').ok_or(Malformed::NotBasic)?;
    Ok(BasicCredentials { text: decoded, colon })
}

/// Whether a text has a control character. Most texts are ASCII, where no character needs decoding.
fn has_control(text: &str) -> bool {
    text.bytes().fold(false, |found, byte| found | byte.is_ascii_control())
        || (!text.is_ascii() && text.chars().any(char::is_control))
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_STANDARD};

    use super::{BasicCredentials, Malformed, decode};

    #[test]
    fn the_first_colon_ends_the_user_name() {
        let credentials = decode(BASE64_STANDARD.encode("ü:p:q").as_bytes()).unwrap();
        assert_eq!((credentials.username(), credentials.password()), ("ü", "p:q"));
        assert_eq!(format!("{credentials:?}"), r#"BasicCredentials { username: "ü", .. }"#);
    }

    #[test]
    fn a_form_can_have_a_colon_in_the_user_name() {
        let credentials = BasicCredentials::new("a:b", "c:d");
        assert_eq!((credentials.username(), credentials.password()), ("a:b", "c:d"));
    }

    #[test]
    fn what_is_not_basic_is_malformed() {
        let encode = |bytes: &[u8]| BASE64_STANDARD.encode(bytes);
        for bad in [
            "dTpw!!!!",
            "dTp",
            &encode(b"no colon"),
            &encode(b"u:\xff"),
            &encode(b"u:a\nb"),
            &encode(b"u:\ra\n"),
            &encode(b"u\0:p"),
            &encode("u\u{85}:p".as_bytes()),
        ] {
            assert_eq!(decode(bad.as_bytes()).unwrap_err(), Malformed::NotBasic, "{bad}");
        }
    }
}
