//! User name and password (RFC 7617).

use base64::{Engine, prelude::BASE64_STANDARD};
use secrecy::{ExposeSecret, SecretString};

use super::{Malformed, carried_by, text::Text};

/// A user name and a password from the `Authorization` header, in UTF-8 (RFC 7617, section 2.1).
#[derive(Clone, Debug)]
pub struct BasicCredentials {
    username: String,
    password: SecretString,
}

impl BasicCredentials {
    /// Builds credentials for a form or a test. A scheme reads those of a request.
    #[must_use]
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self { username: username.into(), password: password.into().into() }
    }

    /// Returns the user name.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.username
    }

    /// Returns the password. It is a secret.
    #[must_use]
    pub fn password(&self) -> &str {
        self.password.expose_secret()
    }
}

carried_by! {
    BasicCredentials: Basic => parse;
}

fn parse(text: Text) -> Result<BasicCredentials, Malformed> {
    text.checked(Text::is_visible).and_then(|encoded| decode(encoded.as_bytes()))
}

/// Decodes base64 and UTF-8, rejects control characters, and splits at the first colon.
fn decode(encoded: &[u8]) -> Result<BasicCredentials, Malformed> {
    let decoded = BASE64_STANDARD.decode(encoded).map_err(|_| Malformed::NotBasic)?;
    let decoded = SecretString::from(String::from_utf8(decoded).map_err(|_| Malformed::NotBasic)?);
    if decoded.expose_secret().chars().any(char::is_control) {
        return Err(Malformed::NotBasic);
    }
    let (username, password) = decoded.expose_secret().split_once(':').ok_or(Malformed::NotBasic)?;
    Ok(BasicCredentials::new(username, password))
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_STANDARD};

    use super::{Malformed, decode};

    #[test]
    fn the_first_colon_ends_the_user_name() {
        let credentials = decode(BASE64_STANDARD.encode("ü:p:q").as_bytes()).unwrap();
        assert_eq!((credentials.username(), credentials.password()), ("ü", "p:q"));
        assert!(!format!("{credentials:?}").contains("p:q"));
    }

    #[test]
    fn what_is_not_basic_is_malformed() {
        let encode = |bytes: &[u8]| BASE64_STANDARD.encode(bytes);
        for bad in ["dTpw!!!!", "dTp", &encode(b"no colon"), &encode(b"u:\xff"), &encode(b"u:a\nb"), &encode(b"u\0:p")]
        {
            assert_eq!(decode(bad.as_bytes()).unwrap_err(), Malformed::NotBasic, "{bad}");
        }
    }
}
