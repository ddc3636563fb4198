//! The key that hashes are bound to, and how they name it.

use std::sync::Arc;

use argon2::password_hash::phc::ParamsString;
use argon2::{Argon2, KeyId};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;

use super::{UserError, stored::Reason};

/// As long as what HMAC with SHA-256 asks for.
const MIN_LEN: usize = 32;
/// Fewer different bytes than this do not come from a random generator, be it raw, in hex, in base64 or in digits.
const MIN_DISTINCT: usize = 8;
/// Base64 of it is not padded.
const ID_LEN: usize = 6;
const ID_SALT: &[u8] = b"auth-runtime: which key a password hash was made with";

/// A key, and its name.
#[derive(Clone)]
pub(super) struct SecretKey {
    bytes: Arc<SecretSlice<u8>>,
    id: KeyId,
}

impl SecretKey {
    pub(super) fn new(key: &[u8]) -> Result<Self, UserError> {
        check(key).map_err(UserError::SecretKey)?;
        let id = id(key).map_err(|error| UserError::Hashing(error.to_string()))?;
        Ok(Self { bytes: Arc::new(key.to_vec().into()), id })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.expose_secret()
    }

    /// Another key of this one, for another purpose (NIST SP 800-108, in one step with HMAC).
    pub(super) fn derive(&self, purpose: &[u8]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.bytes()).expect("a MAC takes a key of any length");
        mac.update(purpose);
        mac.finalize().into_bytes().into()
    }

    /// How a hash names this key (`keyid`).
    pub(super) fn id(&self) -> KeyId {
        self.id
    }
}

/// The keys that hashes may be bound to: one that new ones are made with, and those before it.
#[derive(Clone, Default)]
pub(super) struct Keys {
    pub(super) current: Option<SecretKey>,
    pub(super) former: Vec<SecretKey>,
}

impl Keys {
    /// The name of the current key; empty without one.
    pub(super) fn id(&self) -> KeyId {
        self.current.as_ref().map_or(KeyId::EMPTY, SecretKey::id)
    }

    /// How hashes name these keys: the parameter as it stands in each.
    pub(super) fn parameters(&self) -> Vec<String> {
        let parameter = |key: &SecretKey| {
            let mut parameters = ParamsString::new();
            parameters.add_b64_bytes("keyid", key.id().as_bytes()).ok()?;
            Some(parameters.to_string())
        };
        self.current.iter().chain(&self.former).filter_map(parameter).collect()
    }

    /// The key of this name; `None` for no name, as hashes were made before there was a key.
    pub(super) fn find(&self, id: &[u8]) -> Result<Option<&SecretKey>, Reason> {
        if id.is_empty() {
            return Ok(None);
        }
        let key = self.current.iter().chain(&self.former).find(|key| key.id().as_bytes() == id);
        key.map(Some).ok_or("it was made with a secret key that is not configured")
    }
}

/// Long enough, random as far as one can see, and nothing that is made to be shown.
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

/// By argon2 as well: it stands in the database, and trying keys against it has to cost what trying passwords does.
fn id(key: &[u8]) -> Result<KeyId, argon2::Error> {
    let mut id = [0; ID_LEN];
    Argon2::default().hash_password_into(key, ID_SALT, &mut id)?;
    KeyId::new(&id)
}

#[cfg(test)]
mod tests {
    use super::{SecretKey, UserError};

    const KEY: &[u8] = b"Vb8Zc1Xn5Lk9Qw3Er7Ty2Ui6Op4As0Df";

    #[test]
    fn r70_a_key_that_can_be_guessed_is_refused_at_start() {
        for key in
            [b"".as_slice(), &KEY[1..], &[0; 64], &b"password".repeat(8), b"\n-----BEGIN CERTIFICATE-----\nMIIB.."]
        {
            let error = SecretKey::new(key).err().unwrap();
            assert!(matches!(error, UserError::SecretKey(_)), "{error}");
        }
    }

    #[test]
    fn r70_a_key_is_named_the_same_each_time_and_by_nothing_of_it() {
        let (one, again) = (SecretKey::new(KEY).unwrap(), SecretKey::new(KEY).unwrap());
        let other = SecretKey::new(&[KEY, b"!"].concat()).unwrap();
        assert!(one.id() == again.id() && one.id() != other.id());
        assert!(!KEY.windows(3).any(|part| one.id().as_bytes().windows(3).any(|id| id == part)));
    }
}
