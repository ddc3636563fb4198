//! The text of a credential. It shares the header's buffer if possible, and is never printed.

use std::{borrow::Borrow, fmt, ops::Range};

use poem::http::HeaderValue;

use super::Malformed;

/// The text of a credential, with its header `H`: borrowed from the request, or owned by the credential.
#[derive(Clone)]
pub(super) enum Text<H = HeaderValue> {
    /// These bytes of a header.
    InHeader(H, Range<usize>),
    Owned(String),
}

/// A text that is borrowed from a request. It is small, as each request moves it.
pub(super) type SentText<'r> = Text<&'r HeaderValue>;

impl<'r> SentText<'r> {
    /// Returns the text of a header from this byte on.
    #[inline]
    pub(super) fn in_header(header: &'r HeaderValue, start: usize) -> Self {
        Self::InHeader(header, start..header.len())
    }

    /// Returns the text of a part of a header.
    #[inline]
    pub(super) fn part_of(header: &'r HeaderValue, part: &[u8]) -> Self {
        let start = part.as_ptr().addr().saturating_sub(header.as_bytes().as_ptr().addr());
        Self::InHeader(header, start..start + part.len())
    }

    /// Returns the text as a credential keeps it.
    pub(super) fn into_owned(self) -> Text {
        match self {
            Self::InHeader(header, part) => Text::InHeader(header.clone(), part),
            Self::Owned(text) => Text::Owned(text),
        }
    }
}

impl<H: Borrow<HeaderValue>> Text<H> {
    #[inline]
    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::InHeader(header, part) => header.borrow().as_bytes().get(part.clone()).unwrap_or_default(),
            Self::Owned(text) => text.as_bytes(),
        }
    }

    /// Returns the text, or an empty one for other bytes. The constructors of credentials have checked the bytes.
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::InHeader(..) => str::from_utf8(self.as_bytes()).unwrap_or_default(),
            Self::Owned(text) => text,
        }
    }

    /// Returns the text if it has the characters of a credential.
    pub(super) fn checked(self, has_form: impl FnOnce(&Self) -> bool) -> Result<Self, Malformed> {
        if has_form(&self) { Ok(self) } else { Err(Malformed::Characters) }
    }

    /// Whether all bytes are visible ASCII, spaces or tabs.
    pub(super) fn is_visible(&self) -> bool {
        all(self.as_bytes(), |byte| outside(byte, b' ', b'~').min(byte ^ b'\t'))
    }

    /// Whether all bytes are visible ASCII or spaces.
    pub(super) fn is_printable(&self) -> bool {
        all(self.as_bytes(), |byte| outside(byte, b' ', b'~'))
    }

    /// Whether all bytes are visible ASCII.
    pub(super) fn is_graphic(&self) -> bool {
        all(self.as_bytes(), |byte| outside(byte, b'!', b'~'))
    }

    /// Whether the text is a token68 (RFC 9110, section 11.2).
    pub(super) fn is_token68(&self) -> bool {
        is_token68(self.as_bytes())
    }
}

impl<H> fmt::Debug for Text<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`.
fn is_token68(token: &[u8]) -> bool {
    let padding = token.iter().rev().take_while(|byte| **byte == b'=').count();
    let token = &token[..token.len() - padding];
    !token.is_empty() && (all(token, outside_jwt) || all(token, outside_token68))
}

/// Returns 0 for a byte that a JSON Web Token contains, or a `/`. It is the cheaper half of [`outside_token68`], as
/// most tokens have nothing else.
fn outside_jwt(byte: u8) -> u8 {
    // From `-` to `9` are `-`, `.`, `/` and the digits.
    outside(byte, b'-', b'9').min(outside(byte | 0x20, b'a', b'z')).min(byte ^ b'_')
}

/// Returns 0 for a byte that a token68 may contain.
fn outside_token68(byte: u8) -> u8 {
    outside_jwt(byte).min(byte ^ b'~').min(byte ^ b'+')
}

/// Whether all bytes are letters, digits, `-` or `_`, as in base64url (RFC 4648, section 5). The length is known, so
/// the compiler checks many bytes at once.
#[cfg(feature = "session")]
pub(super) fn is_base64url<const LEN: usize>(bytes: &[u8; LEN]) -> bool {
    all(bytes, outside_base64url)
}

/// Returns 0 for a byte that base64url may contain.
#[cfg(feature = "session")]
fn outside_base64url(byte: u8) -> u8 {
    outside(byte, b'0', b'9').min(outside(byte | 0x20, b'a', b'z')).min(byte ^ b'-').min(byte ^ b'_')
}

/// Returns 0 for a byte from `first` to `last`.
const fn outside(byte: u8, first: u8, last: u8) -> u8 {
    byte.wrapping_sub(first).saturating_sub(last - first)
}

/// Whether `outside` returns 0 for each byte. It has no branch, so that the compiler can check many bytes at once: each
/// request runs it.
fn all(bytes: &[u8], outside: impl Fn(u8) -> u8) -> bool {
    bytes.iter().fold(0, |found, byte| found | outside(*byte)) == 0
}

#[cfg(test)]
mod tests {
    use super::is_token68;

    type Text = super::Text;

    #[test]
    fn r20_each_byte_belongs_or_not() {
        for byte in 0..=u8::MAX {
            let belongs = byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
            assert_eq!(is_token68(&[b'a', byte, b'a']), belongs, "{byte}");
        }
    }

    #[cfg(feature = "session")]
    #[test]
    fn r62_each_byte_is_base64url_or_not() {
        for byte in 0..=u8::MAX {
            let belongs = byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            assert_eq!(super::is_base64url(&[byte]), belongs, "{byte}");
        }
    }

    #[test]
    fn r20_each_byte_is_visible_printable_or_graphic() {
        for byte in 0..=0x7f_u8 {
            let text = Text::Owned(char::from(byte).to_string());
            assert_eq!(text.is_graphic(), byte.is_ascii_graphic(), "{byte}");
            assert_eq!(text.is_printable(), byte.is_ascii_graphic() || byte == b' ', "{byte}");
            assert_eq!(text.is_visible(), byte.is_ascii_graphic() || byte == b' ' || byte == b'\t', "{byte}");
        }
        let foreign = Text::Owned("a\u{e9}".to_owned());
        assert!(!foreign.is_graphic() && !foreign.is_printable() && !foreign.is_visible());
    }

    #[test]
    fn a_credential_is_not_printed() {
        assert_eq!(format!("{:?}", Text::Owned("a".to_owned())), "[secret]");
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
