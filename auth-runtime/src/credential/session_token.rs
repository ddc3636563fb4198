//! Session tokens.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use super::{
    Malformed, carried_by,
    text::{SentText, Text, is_base64url},
};

/// The length of 256 bits in base64url.
const LEN: usize = 43;

/// The secret of a session: 256 random bits in base64url, sent in a cookie.
///
/// A text of another form is malformed, as no session ever had it.
#[derive(Clone, Debug)]
pub struct SessionToken(Text);

impl SessionToken {
    /// Returns the token of 256 bits.
    #[must_use]
    pub fn of_bits(bits: &[u8; 32]) -> Self {
        Self(Text::Owned(BASE64_URL_SAFE_NO_PAD.encode(bits)))
    }

    /// Returns the token. It is a secret.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Returns the bytes of the token.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    fn parse(text: SentText<'_>) -> Result<Self, Malformed> {
        text.checked(is_token).map(|text| Self(text.into_owned()))
    }
}

/// Whether a text encodes 256 bits. The last character has two spare bits, which are zero.
fn is_token(text: &SentText<'_>) -> bool {
    let Ok(bytes) = <&[u8; LEN]>::try_from(text.as_bytes()) else { return false };
    let has_spare_bits = !matches!(
        bytes[LEN - 1],
        b'A' | b'E' | b'I' | b'M' | b'Q' | b'U' | b'Y' | b'c' | b'g' | b'k' | b'o' | b's' | b'w' | b'0' | b'4' | b'8'
    );
    // Both halves overlap.
    let halves = [bytes.first_chunk::<32>(), bytes.last_chunk::<32>()];
    !has_spare_bits && halves.into_iter().flatten().all(is_base64url)
}

carried_by! {
    SessionToken: Cookie => SessionToken::parse;
}

#[cfg(test)]
mod tests {
    use poem::Request;

    use super::{BASE64_URL_SAFE_NO_PAD, Engine, SessionToken};
    use crate::{
        credential::{CarriedBy, Credential, Malformed},
        declared::{ApiKeyLocation, SchemeKind, SecurityScheme, kind},
    };

    const SCHEME: SecurityScheme =
        SecurityScheme::new("session", SchemeKind::ApiKey { location: ApiKeyLocation::Cookie, name: "__Host-session" });

    fn find(value: &str) -> Credential<SessionToken> {
        let request = Request::builder().header("Cookie", format!("__Host-session={value}")).finish();
        <SessionToken as CarriedBy<kind::Cookie>>::find(&request, &SCHEME)
    }

    #[test]
    fn r61_a_token_is_256_bits_in_base64url() {
        for bits in [[0; 32], [0xff; 32], [0xa5; 32]] {
            let token = SessionToken::of_bits(&bits);
            assert_eq!(BASE64_URL_SAFE_NO_PAD.decode(token.as_str()).unwrap(), bits);
            assert!(matches!(find(token.as_str()), Credential::Found(found) if found.as_str() == token.as_str()));
        }
        assert!(!format!("{:?}", SessionToken::of_bits(&[0; 32])).contains("AAAA"));
    }

    #[test]
    fn r61_each_text_that_decodes_to_256_bits_is_a_token_and_no_other() {
        for last in (0..=0x7f_u8).map(char::from).filter(|last| !matches!(last, ';' | ' ' | '\t' | '\n' | '\r')) {
            let text = format!("{}{last}", "A".repeat(42));
            let is_found = match poem::http::HeaderValue::from_str(&text) {
                Ok(_) => matches!(find(&text), Credential::Found(_)),
                Err(_) => false,
            };
            assert_eq!(is_found, BASE64_URL_SAFE_NO_PAD.decode(&text).is_ok(), "{last:?}");
        }
        for bad in ["a", "null", "undefined", &"A".repeat(42), &"A".repeat(44), &format!("{}=", "A".repeat(43))] {
            assert!(matches!(find(bad), Credential::Malformed(Malformed::Characters)), "{bad}");
        }
    }
}
