//! The text of a credential: shares the header's buffer where it can, and is never printed.

use std::fmt;

use poem::http::HeaderValue;

#[derive(Clone)]
pub(super) enum Text {
    /// From this byte on in a header.
    InHeader(HeaderValue, usize),
    Owned(String),
}

impl Text {
    pub(super) fn in_header(header: &HeaderValue, start: usize) -> Self {
        Self::InHeader(header.clone(), start)
    }

    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::InHeader(header, start) => {
                header.as_bytes().get(*start..).and_then(|text| str::from_utf8(text).ok()).unwrap_or("")
            }
            Self::Owned(text) => text,
        }
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}
