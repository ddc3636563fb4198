//! The issuer's keys: one for each algorithm, generated anew in each run.

use aws_lc_rs::{
    encoding::AsDer,
    rsa::KeySize,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use jsonwebtoken::{DecodingKey, EncodingKey, crypto::aws_lc::DEFAULT_PROVIDER};

const PUBLIC: &str = "PUBLIC KEY";
const PRIVATE: &str = "PRIVATE KEY";
/// The HS256 secret. Nothing outside of the benchmark is signed with it.
const SECRET: &str = "kQ8vR2mX5tZ1wB7nJ4cL9pD6sF3hG0yA";

/// A signature algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC-SHA-256.
    Hs256,
    /// RSA, 2048 bits, PKCS#1 v1.5.
    Rs256,
    /// ECDSA on P-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// All algorithms, in the order of the tables.
    pub const ALL: [Self; 4] = [Self::Hs256, Self::Rs256, Self::Es256, Self::EdDsa];

    /// Returns its name in a token's header (RFC 7518, section 3.1; RFC 8037, section 3.1).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Returns the `jsonwebtoken` value of the algorithm.
    #[must_use]
    pub const fn of_jsonwebtoken(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Hs256 => jsonwebtoken::Algorithm::HS256,
            Self::Rs256 => jsonwebtoken::Algorithm::RS256,
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
            Self::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        }
    }
}

/// A key pair: the issuer signs with its private half, and a service verifies with its public half.
pub struct Keys {
    /// The algorithm of the keys.
    pub algorithm: Algorithm,
    /// The private half as a PEM file, or the secret.
    private: String,
    /// The public half as a PEM file, or the secret.
    pub public: String,
    /// The public half as bare bytes, as `aws-lc-rs` takes it, or the secret.
    pub raw: Vec<u8>,
}

impl Keys {
    /// Generates a key pair.
    ///
    /// # Panics
    /// If the system has no source of randomness.
    #[must_use]
    pub fn generate(algorithm: Algorithm) -> Self {
        // `jsonwebtoken` cannot choose a backend if the features of other crates enable several. The first call wins.
        let _ = DEFAULT_PROVIDER.install_default();
        match algorithm {
            Algorithm::Hs256 => Self {
                algorithm,
                private: SECRET.to_owned(),
                public: SECRET.to_owned(),
                raw: SECRET.as_bytes().to_vec(),
            },
            Algorithm::Rs256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("randomness");
                let (private, public) = (pair.as_der().expect("DER"), pair.public_key().as_der().expect("DER"));
                Self::pair(algorithm, private.as_ref(), public.as_ref(), pair.public_key().as_ref())
            }
            Algorithm::Es256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("randomness");
                let (private, public) = (pair.to_pkcs8v1().expect("DER"), pair.public_key().as_der().expect("DER"));
                Self::pair(algorithm, private.as_ref(), public.as_ref(), pair.public_key().as_ref())
            }
            Algorithm::EdDsa => {
                let pair = Ed25519KeyPair::generate().expect("randomness");
                let (private, public) = (pair.to_pkcs8v1().expect("DER"), pair.public_key().as_der().expect("DER"));
                Self::pair(algorithm, private.as_ref(), public.as_ref(), pair.public_key().as_ref())
            }
        }
    }

    fn pair(algorithm: Algorithm, private: &[u8], public: &[u8], raw: &[u8]) -> Self {
        Self { algorithm, private: pem(PRIVATE, private), public: pem(PUBLIC, public), raw: raw.to_vec() }
    }

    /// Returns the signing key of `jsonwebtoken`.
    ///
    /// # Panics
    /// Never for keys that this crate generates.
    #[must_use]
    pub fn encoding(&self) -> EncodingKey {
        let private = self.private.as_bytes();
        match self.algorithm {
            Algorithm::Hs256 => EncodingKey::from_secret(private),
            Algorithm::Rs256 => EncodingKey::from_rsa_pem(private).expect("an RSA key"),
            Algorithm::Es256 => EncodingKey::from_ec_pem(private).expect("an EC key"),
            Algorithm::EdDsa => EncodingKey::from_ed_pem(private).expect("an Ed25519 key"),
        }
    }

    /// Returns the verification key of `jsonwebtoken`.
    ///
    /// # Panics
    /// Never for keys that this crate generates.
    #[must_use]
    pub fn decoding(&self) -> DecodingKey {
        let public = self.public.as_bytes();
        match self.algorithm {
            Algorithm::Hs256 => DecodingKey::from_secret(public),
            Algorithm::Rs256 => DecodingKey::from_rsa_pem(public).expect("an RSA key"),
            Algorithm::Es256 => DecodingKey::from_ec_pem(public).expect("an EC key"),
            Algorithm::EdDsa => DecodingKey::from_ed_pem(public).expect("an Ed25519 key"),
        }
    }
}

/// Encodes as PEM (RFC 7468), in lines of 64 characters because strict parsers require them.
fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let lines: Vec<&str> = (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
