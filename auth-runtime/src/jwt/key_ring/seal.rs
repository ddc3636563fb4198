//! Seals private keys with the secret of the application: `XChaCha20-Poly1305`, with the record as associated data.
//!
//! The secret is hashed to a key of its own, because the application may use it elsewhere.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{
    error::KeyRingError,
    store::{SigningKeyRecord, seconds},
};
use crate::{
    jwt::{error::JwtError, key::signing::check_secret},
    seal::Cipher,
};

const PURPOSE: &[u8] = b"auth-runtime: signing keys, 1";

/// A key that seals private keys.
#[derive(Clone)]
pub(super) struct SealingKey(Cipher);

impl SealingKey {
    pub(super) fn new(secret: &[u8]) -> Result<Self, KeyRingError> {
        check_secret(secret).map_err(KeyRingError::Secret)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
        mac.update(PURPOSE);
        Ok(Self(Cipher::new(mac.finalize().into_bytes().into())))
    }

    /// Seals a private key together with its record.
    pub(super) fn seal(&self, record: &SigningKeyRecord, private: &[u8]) -> Result<Vec<u8>, JwtError> {
        self.0.seal(private, &associated(record)).map_err(|error| JwtError::Signing(error.to_string()))
    }

    /// Opens the private key of a record; `None` if another secret sealed it, or the record was changed.
    pub(super) fn open(&self, record: &SigningKeyRecord) -> Option<Zeroizing<Vec<u8>>> {
        self.0.open(&record.sealed, &associated(record))
    }
}

/// The name and the times of a key: none of them can be changed without the secret.
fn associated(record: &SigningKeyRecord) -> Vec<u8> {
    let times = [record.published_at, record.signs_from].map(|time| seconds(time).to_be_bytes());
    [PURPOSE, &times[0], &times[1], record.id.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{KeyRingError, SealingKey, SigningKeyRecord};

    const SECRET: &[u8] = b"0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";

    fn record() -> SigningKeyRecord {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let mut record = SigningKeyRecord::new("id", at(1000), at(2000));
        record.sealed = SealingKey::new(SECRET).unwrap().seal(&record, b"private").unwrap();
        record
    }

    fn open(record: &SigningKeyRecord) -> Option<Vec<u8>> {
        SealingKey::new(SECRET).unwrap().open(record).map(|opened| opened.to_vec())
    }

    #[test]
    fn a_sealed_key_opens_with_its_secret_only() {
        assert_eq!(open(&record()).unwrap(), b"private");
        assert!(SealingKey::new(b"8Gf2HjMa0Zr9Pq4cWv1XsT7uKb3Ln6Yd").unwrap().open(&record()).is_none());
        assert_ne!(record().sealed, record().sealed, "each has its own nonce");
        assert!(matches!(SealingKey::new(b"short"), Err(KeyRingError::Secret(_))));
    }

    #[test]
    fn a_changed_record_does_not_open() {
        let minute = Duration::from_mins(1);
        let good = record();
        for changed in [
            SigningKeyRecord { id: "other".to_owned(), ..good.clone() },
            SigningKeyRecord { published_at: good.published_at + minute, ..good.clone() },
            SigningKeyRecord { signs_from: good.signs_from + minute, ..good.clone() },
            SigningKeyRecord { sealed: good.sealed[..good.sealed.len() - 1].to_vec(), ..good.clone() },
            SigningKeyRecord { sealed: Vec::new(), ..good.clone() },
        ] {
            assert!(open(&changed).is_none(), "{changed:?}");
        }
    }
}
