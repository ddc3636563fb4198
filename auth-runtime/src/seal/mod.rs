//! Encryption of secrets that a store keeps.

mod cipher;

use std::{fmt, sync::Arc};

use zeroize::Zeroizing;

pub(crate) use self::cipher::Cipher;
use crate::{authenticate::Unavailable, password::Passwords};

/// The first byte of a secret that was stored without a key.
const PLAIN: u8 = 0;
/// The first byte of a secret that was encrypted with XChaCha20-Poly1305.
const XCHACHA20_POLY1305: u8 = 1;

/// Encrypts secrets of one purpose, with a key that is derived from [`Passwords::secret_key`]. Cheap to clone.
///
/// Each encrypted secret is bound to its owner, so that the secret of one row cannot be copied to another.
///
/// ```
/// use auth_runtime::{password::Passwords, seal::Seal};
///
/// let key = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa"; // from the environment, and not in the source
/// let seal = Seal::new(&Passwords::new().secret_key(key)?, b"an example");
/// let sealed = seal.seal(b"a secret", b"alice")?;
/// assert_eq!(*seal.open(&sealed, b"alice")?, b"a secret");
/// assert!(seal.open(&sealed, b"bob").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Without a secret key, secrets are stored as they are, and a reader of the database sees them. When a key is added,
/// earlier secrets stay readable. So even with a key, a writer of the database can replace a secret with an unencrypted
/// one.
#[derive(Clone)]
pub struct Seal {
    current: Option<Cipher>,
    former: Arc<[Cipher]>,
}

impl Seal {
    /// Returns the encryption for a purpose, such as `b"second factor"`.
    #[must_use]
    pub fn new(passwords: &Passwords, purpose: &[u8]) -> Self {
        Self {
            current: passwords.derived_key(purpose).map(Cipher::new),
            former: passwords.former_derived_keys(purpose).into_iter().map(Cipher::new).collect(),
        }
    }

    /// Returns whether secrets are encrypted.
    #[must_use]
    pub const fn has_key(&self) -> bool {
        self.current.is_some()
    }

    /// Encrypts a secret of this owner.
    ///
    /// # Errors
    /// [`Unavailable`] if the system has no randomness.
    pub fn seal(&self, secret: &[u8], owner: &[u8]) -> Result<Vec<u8>, Unavailable> {
        let Some(cipher) = &self.current else { return Ok([&[PLAIN], secret].concat()) };
        Ok([&[XCHACHA20_POLY1305], &*cipher.seal(secret, owner)?].concat())
    }

    /// Decrypts a secret of this owner, also one that was encrypted with a
    /// [former key](Passwords::former_secret_key).
    ///
    /// # Errors
    /// [`Unavailable`] if the key is not configured, the secret is another owner's, or the data is damaged.
    pub fn open(&self, sealed: &[u8], owner: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unavailable> {
        match sealed.split_first() {
            Some((&PLAIN, secret)) => Some(Zeroizing::new(secret.to_vec())),
            Some((&XCHACHA20_POLY1305, rest)) => self.decrypt(rest, owner),
            _ => None,
        }
        .ok_or_else(|| Unavailable::new("a stored secret cannot be decrypted: its secret key is not configured"))
    }

    fn decrypt(&self, sealed: &[u8], owner: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.current.iter().chain(&*self.former).find_map(|cipher| cipher.open(sealed, owner))
    }
}

/// Without the keys.
impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal").field("has_key", &self.has_key()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Seal;
    use crate::password::Passwords;

    const KEY: &str = "Vb8Zc1Xn5Lk9Qw3Er7Ty2Ui6Op4As0Df";
    const NEW_KEY: &str = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";

    fn with_key(key: &str) -> Passwords {
        Passwords::new().secret_key(key).unwrap()
    }

    #[test]
    fn a_sealed_secret_is_unreadable_and_bound_to_its_owner_and_purpose() {
        let seal = Seal::new(&with_key(KEY), b"one");
        let sealed = seal.seal(b"the secret", b"alice").unwrap();
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert_ne!(sealed, seal.seal(b"the secret", b"alice").unwrap());
        assert_eq!(*seal.open(&sealed, b"alice").unwrap(), b"the secret");
        assert!(seal.open(&sealed, b"bob").is_err());
        assert!(Seal::new(&with_key(KEY), b"other").open(&sealed, b"alice").is_err());
        assert!(Seal::new(&Passwords::new(), b"one").open(&sealed, b"alice").is_err());
        for length in 0..sealed.len() {
            assert!(seal.open(&sealed[..length], b"alice").is_err(), "{length}");
        }
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 2;
            assert!(seal.open(&changed, b"alice").is_err(), "{index}");
        }
    }

    #[test]
    fn a_former_key_opens_what_it_sealed() {
        let sealed = Seal::new(&with_key(KEY), b"one").seal(b"the secret", b"alice").unwrap();
        assert!(Seal::new(&with_key(NEW_KEY), b"one").open(&sealed, b"alice").is_err());
        let both = Seal::new(&with_key(NEW_KEY).former_secret_key(KEY).unwrap(), b"one");
        assert_eq!(*both.open(&sealed, b"alice").unwrap(), b"the secret");
        let again = both.seal(b"the secret", b"alice").unwrap();
        assert!(Seal::new(&with_key(NEW_KEY), b"one").open(&again, b"alice").is_ok());
    }

    #[test]
    fn a_secret_without_a_key_stays_readable_when_a_key_is_added() {
        let plain = Seal::new(&Passwords::new(), b"one");
        let stored = plain.seal(b"the secret", b"alice").unwrap();
        for seal in [plain, Seal::new(&with_key(KEY), b"one")] {
            assert_eq!(*seal.open(&stored, b"alice").unwrap(), b"the secret");
        }
        assert!(!format!("{:?}", Seal::new(&with_key(KEY), b"one")).contains(KEY));
    }
}
