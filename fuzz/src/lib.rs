//! Code that the targets in `fuzz_targets/` share: an application, signing keys, and second implementations that share
//! no code with auth-runtime and are compared with it.

pub mod app;
pub mod claims;
pub mod json;
pub mod jwks;
pub mod keys;
pub mod mutate;

use data_encoding::BASE64;

/// Decodes base64 that ends with its padding. The decoder alone also accepts several concatenated texts.
#[must_use]
pub fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let is_one = text.iter().skip_while(|byte| **byte != b'=').all(|byte| *byte == b'=');
    BASE64.decode(text).ok().filter(|_| is_one)
}
