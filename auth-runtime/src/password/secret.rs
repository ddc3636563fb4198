//! The secret key (pepper) of hashes, and its identifier.

use std::sync::Arc;

use argon2::password_hash::phc::ParamsString;
use argon2::{Argon2, KeyId};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;

use super::{PasswordError, error::Reason};

/// In bytes; the minimum of HMAC with SHA-256.
const MIN_LEN: usize = 32;
/// The least number of different bytes. Random keys have more, also in hex, base64 or digits.
const MIN_DISTINCT: usize = 8;
/// In bytes; its base64 needs no padding.
const ID_LEN: usize = 6;
const ID_SALT: &[u8] = b"auth-runtime: which key a password hash was made with";

/// A secret key and its identifier.
#[derive(Clone)]
pub(super) struct SecretKey {
    bytes: Arc<SecretSlice<u8>>,
    id: KeyId,
}

impl SecretKey {
    pub(super) fn new(key: &[u8]) -> Result<Self, PasswordError> {
        check(key).map_err(PasswordError::SecretKey)?;
        let id = id(key).map_err(|error| PasswordError::Hashing(error.to_string()))?;
        Ok(Self { bytes: Arc::new(key.to_vec().into()), id })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.expose_secret()
    }

    /// Derives a key for another purpose (NIST SP 800-108, in one step with HMAC).
    pub(super) fn derive(&self, purpose: &[u8]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.bytes()).expect("a MAC takes a key of any length");
        mac.update(purpose);
        mac.finalize().into_bytes().into()
    }

    /// Returns the identifier in hashes (`keyid`).
    pub(super) fn id(&self) -> KeyId {
        self.id
    }
}

/// The key of new hashes, and the former keys.
#[derive(Clone, Default)]
pub(super) struct Keys {
    pub(super) current: Option<SecretKey>,
    pub(super) former: Vec<SecretKey>,
}

impl Keys {
    /// Returns the identifier of the current key; empty without one.
    pub(super) fn id(&self) -> KeyId {
        self.current.as_ref().map_or(KeyId::EMPTY, SecretKey::id)
    }

    /// Returns the `keyid` parameter of each key, as hashes have it.
    pub(super) fn parameters(&self) -> Vec<String> {
        let parameter = |key: &SecretKey| {
            let mut parameters = ParamsString::new();
            parameters.add_b64_bytes("keyid", key.id().as_bytes()).ok()?;
            Some(parameters.to_string())
        };
        self.current.iter().chain(&self.former).filter_map(parameter).collect()
    }

    /// Returns the key with this identifier; `None` for an empty one, of hashes without a key.
    pub(super) fn find(&self, id: &[u8]) -> Result<Option<&SecretKey>, Reason> {
        if id.is_empty() {
            return Ok(None);
        }
        let key = self.current.iter().chain(&self.former).find(|key| key.id().as_bytes() == id);
        key.map(Some).ok_or("it was made with a secret key that is not configured")
    }
}

/// Rejects keys that are short, repetitive or public.
fn check(key: &[u8]) -> Result<(), Reason> {
    if key.trim_ascii_start().starts_with(b"-----BEGIN") {
        return Err("it is a PEM file");
    }
    if key.len() < MIN_LEN {
        return Err("it has fewer than 32 bytes");
    }
    let distinct = (0..=u8::MAX).filter(|byte| key.contains(byte)).count();
    if distinct < MIN_DISTINCT {
        return Err("it repeats itself");
    }
    Ok(())
}

/// Returns the identifier of a key. It is in the database, so it takes Argon2 to try keys against it.
fn id(key: &[u8]) -> Result<KeyId, argon2::Error> {
    let mut id = [0; ID_LEN];
    Argon2::default().hash_password_into(key, ID_SALT, &mut id)?;
    KeyId::new(&id)
}

#[cfg(test)]
mod tests {
    use super::{PasswordError, SecretKey};

    const KEY: &[u8] = b"Vb8Zc1Xn5Lk9Qw3Er7Ty2Ui6Op4As0Df";

    #[test]
    fn r70_a_key_that_can_be_guessed_is_rejected() {
        for key in
            [b"".as_slice(), &KEY[1..], &[0; 64], &b"password".repeat(8), b"\n-----BEGIN CERTIFICATE-----\nMIIB.."]
        {
            let error = SecretKey::new(key).err().unwrap();
            assert!(matches!(error, PasswordError::SecretKey(_)), "{error}");
        }
    }

    #[test]
    fn r70_the_identifier_of_a_key_is_stable_and_reveals_nothing() {
        let (one, again) = (SecretKey::new(KEY).unwrap(), SecretKey::new(KEY).unwrap());
        let other = SecretKey::new(&[KEY, b"!"].concat()).unwrap();
        assert!(one.id() == again.id() && one.id() != other.id());
        assert!(!KEY.windows(3).any(|part| one.id().as_bytes().windows(3).any(|id| id == part)));
    }
}
