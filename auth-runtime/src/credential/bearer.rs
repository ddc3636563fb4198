//! Bearer tokens (RFC 6750).

use poem::Request;

use super::{CarriedBy, Credential, Malformed, authorization, text::Text};
use crate::scheme::{SecurityScheme, kind};

/// A bearer token as it stands in the `Authorization` header: `token68` and nothing else (RFC 6750, section 2.1).
///
/// Tokens in the query or in a form are not looked at (RFC 9700, section 4.3.2).
#[derive(Clone, Debug)]
pub struct BearerToken(Text);

impl BearerToken {
    /// The token; a secret.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl CarriedBy<kind::Bearer> for BearerToken {
    fn find(request: &Request, _: &SecurityScheme) -> Credential<Self> {
        authorization::credentials(request, "Bearer")
            .and_then(|token| if is_token68(token.as_str()) { Ok(Self(token)) } else { Err(Malformed::Characters) })
    }
}

/// `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`. Without a branch in the loop, so that the compiler
/// looks at many bytes at once: this is read with each request.
#[expect(clippy::needless_bitwise_bool, reason = "no branches")]
fn is_token68(token: &str) -> bool {
    let token = token.trim_end_matches('=').as_bytes();
    let is_in = |byte: u8, first: u8, count: u8| byte.wrapping_sub(first) < count;
    // From `-` to `9` are `-`, `.`, `/` and the digits.
    let belongs = |byte: u8| {
        is_in(byte, b'-', 13) | is_in(byte | 0x20, b'a', 26) | (byte == b'_') | (byte == b'~') | (byte == b'+')
    };
    !token.is_empty() & token.iter().fold(true, |all, byte| all & belongs(*byte))
}

#[cfg(test)]
mod tests {
    use super::is_token68;

    #[test]
    fn r20_each_byte_belongs_or_not() {
        for byte in 0..=u8::MAX {
            let belongs = byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
            if byte.is_ascii() {
                assert_eq!(is_token68(&format!("a{}a", char::from(byte))), belongs, "{byte}");
            }
        }
        assert!(!is_token68("a\u{e1}a"));
    }

    #[test]
    fn only_token68_is_a_token() {
        for good in ["a", "aA0-._~+/", "YQ==", "a.b.c"] {
            assert!(is_token68(good), "{good}");
        }
        for bad in ["", "=", "==", "a=b", "a b", "a,b", "a\tb", "\"a\"", "ä", "a%20"] {
            assert!(!is_token68(bad), "{bad}");
        }
    }
}
