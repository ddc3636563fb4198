//! Keys that sign. jsonwebtoken signs with them, by the same cryptography that verifies. The provider is passed
//! explicitly: the default of the process depends on the other crates of the application.

use std::fmt;

use jsonwebtoken::{
    EncodingKey,
    jwk::{EllipticCurve, ThumbprintHash},
};
use pkcs1::RsaPrivateKeyRef;
use pkcs8::PrivateKeyInfoRef;
use sec1::{EcParameters, EcPrivateKey};
use serde_json::Value;
use x509_cert::{
    der::{Decode, Encode, asn1::OctetStringRef, oid::ObjectIdentifier},
    spki::AlgorithmIdentifierRef,
};
use zeroize::Zeroizing;

#[cfg(feature = "jwt")]
use super::aws_lc::PROVIDER;
#[cfg(not(feature = "jwt"))]
use super::rust_crypto::PROVIDER;
use super::{named::NamedKey, pem, public::PublicKey, publish, verifying::VerifyingKey};
use crate::jwt::{algorithm::Algorithm, error::JwtError};

/// The message that a key signs when it is loaded.
const TRIAL: &[u8] = b"trial";
/// What stands before the seed of an Ed25519 key in PKCS #8.
#[cfg(feature = "token-service")]
const PKCS8_ED25519: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// A private key or a secret with its only algorithm.
#[derive(Clone)]
pub(in super::super) struct SigningKey {
    /// Wiped from memory when it is dropped.
    key: EncodingKey,
    verifying: VerifyingKey,
    kid: Option<String>,
}

impl SigningKey {
    /// A secret that [`VerifyingKey::hmac`] takes.
    pub(in super::super) fn hmac(algorithm: Algorithm, secret: &[u8]) -> Result<Self, JwtError> {
        let verifying = VerifyingKey::hmac(algorithm, secret)?;
        Ok(Self { key: EncodingKey::from_secret(secret), verifying, kid: None })
    }

    /// The private key of a PEM file, with the usual algorithm of its kind, and named by its thumbprint.
    pub(in super::super) fn pem(pem: &[u8]) -> Result<Self, JwtError> {
        Self::of_halves(private_key(pem)?)
    }

    /// The private key of a PKCS #8 structure.
    #[cfg(feature = "token-service")]
    pub(in super::super) fn der(der: &[u8]) -> Result<Self, JwtError> {
        Self::of_halves(pkcs8(der)?)
    }

    /// A new Ed25519 key, and its private half as PKCS #8 (RFC 8410, section 7).
    #[cfg(feature = "token-service")]
    pub(in super::super) fn generate() -> Result<(Self, Zeroizing<Vec<u8>>), JwtError> {
        let mut der = Zeroizing::new([0; PKCS8_ED25519.len() + 32]);
        let (head, seed) = der.split_at_mut(PKCS8_ED25519.len());
        head.copy_from_slice(&PKCS8_ED25519);
        getrandom::fill(seed).map_err(|error| signing(&error))?;
        Ok((Self::der(&*der)?, Zeroizing::new(der.to_vec())))
    }

    fn of_halves((key, public): (EncodingKey, PublicKey)) -> Result<Self, JwtError> {
        let kid = Some(thumbprint(&public)?);
        let key = Self { key, verifying: VerifyingKey::public(None, public)?, kid };
        // Whether the halves belong together.
        let signature = key.sign(TRIAL).map_err(|_| JwtError::NotAPrivateKey)?;
        if key.verifying.verifies(TRIAL, &signature) { Ok(key) } else { Err(JwtError::NotAPrivateKey) }
    }

    pub(in super::super) fn algorithm(&self) -> Algorithm {
        self.verifying.algorithm()
    }

    /// Returns the `kid` of the key; a secret has none.
    pub(in super::super) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    pub(in super::super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, JwtError> {
        let algorithm = self.algorithm().into();
        let signer = (PROVIDER.signer_factory)(&algorithm, &self.key).map_err(|error| signing(&error))?;
        signer.try_sign(message).map_err(|error| signing(&error))
    }

    /// The other half: of an HMAC, the same secret.
    pub(in super::super) fn verifying(&self) -> NamedKey {
        NamedKey { kid: self.kid.clone(), key: self.verifying.clone(), issuer: None }
    }

    /// The JWKS that others verify with. A secret is not in it.
    pub(in super::super) fn jwks(&self) -> String {
        jwks([self])
    }

    fn jwk(&self) -> Option<Value> {
        Some(publish::jwk(self.kid.as_deref()?, self.algorithm(), self.verifying.public_key()?))
    }
}

/// The JWKS of several keys.
pub(in super::super) fn jwks<'a>(keys: impl IntoIterator<Item = &'a SigningKey>) -> String {
    publish::set(keys.into_iter().filter_map(SigningKey::jwk))
}

/// Refuses a secret that is shorter than 32 bytes, or can be guessed.
#[cfg(feature = "token-service")]
pub(in super::super) fn check_secret(secret: &[u8]) -> Result<(), JwtError> {
    super::secret::check(Algorithm::HS256, secret)
}

/// Names the algorithm, and not the key.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.verifying.fmt(f)
    }
}

/// RFC 7638, section 3, with SHA-256.
fn thumbprint(key: &PublicKey) -> Result<String, JwtError> {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

    let json = serde_json::to_vec(&publish::members(key)).map_err(|error| signing(&error))?;
    let hash = (PROVIDER.key_utils.compute_digest)(&json, ThumbprintHash::SHA256).map_err(|error| signing(&error))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(hash))
}

/// The key of a file with a private key: PKCS #8 (RFC 5958), PKCS #1 (RFC 8017, appendix A.1.2) or SEC 1 (RFC 5915).
fn private_key(pem: &[u8]) -> Result<(EncodingKey, PublicKey), JwtError> {
    let (label, der) = pem::block(pem).ok_or(JwtError::NotAPrivateKey)?;
    match &*label {
        "PRIVATE KEY" => pkcs8(&der),
        "RSA PRIVATE KEY" => rsa(&der),
        "EC PRIVATE KEY" => sec1(&der),
        _ => Err(JwtError::NotAPrivateKey),
    }
}

fn pkcs8(der: &[u8]) -> Result<(EncodingKey, PublicKey), JwtError> {
    let key = PrivateKeyInfoRef::from_der(der).map_err(|_| JwtError::NotAPrivateKey)?;
    match key.algorithm.oid {
        pem::RSA => rsa(key.private_key.as_bytes()),
        pem::EC => ec(der, key.algorithm.parameters_oid().ok()),
        pem::ED25519 => ed25519(der),
        _ => Err(JwtError::NotAPrivateKey),
    }
}

fn rsa(der: &[u8]) -> Result<(EncodingKey, PublicKey), JwtError> {
    let key = RsaPrivateKeyRef::from_der(der).map_err(|_| JwtError::NotAPrivateKey)?;
    if cfg!(not(feature = "jwt")) {
        return Err(JwtError::RsaSigning);
    }
    let public = PublicKey::rsa(key.modulus.as_bytes(), key.public_exponent.as_bytes())?;
    Ok((EncodingKey::from_rsa_der(der), public))
}

/// Wraps SEC 1 as PKCS #8, the form for signing.
fn sec1(der: &[u8]) -> Result<(EncodingKey, PublicKey), JwtError> {
    let key = EcPrivateKey::from_der(der).map_err(|_| JwtError::NotAPrivateKey)?;
    let Some(EcParameters::NamedCurve(curve)) = key.parameters else { return Err(JwtError::NotAPrivateKey) };
    let algorithm = AlgorithmIdentifierRef { oid: pem::EC, parameters: Some((&curve).into()) };
    let der = OctetStringRef::new(der).and_then(|der| PrivateKeyInfoRef::new(algorithm, der).to_der());
    ec(&Zeroizing::new(der.map_err(|_| JwtError::NotAPrivateKey)?), Some(curve))
}

fn ec(pkcs8: &[u8], curve: Option<ObjectIdentifier>) -> Result<(EncodingKey, PublicKey), JwtError> {
    let curve = curve.and_then(|name| pem::curve(name).ok()).ok_or(JwtError::NotAPrivateKey)?;
    let components = PROVIDER.key_utils.ec_pub_components_from_private_key;
    let components = components(pkcs8, curve.algorithm().into());
    let (_, x, y) = components.map_err(|_| JwtError::NotAPrivateKey)?;
    Ok((EncodingKey::from_ec_der(pkcs8), PublicKey::ec(curve, &[&[4], x.as_slice(), &y].concat())?))
}

fn ed25519(pkcs8: &[u8]) -> Result<(EncodingKey, PublicKey), JwtError> {
    let component = PROVIDER.key_utils.ed_pub_components_from_private_key;
    let point = component(pkcs8, &EllipticCurve::Ed25519).map_err(|_| JwtError::NotAPrivateKey)?;
    Ok((EncodingKey::from_ed_der(pkcs8), PublicKey::ed25519(&point)?))
}

impl From<Algorithm> for jsonwebtoken::Algorithm {
    fn from(algorithm: Algorithm) -> Self {
        algorithm.name().parse().expect("the same names")
    }
}

fn signing(error: &dyn fmt::Display) -> JwtError {
    JwtError::Signing(error.to_string())
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::Algorithm;
    use sec1::{EcParameters, EcPrivateKey};
    use x509_cert::der::{Decode, Encode};

    use super::{
        super::{
            jwk,
            tests::{generated, pem, pkcs1},
        },
        JwtError, SigningKey,
        pem::curve,
    };

    /// An EC key in PKCS #8 as SEC 1, which names the curve itself.
    fn as_sec1(der: &[u8]) -> Vec<u8> {
        let key = pkcs8::PrivateKeyInfoRef::from_der(der).unwrap();
        let name = key.algorithm.parameters_oid().unwrap();
        assert!(curve(name).is_ok());
        let mut key = EcPrivateKey::from_der(key.private_key.as_bytes()).unwrap();
        key.parameters = Some(EcParameters::NamedCurve(name));
        key.to_der().unwrap()
    }

    fn signs(text: &str, algorithm: Algorithm) {
        let key = SigningKey::pem(text.as_bytes()).unwrap();
        assert_eq!(key.algorithm().name(), format!("{algorithm:?}"));
        let others = jwk::published_set(key.jwks().as_bytes(), None).unwrap().keys;
        assert_eq!((others.len(), others[0].kid.as_deref()), (1, key.kid()));
        assert_eq!((key.kid().unwrap().len(), others[0].key == key.verifying().key), (43, true));
        let signature = key.sign(b"message").unwrap();
        assert!(others[0].key.verifies(b"message", &signature) && !others[0].key.verifies(b"another", &signature));
    }

    #[test]
    fn r84_private_keys_of_every_kind_of_file_sign() {
        for algorithm in [Algorithm::ES256, Algorithm::ES384] {
            let (private, _) = generated(algorithm);
            signs(&pem("PRIVATE KEY", &private), algorithm);
            signs(&pem("EC PRIVATE KEY", &as_sec1(&private)), algorithm);
        }
        signs(&pem("PRIVATE KEY", &generated(Algorithm::EdDSA).0), Algorithm::EdDSA);
    }

    #[test]
    #[cfg(feature = "jwt")]
    fn r84_rsa_keys_sign() {
        let (private, _) = generated(Algorithm::RS256);
        signs(&pem("PRIVATE KEY", &private), Algorithm::RS256);
        signs(&pem("RSA PRIVATE KEY", pkcs1(&private)), Algorithm::RS256);
    }

    #[test]
    #[cfg(not(feature = "jwt"))]
    fn r84_rsa_keys_do_not_sign_where_that_would_leak_them() {
        let (private, _) = generated(Algorithm::RS256);
        for text in [pem("PRIVATE KEY", &private), pem("RSA PRIVATE KEY", pkcs1(&private))] {
            let error = SigningKey::pem(text.as_bytes()).unwrap_err();
            assert!(error == JwtError::RsaSigning && error.to_string().contains("RUSTSEC-2023-0071"));
        }
    }

    #[test]
    fn r37_what_is_not_one_private_key_is_refused_at_start() {
        let (private, public) = generated(Algorithm::ES256);
        let good = pem("PRIVATE KEY", &private);
        let encrypted = good.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        let mislabelled = good.replace("PRIVATE KEY", "RSA PRIVATE KEY");
        // Without the curve, the key is incomplete.
        let inner = pkcs8::PrivateKeyInfoRef::from_der(&private).unwrap().private_key.as_bytes();
        for bad in [
            "",
            "secret",
            &public,
            &good.repeat(2),
            &encrypted,
            &mislabelled,
            &pem("EC PRIVATE KEY", inner),
            &pem("PRIVATE KEY", &private[..private.len() - 1]),
        ] {
            assert_eq!(SigningKey::pem(bad.as_bytes()).unwrap_err(), JwtError::NotAPrivateKey);
        }
    }

    #[test]
    fn r37_halves_that_do_not_belong_together_are_refused_at_start() {
        let [one, other] = [as_sec1(&generated(Algorithm::ES256).0), as_sec1(&generated(Algorithm::ES256).0)];
        let mut mixed = EcPrivateKey::from_der(&one).unwrap();
        mixed.public_key = EcPrivateKey::from_der(&other).unwrap().public_key;
        let mixed = pem("EC PRIVATE KEY", &mixed.to_der().unwrap());
        assert_eq!(SigningKey::pem(mixed.as_bytes()).unwrap_err(), JwtError::NotAPrivateKey);
    }

    #[test]
    fn a_secret_is_not_published() {
        let key = SigningKey::hmac(crate::jwt::Algorithm::HS256, super::super::tests::SECRET).unwrap();
        assert_eq!((key.jwks().as_str(), key.kid()), (r#"{"keys":[]}"#, None));
    }
}
