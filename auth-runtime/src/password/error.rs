//! The errors of passwords and their hashes.

use super::limits::MAX_PASSWORD_LEN;
use crate::authenticate::Unavailable;

/// Why a hash is not supported, or a key not accepted. It holds nothing of the hash or the key.
pub(super) type Reason = &'static str;

/// A password, a hash or a key that is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// The password has too few characters.
    #[error("the password has fewer than {required} characters")]
    TooShort {
        /// The minimum: [`MIN_PASSWORD_LEN`](super::MIN_PASSWORD_LEN), or that of
        /// [`Passwords::min_len`](super::Passwords::min_len).
        required: usize,
    },
    /// The password has more than [`MAX_PASSWORD_LEN`] bytes.
    #[error("the password has more than {MAX_PASSWORD_LEN} bytes")]
    TooLong,
    /// The password has a control character, which Basic credentials cannot carry (RFC 7617, section 2).
    #[error("the password holds a control character, such as a tab, which cannot be sent")]
    ControlCharacter,
    /// The password is one of the most common ones (ASVS 6.2.4).
    #[error("the password is among the most common ones, which attackers try first")]
    Common,
    /// The password is the name of the user.
    #[error("the password is the user's name, which attackers try first")]
    SameAsName,
    /// The [`BreachCheck`](super::BreachCheck) knows the password.
    #[error("the password is known from a data breach")]
    Breached,
    /// The secret key is too short or can be guessed.
    #[error("this is no secret key for passwords: {0}; make one with `openssl rand -base64 48`")]
    SecretKey(&'static str),
    /// The hash cannot be verified, for this reason.
    #[error("the password hash cannot be verified: {0}")]
    Hash(&'static str),
    /// The password cannot be hashed, because the system has no randomness or no memory.
    #[error("the password cannot be hashed: {0}")]
    Hashing(String),
    /// The breach check did not answer, or too many requests wait for the pool. Nothing was changed.
    #[error("the password cannot be accepted now: {0}")]
    Unavailable(String),
}

impl From<Unavailable> for PasswordError {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error.to_string())
    }
}
