//! Seals private keys with the secret of the application: `XChaCha20-Poly1305`, with the record as associated data.
//!
//! The nonce has 192 bits, so random ones do not repeat. The secret is hashed to a key of its own, as the application may
//! use it elsewhere.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{
    error::KeyRingError,
    store::{SigningKeyRecord, seconds},
};
use crate::jwt::{error::JwtError, key::signing::check_secret};

const PURPOSE: &[u8] = b"auth-runtime: signing keys, 1";
const NONCE_LEN: usize = 24;

/// A key that seals private keys.
#[derive(Clone)]
pub(super) struct SealingKey(Zeroizing<[u8; 32]>);

impl SealingKey {
    pub(super) fn new(secret: &[u8]) -> Result<Self, KeyRingError> {
        check_secret(secret).map_err(KeyRingError::Secret)?;
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret).expect("HMAC takes keys of any length");
        mac.update(PURPOSE);
        Ok(Self(Zeroizing::new(mac.finalize().into_bytes().into())))
    }

    /// Seals a private key together with its record.
    pub(super) fn seal(&self, record: &SigningKeyRecord, private: &[u8]) -> Result<Vec<u8>, JwtError> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|error| JwtError::Signing(error.to_string()))?;
        let payload = Payload { msg: private, aad: &associated(record) };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|error| JwtError::Signing(error.to_string()))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens the private key of a record; `None` if another secret sealed it, or the record was changed.
    pub(super) fn open(&self, record: &SigningKeyRecord) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = record.sealed.split_first_chunk::<NONCE_LEN>()?;
        let payload = Payload { msg: sealed, aad: &associated(record) };
        self.cipher().decrypt(&XNonce::from(*nonce), payload).ok().map(Zeroizing::new)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
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
