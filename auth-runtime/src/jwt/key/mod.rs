//! Keys, each with the one algorithm it is for (RFC 8725, section 3.1), parsed once and for all when they are loaded.
//!
//! What a key comes in is read in `pem.rs` and `jwk.rs`, and is then a `public.rs` (numbers and points, whose form is
//! checked there) or a `secret.rs`. The arithmetic is that of `aws_lc.rs` or `rust_crypto.rs`, which give the same
//! verdicts. What signs is in `signing.rs`.

#[cfg(any(test, feature = "jwt"))]
mod aws_lc;
mod edwards;
pub(super) mod jwk;
mod pem;
mod public;
mod publish;
#[cfg(any(test, not(feature = "jwt")))]
mod rust_crypto;
mod secret;
pub(super) mod signing;
#[cfg(test)]
pub(super) mod tests;

use std::{fmt, sync::Arc};

use subtle::ConstantTimeEq;

#[cfg(feature = "jwt")]
use self::aws_lc as backend;
use self::public::PublicKey;
#[cfg(not(feature = "jwt"))]
use self::rust_crypto as backend;
use super::{Algorithm, JwtError};

/// What a fingerprint is the MAC of.
const FINGERPRINT: &[u8] = b"fingerprint";

/// What verifies a signature: a key and the only algorithm it is used with. Cheap to clone.
#[derive(Clone)]
pub(super) struct VerifyingKey(Arc<Parsed<backend::Key>>);

/// The cryptography of a key. It is asked only about signatures of the right form ([`PublicKey::may_have_made`]).
trait Backend: Sized {
    /// A secret of any length.
    fn hmac(algorithm: Algorithm, secret: &[u8]) -> Self;

    /// A public key of a checked form; none if there is no such key, as its point is not on the curve.
    fn public(algorithm: Algorithm, key: &PublicKey) -> Option<Self>;

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool;

    /// The MAC of a message, 32 bytes of it; none for a public key.
    fn mac(&self, message: &[u8]) -> Option<[u8; 32]>;
}

/// A key as one of the backends has parsed it, and what does not depend on which.
struct Parsed<B> {
    algorithm: Algorithm,
    material: Material,
    key: B,
}

/// What tells keys apart.
enum Material {
    /// A MAC made with the secret: the secret itself is kept once only, as the backend keeps it.
    Secret([u8; 32]),
    Public(PublicKey),
}

impl<B: Backend> Parsed<B> {
    fn hmac(algorithm: Algorithm, secret: &[u8]) -> Self {
        let key = B::hmac(algorithm, secret);
        let material = Material::Secret(key.mac(FINGERPRINT).expect("a secret makes MACs"));
        Self { algorithm, material, key }
    }

    fn public(algorithm: Algorithm, key: PublicKey) -> Result<Self, JwtError> {
        let parsed = B::public(algorithm, &key).ok_or(JwtError::PointNotOnCurve)?;
        Ok(Self { algorithm, material: Material::Public(key), key: parsed })
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let has_form = match &self.material {
            // All bytes of a MAC are compared.
            Material::Secret(_) => true,
            Material::Public(key) => key.may_have_made(signature),
        };
        has_form && self.key.verifies(message, signature)
    }
}

impl VerifyingKey {
    /// A secret for one of the HMAC algorithms.
    pub(super) fn hmac(algorithm: Algorithm, secret: &[u8]) -> Result<Self, JwtError> {
        secret::check(algorithm, secret)?;
        Ok(Self(Arc::new(Parsed::hmac(algorithm, secret))))
    }

    /// The public key of a PEM file, for an algorithm that fits it: the usual one of its kind unless named.
    pub(super) fn pem(algorithm: Option<Algorithm>, pem: &[u8]) -> Result<Self, JwtError> {
        Self::public(algorithm, pem::public_key(pem)?)
    }

    /// A public key, for the usual algorithm of its kind unless named.
    fn public(algorithm: Option<Algorithm>, key: PublicKey) -> Result<Self, JwtError> {
        let fitting = key.algorithms();
        let algorithm = algorithm.unwrap_or(fitting[0]);
        if !fitting.contains(&algorithm) {
            return Err(JwtError::OtherAlgorithm { algorithm, fitting });
        }
        Ok(Self(Arc::new(Parsed::public(algorithm, key)?)))
    }

    /// The only algorithm it is used with.
    pub(super) fn algorithm(&self) -> Algorithm {
        self.0.algorithm
    }

    /// How many bits it has, if they are too few for 128 bits of security.
    pub(super) fn too_few_bits(&self) -> Option<usize> {
        match &self.0.material {
            Material::Public(key) => key.too_few_bits(),
            Material::Secret(_) => None,
        }
    }

    /// Whether a header names this key's algorithm.
    #[cfg(test)]
    pub(super) fn is_for(&self, algorithm: &str) -> bool {
        Algorithm::named(algorithm) == Some(self.algorithm())
    }

    /// Whether the signature of the message was made with this key.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verifies(message, signature)
    }
}

/// The same algorithm and the same key. How long a secret is compared says nothing of it.
impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        let same = match (&self.0.material, &other.0.material) {
            (Material::Secret(mine), Material::Secret(other)) => mine.ct_eq(other).into(),
            (Material::Public(mine), Material::Public(other)) => mine == other,
            _ => false,
        };
        same && self.0.algorithm == other.0.algorithm
    }
}

/// Names the algorithm, and not the key.
impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.algorithm)
    }
}
