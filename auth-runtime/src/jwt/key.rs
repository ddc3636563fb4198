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

    /// The only algorithm it is used with.
    pub(super) fn algorithm(&self) -> super::Algorithm {
        super::Algorithm::named(&format!("{:?}", self.algorithm)).expect("the same names")
    }

    /// Whether the signature of the message was made with this key.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let signature = base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, signature);
        verify(&signature, message, &self.key, self.algorithm).unwrap_or(false)
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

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        self.algorithm == other.algorithm && self.key.try_get_as_bytes().ok() == other.key.try_get_as_bytes().ok()
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
        encoding::{AsDer, PublicKeyX509Der},
        rsa::{KeyPair as RsaKeyPair, KeySize},
        signature::{
            ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
            Ed25519KeyPair, KeyPair,
        },
    };
    use base64::{Engine, prelude::BASE64_STANDARD};
    use jsonwebtoken::{Algorithm, EncodingKey};

    use super::{JwtError, VerifyingKey, bits};

    pub(in super::super) const SECRET: &[u8; 64] = b"kQ8vZ2mX7cR4tY1wE6uI9oP3aS5dF0gHkQ8vZ2mX7cR4tY1wE6uI9oP3aS5dF0gH";

    pub(in super::super) fn pem(label: &str, der: &[u8]) -> String {
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", BASE64_STANDARD.encode(der))
    }

    fn public_pem(key: &impl AsDer<PublicKeyX509Der<'static>>) -> String {
        pem("PUBLIC KEY", key.as_der().unwrap().as_ref())
    }

    /// A new key pair as a key that signs and a PEM file; for RSA both with the key in them only, as PKCS #1.
    pub(in super::super) fn pair(algorithm: Algorithm) -> (EncodingKey, String) {
        let ec = |curve: &'static EcdsaSigningAlgorithm| {
            let pair = EcdsaKeyPair::generate(curve).unwrap();
            (EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref()), public_pem(pair.public_key()))
        };
        match algorithm {
            Algorithm::ES256 => ec(&ECDSA_P256_SHA256_FIXED_SIGNING),
            Algorithm::ES384 => ec(&ECDSA_P384_SHA384_FIXED_SIGNING),
            Algorithm::EdDSA => {
                let pair = Ed25519KeyPair::generate().unwrap();
                (EncodingKey::from_ed_der(pair.to_pkcs8v1().unwrap().as_ref()), public_pem(pair.public_key()))
            }
            _ => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
                let private: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().unwrap();
                let private = EncodingKey::from_rsa_pem(pem("PRIVATE KEY", private.as_ref()).as_bytes());
                (private.unwrap(), public_pem(pair.public_key()))
            }
        }
    }

    #[test]
    fn r30_a_public_key_has_exactly_one_algorithm() {
        for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA] {
            let key = VerifyingKey::public(pair(algorithm).1.as_bytes()).unwrap();
            let mine = ["HS256", "RS256", "RS384", "PS256", "ES256", "ES384", "EdDSA", "none", "None", ""];
            let mine: Vec<_> = mine.into_iter().filter(|name| key.is_for(name)).collect();
            assert_eq!(mine, [format!("{algorithm:?}")]);
        }
    }

    #[test]
    fn r30_an_rsa_key_in_pkcs1_is_accepted() {
        let pair = RsaKeyPair::generate(KeySize::Rsa3072).unwrap();
        let key = VerifyingKey::public(pem("RSA PUBLIC KEY", pair.public_key().as_ref()).as_bytes()).unwrap();
        assert!(key.is_for("RS256"));
    }

    #[test]
    fn r37_short_secret_is_refused_at_start() {
        for (algorithm, name, required) in
            [(Algorithm::HS256, "HS256", 32), (Algorithm::HS384, "HS384", 48), (Algorithm::HS512, "HS512", 64)]
        {
            assert!(VerifyingKey::hmac(algorithm, &SECRET[..required]).is_ok());
            let error = VerifyingKey::hmac(algorithm, &SECRET[..required - 1]).unwrap_err();
            assert_eq!(error, JwtError::ShortSecret { algorithm: name, required, length: required - 1 });
            assert!(error.to_string().contains(&format!("needs at least {required}")), "{error}");
        }
    }

    #[test]
    fn r37_secret_that_repeats_itself_is_refused_at_start() {
        for secret in [[0; 64].as_slice(), "password".repeat(8).as_bytes()] {
            let error = VerifyingKey::hmac(Algorithm::HS256, secret).unwrap_err();
            assert!(matches!(error, JwtError::RepetitiveSecret { distinct: 1 | 7 }), "{error}");
        }
    }

    #[test]
    fn r30_public_key_as_a_secret_is_refused_at_start() {
        let secret = format!("\n{}", pair(Algorithm::EdDSA).1);
        assert_eq!(VerifyingKey::hmac(Algorithm::HS256, secret.as_bytes()).unwrap_err(), JwtError::PemAsSecret);
    }

    #[test]
    fn r37_private_key_is_refused_at_start() {
        let private = Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap();
        let private = pem("PRIVATE KEY", private.as_ref());
        let public = pair(Algorithm::EdDSA).1;
        for bad in [&private, &format!("{public}{private}"), &private.replace("PRIVATE", "ENCRYPTED PRIVATE")] {
            assert_eq!(VerifyingKey::public(bad.as_bytes()).unwrap_err(), JwtError::PrivateKey);
        }
    }

    #[test]
    fn r37_short_rsa_key_is_refused_at_start() {
        let key = "-----BEGIN PUBLIC KEY-----\n\
            MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC3dGMq9KpR+xhVkEy4Pd8eIcnk\n\
            YO7GzWAWYlHOd0ClcFp4mfGPPdWITKjA6CrxtvmsXXKDqtbvypCHSeFFJTuSfxJL\n\
            aL8dOXNnp9P4Ke59FZMd67lbWikzr08SXJJYmQPb26Ylna2a9offvwoEJE0Wbrlz\n\
            DRDhxftAL9pOQcaZTwIDAQAB\n\
            -----END PUBLIC KEY-----\n";
        assert_eq!(VerifyingKey::public(key.as_bytes()).unwrap_err(), JwtError::RsaKeyLength { bits: 1024 });
        assert_eq!([bits(&[]), bits(&[0, 0]), bits(&[0, 1]), bits(&[0x80, 0])], [0, 0, 1, 16]);
    }

    #[test]
    fn r37_what_is_not_one_supported_public_key_is_refused_at_start() {
        let good = pair(Algorithm::ES256).1;
        let other_curve = "-----BEGIN PUBLIC KEY-----\n\
            MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAENZQZIDyp9PYwpKO4NIGiaJSGw4uuxlcw\n\
            mbhwxiS9hq1ORT82v0U5WMaPUHJDT7cuyOVoHaUlTIeVLUiqquSj6w==\n\
            -----END PUBLIC KEY-----\n";
        let p521 = "-----BEGIN PUBLIC KEY-----\n\
            MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQA995oYBGXvny8Nwf/SbukuWbdDQ4K\n\
            Qz3bBdMuZJQnf6WgvARbuX+aVC/molc/yajAGR6SKmpyjVOi/FkzJRLhz8IBYM6M\n\
            W1fQbMYT6IDOTIktcTsMmx9dWQHL1sC8BIM0IP4ZQ2PDzDBLo64E1TD3EOwVhCS/\n\
            UkqPczFP2MzP8LVtbyE=\n\
            -----END PUBLIC KEY-----\n";
        let x25519 = "-----BEGIN PUBLIC KEY-----\n\
            MCowBQYDK2VuAyEAwJdOv6b0vtqDvGlRcDdIdiS78t1dEa9g7S8ENyC1LH8=\n\
            -----END PUBLIC KEY-----\n";
        let certificate = good.replace("PUBLIC KEY", "CERTIFICATE");
        for bad in
            ["", "secret", "-----BEGIN PUBLIC KEY-----", &good.repeat(2), other_curve, p521, x25519, &certificate]
        {
            assert_eq!(VerifyingKey::public(bad.as_bytes()).unwrap_err(), JwtError::NotAPublicKey, "{bad}");
        }
        assert_eq!(VerifyingKey::public(b"\xff").unwrap_err(), JwtError::NotAPublicKey);
    }
}
