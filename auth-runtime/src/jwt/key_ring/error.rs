//! Errors of a key ring.

use crate::{authenticate::Unavailable, jwt::error::JwtError};

/// Why a key ring cannot be used or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRingError {
    /// The secret is too short, or can be guessed.
    #[error("the secret of the key ring is refused: {0}")]
    Secret(#[source] JwtError),
    /// There is no secret to seal private keys with.
    #[error("the secret key for passwords, which seals signing keys, is not set; set it")]
    NoSecret,
    /// The private key was sealed with another secret, or its record was changed.
    #[error(
        "signing key {0:?} does not open: use the secret that sealed it, or rotate with the new secret and then retire \
         {0:?}"
    )]
    Sealed(String),
    /// No key has this id.
    #[error("there is no signing key {0:?}")]
    NoKey(String),
    /// Without this key, no token could be signed.
    #[error("signing key {0:?} is the last one that can sign; rotate first")]
    LastKey(String),
    /// Another process has added or retired a key at the same time.
    #[error("another process has changed the signing keys at the same time; list the keys, and try again if needed")]
    Raced,
    /// A key cannot be made or read.
    #[error(transparent)]
    Key(#[from] JwtError),
    /// The store does not answer.
    #[error("the signing keys cannot be read: {0}")]
    Store(#[from] Unavailable),
}
