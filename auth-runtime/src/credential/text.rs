//! The text of a credential. It shares the header's buffer if possible, and is never printed.

use std::fmt;

use poem::http::HeaderValue;

#[derive(Clone)]
pub(super) enum Text {
    /// The part of a header from this byte on.
    InHeader(HeaderValue, usize),
    Owned(String),
}

impl Text {
    pub(super) fn in_header(header: &HeaderValue, start: usize) -> Self {
        Self::InHeader(header.clone(), start)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::InHeader(header, start) => header.as_bytes().get(*start..).unwrap_or_default(),
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

    /// Whether all bytes are visible ASCII, spaces or tabs.
    pub(super) fn is_visible(&self) -> bool {
        self.as_bytes().iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t'))
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}
