//! What the targets in `fuzz_targets/` share: an application, keys that sign, and readings of what callers send that
//! share nothing with those under test, to be compared with them.

pub mod app;
pub mod claims;
pub mod json;
pub mod jwks;
pub mod keys;
pub mod mutate;

use data_encoding::BASE64;

/// What one text in base64 holds, which ends with its padding: to the decoder, several of them are one.
#[must_use]
pub fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let is_one = text.iter().skip_while(|byte| **byte != b'=').all(|byte| *byte == b'=');
    BASE64.decode(text).ok().filter(|_| is_one)
}
