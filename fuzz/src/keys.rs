//! Fixed signing keys, and verification of their signatures without auth-runtime.

use std::sync::LazyLock;

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa::KeyPair as RsaKeyPair,
    signature::{self, KeyPair as _, UnparsedPublicKey},
};
use data_encoding::{BASE64_MIME_PERMISSIVE, BASE64URL_NOPAD};
use ed25519_dalek::Signer as _;

/// The secret of the HMAC algorithms.
pub const SECRET: &[u8; 64] = b"kQ8vZ2mX7cR4tY1wE6uI9oP3aS5dF0gHjL8nB2vC4xZ6qW1eR3tY5uI7oP9aS0dF";

/// Generated for these tests, and public.
static RSA: LazyLock<RsaKeyPair> = LazyLock::new(|| {
    let der = BASE64_MIME_PERMISSIVE.decode(include_bytes!("rsa.pkcs8.base64")).expect("base64");
    RsaKeyPair::from_pkcs8(&der).expect("an RSA key")
});
static P256: LazyLock<p256::ecdsa::SigningKey> =
    LazyLock::new(|| p256::ecdsa::SigningKey::from_slice(&[7; 32]).expect("a scalar"));
static P384: LazyLock<p384::ecdsa::SigningKey> =
    LazyLock::new(|| p384::ecdsa::SigningKey::from_slice(&[7; 48]).expect("a scalar"));
static ED25519: LazyLock<ed25519_dalek::SigningKey> = LazyLock::new(|| ed25519_dalek::SigningKey::from_bytes(&[7; 32]));

/// A signing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignWith {
    /// HMAC with [`SECRET`].
    Hmac,
    /// RSA with 2048 bits.
    Rsa,
    /// ECDSA on P-256.
    P256,
    /// ECDSA on P-384.
    P384,
    /// Ed25519.
    Ed25519,
}

impl SignWith {
    /// All keys.
    pub const ALL: [Self; 5] = [Self::Hmac, Self::Rsa, Self::P256, Self::P384, Self::Ed25519];

    /// Returns the algorithms of the key.
    #[must_use]
    pub const fn algorithms(self) -> &'static [&'static str] {
        match self {
            Self::Hmac => &["HS256", "HS384", "HS512"],
            Self::Rsa => &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
            Self::P256 => &["ES256"],
            Self::P384 => &["ES384"],
            Self::Ed25519 => &["EdDSA"],
        }
    }

    /// Returns the secret, the modulus, or the point without the leading byte 4.
    #[must_use]
    pub fn material(self) -> Vec<u8> {
        match self {
            Self::Hmac => SECRET.to_vec(),
            Self::Rsa => {
                let modulus = RSA.public_key().modulus().big_endian_without_leading_zero();
                modulus.to_vec()
            }
            Self::P256 => P256.verifying_key().to_encoded_point(false).as_bytes()[1..].to_vec(),
            Self::P384 => P384.verifying_key().to_encoded_point(false).as_bytes()[1..].to_vec(),
            Self::Ed25519 => ED25519.verifying_key().to_bytes().to_vec(),
        }
    }

    /// Returns the key as a JWK with only the required members and a key ID.
    #[must_use]
    pub fn jwk(self, kid: &str) -> String {
        let bytes = self.material();
        let text = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        let (x, y) = bytes.split_at(bytes.len() / 2);
        let members = match self {
            Self::Hmac => format!(r#""kty":"oct","alg":"HS256","k":"{}""#, text(&bytes)),
            Self::Rsa => format!(r#""kty":"RSA","n":"{}","e":"AQAB""#, text(&bytes)),
            Self::P256 => format!(r#""kty":"EC","crv":"P-256","x":"{}","y":"{}""#, text(x), text(y)),
            Self::P384 => format!(r#""kty":"EC","crv":"P-384","x":"{}","y":"{}""#, text(x), text(y)),
            Self::Ed25519 => format!(r#""kty":"OKP","crv":"Ed25519","x":"{}""#, text(&bytes)),
        };
        format!(r#"{{"kid":"{kid}",{members}}}"#)
    }

    /// Signs a message with one of the key's algorithms.
    #[must_use]
    pub fn sign(self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Hmac => hmac::sign(&secret(algorithm), message).as_ref().to_vec(),
            Self::Rsa => {
                let encoding: &dyn signature::RsaEncoding = match algorithm {
                    "RS384" => &signature::RSA_PKCS1_SHA384,
                    "RS512" => &signature::RSA_PKCS1_SHA512,
                    "PS256" => &signature::RSA_PSS_SHA256,
                    "PS384" => &signature::RSA_PSS_SHA384,
                    "PS512" => &signature::RSA_PSS_SHA512,
                    _ => &signature::RSA_PKCS1_SHA256,
                };
                let mut bytes = vec![0; RSA.public_modulus_len()];
                RSA.sign(encoding, &SystemRandom::new(), message, &mut bytes).expect("RSA signs");
                bytes
            }
            Self::P256 => p256::ecdsa::signature::Signer::<p256::ecdsa::Signature>::sign(&*P256, message).to_vec(),
            Self::P384 => p384::ecdsa::signature::Signer::<p384::ecdsa::Signature>::sign(&*P384, message).to_vec(),
            Self::Ed25519 => ED25519.sign(message).to_vec(),
        }
    }

    /// Returns whether a signature is valid. Where possible, a library that auth-runtime does not use verifies it.
    #[must_use]
    pub fn verifies(self, message: &[u8], bytes: &[u8]) -> bool {
        use p256::ecdsa::signature::Verifier;
        match self {
            Self::Hmac => self.sign("HS256", message) == bytes,
            Self::Rsa => {
                let key = UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, RSA.public_key().as_ref());
                key.verify(message, bytes).is_ok()
            }
            Self::P256 => p256::ecdsa::Signature::from_slice(bytes)
                .is_ok_and(|signature| P256.verifying_key().verify(message, &signature).is_ok()),
            Self::P384 => p384::ecdsa::Signature::from_slice(bytes)
                .is_ok_and(|signature| P384.verifying_key().verify(message, &signature).is_ok()),
            Self::Ed25519 => ed25519_dalek::Signature::from_slice(bytes)
                .is_ok_and(|signature| ED25519.verifying_key().verify_strict(message, &signature).is_ok()),
        }
    }
}

fn secret(algorithm: &str) -> hmac::Key {
    let hash = match algorithm {
        "HS384" => hmac::HMAC_SHA384,
        "HS512" => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    };
    hmac::Key::new(hash, SECRET)
}

/// Returns a token with this header and these claims, signed with the first algorithm of the key.
#[must_use]
pub fn token(key: SignWith, header: &str, claims: &[u8]) -> String {
    token_by(key, key.algorithms()[0], header, claims)
}

/// Returns a token with this header and these claims, signed with this algorithm of the key.
#[must_use]
pub fn token_by(key: SignWith, algorithm: &str, header: &str, claims: &[u8]) -> String {
    let message = format!("{}.{}", BASE64URL_NOPAD.encode(header.as_bytes()), BASE64URL_NOPAD.encode(claims));
    format!("{message}.{}", BASE64URL_NOPAD.encode(&key.sign(algorithm, message.as_bytes())))
}
