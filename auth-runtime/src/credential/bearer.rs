//! Bearer tokens (RFC 6750).

use poem::Request;

use super::{CarriedBy, Credential, Malformed, authorization, text::Text};
use crate::declared::{SecurityScheme, kind};

/// A bearer token of the `Authorization` header: only `token68` (RFC 6750, section 2.1).
///
/// Tokens in the query or in a form are ignored (RFC 9700, section 4.3.2).
#[derive(Clone, Debug)]
pub struct BearerToken(Text);

impl BearerToken {
    /// Returns the token. It is a secret.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    #[cfg(any(feature = "jwt", feature = "jwt-rust-crypto"))]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl CarriedBy<kind::Bearer> for BearerToken {
    fn find(request: &Request, _: &SecurityScheme) -> Credential<Self> {
        authorization::credentials(request, "Bearer")
            .and_then(|token| if is_token68(token.as_bytes()) { Ok(Self(token)) } else { Err(Malformed::Characters) })
    }
}

/// `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`.
fn is_token68(token: &[u8]) -> bool {
    let padding = token.iter().rev().take_while(|byte| **byte == b'=').count();
    let token = &token[..token.len() - padding];
    !token.is_empty() && token.iter().fold(0, |foreign, byte| foreign | is_foreign(*byte)) == 0
}

/// Returns 0 for a byte that a token may contain. It has no branch, so that the compiler can check many bytes at once:
/// each request runs it.
fn is_foreign(byte: u8) -> u8 {
    let is_in = |byte: u8, first: u8, count: u8| u8::from(byte.wrapping_sub(first) < count);
    // From `-` to `9` are `-`, `.`, `/` and the digits.
    let belongs = is_in(byte, b'-', 13)
        | is_in(byte | 0x20, b'a', 26)
        | is_in(byte, b'_', 1)
        | is_in(byte, b'~', 1)
        | is_in(byte, b'+', 1);
    belongs ^ 1
}

#[cfg(test)]
mod tests {
    use super::is_token68;

    #[test]
    fn r20_each_byte_belongs_or_not() {
        for byte in 0..=u8::MAX {
            let belongs = byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
            assert_eq!(is_token68(&[b'a', byte, b'a']), belongs, "{byte}");
        }
    }

    #[test]
    fn only_token68_is_a_token() {
        for good in ["a", "aA0-._~+/", "YQ==", "a.b.c"] {
            assert!(is_token68(good.as_bytes()), "{good}");
        }
        for bad in ["", "=", "==", "a=b", "a b", "a,b", "a\tb", "\"a\"", "ä", "a%20"] {
            assert!(!is_token68(bad.as_bytes()), "{bad}");
        }
    }
}
