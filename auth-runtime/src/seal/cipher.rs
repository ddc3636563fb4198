//! Authenticated encryption with a random nonce.

use std::sync::Arc;

use chacha20poly1305::{
    Key, XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use zeroize::Zeroizing;

use crate::authenticate::Unavailable;

/// In bytes. Random nonces of this length do not repeat.
const NONCE_LEN: usize = 24;

/// XChaCha20-Poly1305 with one key. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Cipher(Arc<XChaCha20Poly1305>);

impl Cipher {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self(Arc::new(XChaCha20Poly1305::new(&Key::from(*Zeroizing::new(key)))))
    }

    /// Encrypts a secret, and binds it to its context. The nonce stands in front of the result.
    ///
    /// # Errors
    /// [`Unavailable`] if the system has no randomness.
    pub(crate) fn seal(&self, secret: &[u8], context: &[u8]) -> Result<Vec<u8>, Unavailable> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|error| Unavailable::new(error.to_string()))?;
        let encrypted = self.0.encrypt(&XNonce::from(nonce), Payload { msg: secret, aad: context });
        let encrypted = encrypted.map_err(|error| Unavailable::new(error.to_string()))?;
        Ok([&nonce[..], &encrypted].concat())
    }

    /// Decrypts a secret; `None` if the key or the context is another one, or the data was changed.
    pub(crate) fn open(&self, sealed: &[u8], context: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, encrypted) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let payload = Payload { msg: encrypted, aad: context };
        self.0.decrypt(&XNonce::from(*nonce), payload).ok().map(Zeroizing::new)
    }
}
