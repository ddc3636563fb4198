//! Keys, each with the one algorithm it is for, and how strong they have to be.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey, VerificationAlgorithm,
};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey,
    crypto::{aws_lc::DEFAULT_PROVIDER, verify},
};

use super::JwtError;

/// Fewer different bytes than this do not come from a random generator, be it raw, in hex, in base64 or in digits.
const MIN_DISTINCT: usize = 8;
const MIN_RSA_BITS: usize = 2048;
const GOOD_RSA_BITS: usize = 3072;
const MAX_RSA_BITS: usize = 8192;

/// Algorithm, length of a public key in bytes, and what parses it.
type Curve = (Algorithm, usize, &'static dyn VerificationAlgorithm);
static EDWARDS: [Curve; 1] = [(Algorithm::EdDSA, 32, &ED25519)];
/// Uncompressed points: a byte 4 and two coordinates (RFC 5480, section 2.2).
static WEIERSTRASS: [Curve; 2] =
    [(Algorithm::ES256, 65, &ECDSA_P256_SHA256_FIXED), (Algorithm::ES384, 97, &ECDSA_P384_SHA384_FIXED)];

/// What verifies a signature: a key and the only algorithm it is used with (RFC 8725, section 3.1).
#[derive(Clone)]
pub(super) struct VerifyingKey {
    algorithm: Algorithm,
    key: DecodingKey,
}

/// What signs: a secret that [`VerifyingKey::hmac`] would take as well.
#[derive(Clone)]
pub(super) struct SigningKey {
    pub(super) algorithm: Algorithm,
    pub(super) key: EncodingKey,
}

impl VerifyingKey {
    pub(super) fn hmac(algorithm: Algorithm, secret: &[u8]) -> Result<Self, JwtError> {
        check_secret(algorithm, secret)?;
        Ok(Self::new(algorithm, DecodingKey::from_secret(secret)))
    }

    /// The key of a PEM file (RFC 7468, section 13), with the algorithm that goes with it.
    pub(super) fn public(pem: &[u8]) -> Result<Self, JwtError> {
        check_label(pem)?;
        if let Ok(key) = DecodingKey::from_ed_pem(pem) {
            Self::point(&EDWARDS, key)
        } else if let Ok(key) = DecodingKey::from_ec_pem(pem) {
            Self::point(&WEIERSTRASS, key)
        } else if let Ok(key) = DecodingKey::from_rsa_pem(pem) {
            check_rsa(&key)?;
            Ok(Self::new(Algorithm::RS256, key))
        } else {
            Err(JwtError::NotAPublicKey)
        }
    }

    /// A point on the curve that its length tells; the file may name another curve of that length.
    fn point(curves: &[Curve], key: DecodingKey) -> Result<Self, JwtError> {
        let point = key.try_get_as_bytes().map_err(|_| JwtError::NotAPublicKey)?;
        let (algorithm, _, curve) =
            curves.iter().find(|(_, length, _)| *length == point.len()).ok_or(JwtError::NotAPublicKey)?;
        ParsedPublicKey::new(*curve, point).map_err(|_| JwtError::NotAPublicKey)?;
        Ok(Self::new(*algorithm, key))
    }

    fn new(algorithm: Algorithm, key: DecodingKey) -> Self {
        install_provider();
        Self { algorithm, key }
    }

    /// Whether a header names this key's algorithm, in the only spelling there is.
    pub(super) fn is_for(&self, algorithm: &str) -> bool {
        algorithm.parse::<Algorithm>().is_ok_and(|algorithm| algorithm == self.algorithm)
    }

    /// Whether the signature (in base64url) of the message was made with this key.
    pub(super) fn verifies(&self, message: &str, signature: &str) -> bool {
        verify(signature, message.as_bytes(), &self.key, self.algorithm).unwrap_or(false)
    }
}

impl SigningKey {
    pub(super) fn hmac(algorithm: Algorithm, secret: &[u8]) -> Result<Self, JwtError> {
        check_secret(algorithm, secret)?;
        install_provider();
        Ok(Self { algorithm, key: EncodingKey::from_secret(secret) })
    }

    /// The other half: of an HMAC, the same secret.
    pub(super) fn verifying(&self) -> VerifyingKey {
        VerifyingKey::new(self.algorithm, DecodingKey::from_secret(self.key.as_bytes()))
    }
}

/// Names the algorithm, and not the key.
impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.algorithm)
    }
}

/// Names the algorithm, and not the key.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.algorithm)
    }
}

/// As long as the hash (RFC 7518, section 3.2), random as far as one can see, and no public key.
fn check_secret(algorithm: Algorithm, secret: &[u8]) -> Result<(), JwtError> {
    let (name, required) = match algorithm {
        Algorithm::HS512 => ("HS512", 64),
        Algorithm::HS384 => ("HS384", 48),
        _ => ("HS256", 32),
    };
    if secret.trim_ascii_start().starts_with(b"-----BEGIN") {
        return Err(JwtError::PemAsSecret);
    }
    if secret.len() < required {
        return Err(JwtError::ShortSecret { algorithm: name, required, length: secret.len() });
    }
    let distinct = (0..=u8::MAX).filter(|byte| secret.contains(byte)).count();
    if distinct < MIN_DISTINCT {
        return Err(JwtError::RepetitiveSecret { distinct });
    }
    Ok(())
}

/// One block, and that a public key: of several, which counts is a guess; a certificate has other bits in front.
fn check_label(pem: &[u8]) -> Result<(), JwtError> {
    let text = str::from_utf8(pem).map_err(|_| JwtError::NotAPublicKey)?;
    if text.contains("PRIVATE KEY-----") {
        return Err(JwtError::PrivateKey);
    }
    let mut labels = text.split("-----BEGIN ").skip(1).filter_map(|block| block.split_once("-----"));
    match (labels.next(), labels.next()) {
        (Some(("PUBLIC KEY" | "RSA PUBLIC KEY", _)), None) => Ok(()),
        _ => Err(JwtError::NotAPublicKey),
    }
}

fn check_rsa(key: &DecodingKey) -> Result<(), JwtError> {
    let der = key.try_get_as_bytes().map_err(|_| JwtError::NotAPublicKey)?;
    let components = DEFAULT_PROVIDER.key_utils.rsa_pub_components_from_public_key;
    let (modulus, _) = components(der).map_err(|_| JwtError::NotAPublicKey)?;
    let bits = bits(&modulus);
    if !(MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits) {
        return Err(JwtError::RsaKeyLength { bits });
    }
    if bits < GOOD_RSA_BITS {
        tracing::warn!(bits, "an RSA key of less than 3072 bits is below 128 bits of security (ASVS 11.2.3)");
    }
    Ok(())
}

/// The length of a big-endian number.
fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros).map_or(0, |first| (number.len() - zeros) * 8 - first.leading_zeros() as usize)
}

/// Says explicitly which cryptography `jsonwebtoken` uses, as features of other crates could leave it without any.
fn install_provider() {
    // An application that chose another one before keeps it.
    let _ = DEFAULT_PROVIDER.install_default();
}

#[cfg(test)]
pub(super) mod tests {
    use aws_lc_rs::{
        encoding::AsDer,
        rsa::{KeyPair as RsaKeyPair, KeySize},
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
    };
    use base64::{Engine, prelude::BASE64_STANDARD};
    use jsonwebtoken::Algorithm;

    use super::{JwtError, VerifyingKey, bits};

    pub(in super::super) const SECRET: &[u8; 64] = b"kQ8vZ2mX7cR4tY1wE6uI9oP3aS5dF0gHkQ8vZ2mX7cR4tY1wE6uI9oP3aS5dF0gH";

    pub(in super::super) fn pem(label: &str, der: &[u8]) -> String {
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", BASE64_STANDARD.encode(der))
    }

    pub(in super::super) fn rsa(size: KeySize) -> (RsaKeyPair, String) {
        let pair = RsaKeyPair::generate(size).unwrap();
        let public = pem("PUBLIC KEY", pair.public_key().as_der().unwrap().as_ref());
        (pair, public)
    }
}
