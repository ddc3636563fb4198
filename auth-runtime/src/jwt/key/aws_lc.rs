//! Signatures verified by AWS-LC.

use aws_lc_rs::{
    hmac,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
        RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
        RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    },
};

use super::{
    backend::Backend,
    public::{Curve, PublicKey},
};
use crate::jwt::algorithm::Algorithm;

/// The provider of signatures for jsonwebtoken.
#[cfg(feature = "jwt")]
pub(super) use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER as PROVIDER;

/// A key as AWS-LC has parsed it.
#[expect(clippy::large_enum_variant, reason = "it is in an `Arc`, and verified with without another step to it")]
pub(super) enum Key {
    Secret(hmac::Key),
    Public(ParsedPublicKey),
}

impl Backend for Key {
    fn hmac(algorithm: Algorithm, secret: &[u8]) -> Self {
        let hash = match algorithm {
            Algorithm::HS512 => hmac::HMAC_SHA512,
            Algorithm::HS384 => hmac::HMAC_SHA384,
            _ => hmac::HMAC_SHA256,
        };
        Self::Secret(hmac::Key::new(hash, secret))
    }

    fn public(algorithm: Algorithm, key: &PublicKey) -> Option<Self> {
        let parsed = match key {
            PublicKey::Rsa { modulus: n, exponent: e } => {
                RsaPublicKeyComponents { n, e }.to_parsed_public_key(rsa(algorithm)?)
            }
            PublicKey::Ec { curve: Curve::P256, point } => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point),
            PublicKey::Ec { curve: Curve::P384, point } => ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point),
            PublicKey::Ed25519(point) => ParsedPublicKey::new(&ED25519, point),
        };
        parsed.ok().map(Self::Public)
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Secret(key) => hmac::verify(key, message, signature).is_ok(),
            Self::Public(key) => key.verify_sig(message, signature).is_ok(),
        }
    }

    fn mac(&self, message: &[u8]) -> Option<[u8; 32]> {
        match self {
            Self::Secret(key) => hmac::sign(key, message).as_ref().first_chunk().copied(),
            Self::Public(_) => None,
        }
    }
}

/// For PSS, AWS-LC accepts only a salt as long as the hash, as RFC 7518, section 3.5, requires.
fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::RS256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => Some(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => Some(&RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => Some(&RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => Some(&RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => Some(&RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}
