//! Splits tokens, and builds tokens that the issuer would never sign.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// Returns the encoded header, claims and signature of a token.
pub(crate) fn parts(token: &str) -> [&str; 3] {
    token.split('.').collect::<Vec<_>>().try_into().expect("three parts")
}

pub(crate) fn decoded(part: &str) -> Value {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

pub(crate) fn encoded(part: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(part.to_string())
}

/// Returns the token with another key ID in its header.
pub(crate) fn with_kid(token: &str, kid: &str) -> String {
    let [header, claims, signature] = parts(token);
    let mut header = decoded(header);
    header["kid"] = json!(kid);
    format!("{}.{claims}.{signature}", encoded(&header))
}
