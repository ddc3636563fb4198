//! The cryptography of a key, behind one trait for both libraries.

use super::public::PublicKey;
use crate::jwt::algorithm::Algorithm;

/// The cryptography of a key. It is asked only about signatures of the right form ([`PublicKey::may_have_made`]).
pub(super) trait Backend: Sized {
    /// A secret of any length.
    fn hmac(algorithm: Algorithm, secret: &[u8]) -> Self;

    /// Parses a public key of a checked form; `None` if its point is not on the curve.
    fn public(algorithm: Algorithm, key: &PublicKey) -> Option<Self>;

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool;

    /// The MAC of a message, 32 bytes of it; none for a public key.
    fn mac(&self, message: &[u8]) -> Option<[u8; 32]>;
}
