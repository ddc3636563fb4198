//! Basic credentials (RFC 7617).

use base64::{Engine, prelude::BASE64_STANDARD};

/// Returns the value of an `Authorization` header.
pub(crate) fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:{password}")))
}
