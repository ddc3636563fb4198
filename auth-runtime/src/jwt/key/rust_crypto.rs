//! Signatures verified by `RustCrypto`: in Rust alone, for where AWS-LC cannot be built.

use ed25519_dalek::Verifier;
use hmac::{Hmac, KeyInit, Mac};
use rsa::{
    BigUint, Pkcs1v15Sign, Pss, RsaPublicKey,
    sha2::{Digest, Sha256, Sha384, Sha512},
    traits::{PublicKeyParts, SignatureScheme},
};

use super::{
    backend::Backend,
    public::{Curve, PublicKey},
};
use crate::jwt::algorithm::Algorithm;

/// The provider of signatures for jsonwebtoken.
#[cfg(not(feature = "jwt"))]
pub(super) use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER as PROVIDER;

const MAX_RSA_BITS: usize = 8192;

/// A key as `RustCrypto` has parsed it. The large ones are in boxes, as a secret is the usual key and small.
pub(super) enum Key {
    Hs256(Hmac<sha2::Sha256>),
    Hs384(Box<Hmac<sha2::Sha384>>),
    Hs512(Box<Hmac<sha2::Sha512>>),
    Rsa(RsaPublicKey, Algorithm),
    P256(Box<p256::ecdsa::VerifyingKey>),
    P384(Box<p384::ecdsa::VerifyingKey>),
    Ed25519(Box<ed25519_dalek::VerifyingKey>),
}

impl Backend for Key {
    fn hmac(algorithm: Algorithm, secret: &[u8]) -> Self {
        match algorithm {
            Algorithm::HS512 => Self::Hs512(Box::new(keyed(secret))),
            Algorithm::HS384 => Self::Hs384(Box::new(keyed(secret))),
            _ => Self::Hs256(keyed(secret)),
        }
    }

    fn public(algorithm: Algorithm, key: &PublicKey) -> Option<Self> {
        match key {
            PublicKey::Rsa { modulus, exponent } => {
                let [n, e] = [modulus, exponent].map(|number| BigUint::from_bytes_be(number));
                RsaPublicKey::new_with_max_size(n, e, MAX_RSA_BITS).ok().map(|key| Self::Rsa(key, algorithm))
            }
            PublicKey::Ec { curve: Curve::P256, point } => {
                p256::ecdsa::VerifyingKey::from_sec1_bytes(point).ok().map(|key| Self::P256(Box::new(key)))
            }
            PublicKey::Ec { curve: Curve::P384, point } => {
                p384::ecdsa::VerifyingKey::from_sec1_bytes(point).ok().map(|key| Self::P384(Box::new(key)))
            }
            PublicKey::Ed25519(point) => {
                ed25519_dalek::VerifyingKey::from_bytes(point).ok().map(|key| Self::Ed25519(Box::new(key)))
            }
        }
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Hs256(key) => key.clone().chain_update(message).verify_slice(signature).is_ok(),
            Self::Hs384(key) => key.as_ref().clone().chain_update(message).verify_slice(signature).is_ok(),
            Self::Hs512(key) => key.as_ref().clone().chain_update(message).verify_slice(signature).is_ok(),
            Self::Rsa(key, algorithm) => rsa_verifies(key, *algorithm, message, signature),
            Self::P256(key) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            Self::P384(key) => p384::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            // Not `verify_strict`: it compares points, while AWS-LC and this function compare encodings. The other
            // strict checks ran before.
            Self::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
        }
    }

    fn mac(&self, message: &[u8]) -> Option<[u8; 32]> {
        match self {
            Self::Hs256(key) => first(key.clone(), message),
            Self::Hs384(key) => first(key.as_ref().clone(), message),
            Self::Hs512(key) => first(key.as_ref().clone(), message),
            _ => None,
        }
    }
}

fn keyed<M: KeyInit>(secret: &[u8]) -> M {
    M::new_from_slice(secret).unwrap_or_else(|_| unreachable!("HMAC takes secrets of any length"))
}

fn first(mac: impl Mac, message: &[u8]) -> Option<[u8; 32]> {
    mac.chain_update(message).finalize().into_bytes().first_chunk().copied()
}

fn rsa_verifies(key: &RsaPublicKey, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
    match algorithm {
        Algorithm::RS256 => pkcs1(key, Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message), signature),
        Algorithm::RS384 => pkcs1(key, Pkcs1v15Sign::new::<Sha384>(), &Sha384::digest(message), signature),
        Algorithm::RS512 => pkcs1(key, Pkcs1v15Sign::new::<Sha512>(), &Sha512::digest(message), signature),
        Algorithm::PS256 => pss(key, Pss::new::<Sha256>(), &Sha256::digest(message), signature),
        Algorithm::PS384 => pss(key, Pss::new::<Sha384>(), &Sha384::digest(message), signature),
        Algorithm::PS512 => pss(key, Pss::new::<Sha512>(), &Sha512::digest(message), signature),
        _ => false,
    }
}

fn pkcs1(key: &RsaPublicKey, scheme: impl SignatureScheme, hash: &[u8], signature: &[u8]) -> bool {
    key.verify(scheme, hash, signature).is_ok()
}

/// Verifies with a salt as long as the hash (RFC 7518, section 3.5), which [`Pss::new`] expects.
fn pss(key: &RsaPublicKey, scheme: Pss, hash: &[u8], signature: &[u8]) -> bool {
    key.verify(scheme, hash, signature).is_ok() && is_short_enough(key, signature)
}

/// Whether the encoded message is shorter than the modulus by a bit (RFC 8017, section 8.1.2). The crate does not look
/// at its first byte when there is nothing but that bit in it.
fn is_short_enough(key: &RsaPublicKey, signature: &[u8]) -> bool {
    let bits = key.n().bits();
    bits % 8 != 1 || BigUint::from_bytes_be(signature).modpow(key.e(), key.n()).bits() < bits
}
