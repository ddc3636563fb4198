//! The text of a key: how one is made, and by what it is looked up.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::ApiKeyError;

/// Without `_`, which parts prefix, id and secret.
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 95 bits: no two keys have one id.
const ID_LEN: usize = 16;
/// 256 bits.
const SECRET_LEN: usize = 43;
const MAX_PREFIX_LEN: usize = 16;
/// 128 bits if the characters are those of base64 (ASVS 11.5.1).
const MIN_LEN: usize = 22;

/// The SHA-256 of a key. A hash made for passwords is not needed: there are too many keys to try (ASVS 6.5.2).
#[derive(Clone, Copy)]
pub(super) struct KeyHash(pub(super) [u8; 32]);

impl KeyHash {
    pub(super) fn of(key: &str) -> Self {
        Self(Sha256::digest(key).into())
    }
}

/// It lets nobody in, but it is nobody's business either.
impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hash]")
    }
}

/// A new key: prefix, id and secret.
pub(super) fn random(prefix: &str) -> Result<String, ApiKeyError> {
    if prefix.is_empty() || prefix.len() > MAX_PREFIX_LEN || !prefix.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(ApiKeyError::Prefix);
    }
    Ok(format!("{prefix}_{}_{}", random_text(ID_LEN)?, random_text(SECRET_LEN)?))
}

/// A key that somebody else has chosen.
pub(super) fn check(key: &str) -> Result<(), ApiKeyError> {
    if key.len() < MIN_LEN {
        return Err(ApiKeyError::Short { length: key.len() });
    }
    if key.bytes().all(|byte| byte.is_ascii_graphic()) { Ok(()) } else { Err(ApiKeyError::Characters) }
}

/// By what the record of a key is found: the id in a generated key; of any other, the first half of its hash.
pub(super) fn lookup_id(key: &str) -> String {
    match generated_id(key) {
        Some(id) => id.to_owned(),
        None => format!("sha256-{}", BASE64_URL_SAFE_NO_PAD.encode(&KeyHash::of(key).0[..16])),
    }
}

fn generated_id(key: &str) -> Option<&str> {
    let (prefix, rest) = key.split_once('_')?;
    let (id, secret) = rest.split_once('_')?;
    let is_text = |text: &str, len| text.len() == len && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_text(prefix, prefix.len()) && is_text(id, ID_LEN) && is_text(secret, SECRET_LEN)).then_some(id)
}

/// Characters of the alphabet, each as likely as any other.
fn random_text(len: usize) -> Result<String, ApiKeyError> {
    // The largest multiple of 62 in a byte: what is above would make some characters more likely.
    const FAIR: u8 = 62 * 4;
    let mut text = String::with_capacity(len);
    let mut bytes = [0; 64];
    while text.len() < len {
        getrandom::fill(&mut bytes).map_err(|error| ApiKeyError::Randomness(error.to_string()))?;
        let fair = bytes.iter().filter(|byte| **byte < FAIR).map(|byte| char::from(ALPHABET[usize::from(byte % 62)]));
        text.extend(fair.take(len - text.len()));
    }
    Ok(text)
}
