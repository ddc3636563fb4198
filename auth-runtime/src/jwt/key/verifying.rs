//! Verifies signatures: one key with its one algorithm.

use std::{fmt, sync::Arc};

use subtle::ConstantTimeEq;

#[cfg(feature = "jwt")]
use super::aws_lc as backend;
#[cfg(not(feature = "jwt"))]
use super::rust_crypto as backend;
use super::{backend::Backend, pem, public::PublicKey, secret};
use crate::jwt::{algorithm::Algorithm, error::JwtError};

/// The message of a fingerprint, which is a MAC.
const FINGERPRINT: &[u8] = b"fingerprint";

/// A key and its only algorithm. Cheap to clone.
#[derive(Clone)]
pub(in crate::jwt) struct VerifyingKey(Arc<Parsed<backend::Key>>);

/// A key as one of the backends has parsed it, and what does not depend on which.
pub(super) struct Parsed<B> {
    pub(super) algorithm: Algorithm,
    material: Material,
    key: B,
}

/// The part of a key that two keys are compared by.
enum Material {
    /// A MAC made with the secret: the secret itself is kept once only, as the backend keeps it.
    Secret([u8; 32]),
    Public(PublicKey),
}

impl<B: Backend> Parsed<B> {
    pub(super) fn hmac(algorithm: Algorithm, secret: &[u8]) -> Self {
        let key = B::hmac(algorithm, secret);
        let material = Material::Secret(key.mac(FINGERPRINT).expect("a secret makes MACs"));
        Self { algorithm, material, key }
    }

    pub(super) fn public(algorithm: Algorithm, key: PublicKey) -> Result<Self, JwtError> {
        let parsed = B::public(algorithm, &key).ok_or(JwtError::PointNotOnCurve)?;
        Ok(Self { algorithm, material: Material::Public(key), key: parsed })
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
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
    pub(in crate::jwt) fn hmac(algorithm: Algorithm, secret: &[u8]) -> Result<Self, JwtError> {
        secret::check(algorithm, secret)?;
        Ok(Self(Arc::new(Parsed::hmac(algorithm, secret))))
    }

    /// The public key of a PEM file, for an algorithm that fits it: the usual one of its kind unless named.
    pub(in crate::jwt) fn pem(algorithm: Option<Algorithm>, pem: &[u8]) -> Result<Self, JwtError> {
        Self::public(algorithm, pem::public_key(pem)?)
    }

    /// A public key, for the usual algorithm of its kind unless named.
    pub(super) fn public(algorithm: Option<Algorithm>, key: PublicKey) -> Result<Self, JwtError> {
        let fitting = key.algorithms();
        let algorithm = algorithm.unwrap_or(fitting[0]);
        if !fitting.contains(&algorithm) {
            return Err(JwtError::OtherAlgorithm { algorithm, fitting });
        }
        Ok(Self(Arc::new(Parsed::public(algorithm, key)?)))
    }

    /// Returns the public key; a secret has none.
    pub(super) fn public_key(&self) -> Option<&PublicKey> {
        match &self.0.material {
            Material::Public(key) => Some(key),
            Material::Secret(_) => None,
        }
    }

    /// The only algorithm it is used with.
    pub(in crate::jwt) fn algorithm(&self) -> Algorithm {
        self.0.algorithm
    }

    /// How many bits it has, if they are too few for 128 bits of security.
    pub(in crate::jwt) fn too_few_bits(&self) -> Option<usize> {
        match &self.0.material {
            Material::Public(key) => key.too_few_bits(),
            Material::Secret(_) => None,
        }
    }

    /// Whether a header names this key's algorithm.
    #[cfg(test)]
    pub(in crate::jwt) fn is_for(&self, algorithm: &str) -> bool {
        Algorithm::named(algorithm) == Some(self.algorithm())
    }

    /// Whether the signature of the message was made with this key.
    pub(in crate::jwt) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verifies(message, signature)
    }
}

/// Compares the algorithm and the key. Secrets are compared in constant time.
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
