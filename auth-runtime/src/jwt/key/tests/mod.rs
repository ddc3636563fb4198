//! Keys for the tests of tokens, and what holds for every kind of key.

mod backends;
mod rfc;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
        Ed25519KeyPair, KeyPair,
    },
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey};

#[cfg(feature = "jwt")]
use super::aws_lc::PROVIDER;
#[cfg(not(feature = "jwt"))]
use super::rust_crypto::PROVIDER;
use super::{signing::SigningKey, verifying::VerifyingKey};
use crate::jwt::{Jwt, JwtError};

pub(in super::super) const SECRET: &[u8; 64] = b"kQ8vZ2mX7cR4tY1wE6uI9oP3aS5dF0gHkQ8vZ2mX7cR4tY1wE6uI9oP3aS5dF0gH";

pub(in super::super) fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", BASE64_STANDARD.encode(der))
}

fn public_pem(key: &impl AsDer<PublicKeyX509Der<'static>>) -> String {
    pem("PUBLIC KEY", key.as_der().unwrap().as_ref())
}

/// A signature in base64url.
pub(in super::super) fn sign(message: &[u8], key: &EncodingKey, algorithm: Algorithm) -> String {
    let signer = (PROVIDER.signer_factory)(&algorithm, key).unwrap();
    encoded(&signer.try_sign(message).unwrap())
}

fn encoded(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// A new key pair: PKCS #8, and the public key as PEM.
pub(in super::super) fn generated(algorithm: Algorithm) -> (Vec<u8>, String) {
    let ec = |curve: &'static EcdsaSigningAlgorithm| {
        let pair = EcdsaKeyPair::generate(curve).unwrap();
        (pair.to_pkcs8v1().unwrap().as_ref().to_vec(), public_pem(pair.public_key()))
    };
    match algorithm {
        Algorithm::ES256 => ec(&ECDSA_P256_SHA256_FIXED_SIGNING),
        Algorithm::ES384 => ec(&ECDSA_P384_SHA384_FIXED_SIGNING),
        Algorithm::EdDSA => {
            let pair = Ed25519KeyPair::generate().unwrap();
            (pair.to_pkcs8v1().unwrap().as_ref().to_vec(), public_pem(pair.public_key()))
        }
        _ => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
            let private: Pkcs8V1Der<'_> = pair.as_der().unwrap();
            (private.as_ref().to_vec(), public_pem(pair.public_key()))
        }
    }
}

/// A new key pair as a key that signs and a PEM file.
pub(in super::super) fn pair(algorithm: Algorithm) -> (EncodingKey, String) {
    let (private, public) = generated(algorithm);
    let private = match algorithm {
        Algorithm::ES256 | Algorithm::ES384 => EncodingKey::from_ec_der(&private),
        Algorithm::EdDSA => EncodingKey::from_ed_der(&private),
        _ => EncodingKey::from_rsa_der(pkcs1(&private)),
    };
    (private, public)
}

/// The RSA key that is in PKCS #8.
pub(super) fn pkcs1(der: &[u8]) -> &[u8] {
    use x509_cert::der::Decode;
    pkcs8::PrivateKeyInfoRef::from_der(der).unwrap().private_key.as_bytes()
}

#[test]
fn r30_a_public_key_has_exactly_one_algorithm() {
    for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA] {
        let key = VerifyingKey::pem(None, pair(algorithm).1.as_bytes()).unwrap();
        let mine = ["HS256", "RS256", "RS384", "PS256", "ES256", "ES384", "EdDSA", "none", "None", ""];
        let mine: Vec<_> = mine.into_iter().filter(|name| key.is_for(name)).collect();
        assert_eq!(mine, [format!("{algorithm:?}")]);
    }
}

#[test]
fn r30_a_key_is_for_the_algorithm_that_is_asked_for_if_it_fits() {
    use crate::jwt::Algorithm as Name;

    let (rsa, ec) = (pair(Algorithm::RS256).1, pair(Algorithm::ES384).1);
    for algorithm in [Name::RS256, Name::RS384, Name::RS512, Name::PS256, Name::PS384, Name::PS512] {
        assert_eq!(VerifyingKey::pem(Some(algorithm), rsa.as_bytes()).unwrap().algorithm(), algorithm);
    }
    for algorithm in [Name::HS256, Name::ES256, Name::EdDSA] {
        let error = VerifyingKey::pem(Some(algorithm), rsa.as_bytes()).unwrap_err().to_string();
        let expected = "it can be used for RS256, RS384, RS512, PS256, PS384, PS512";
        assert_eq!(error, format!("the key is not for {algorithm}; {expected}"));
    }
    let error = VerifyingKey::pem(Some(Name::ES256), ec.as_bytes()).unwrap_err();
    assert_eq!(error, JwtError::OtherAlgorithm { algorithm: Name::ES256, fitting: &[Name::ES384] });
}

#[test]
fn keys_are_equal_if_they_verify_the_same() {
    use crate::jwt::Algorithm as Name;

    let (one, other) = (pair(Algorithm::RS256).1, pair(Algorithm::RS256).1);
    let pem = |algorithm, pem: &str| VerifyingKey::pem(Some(algorithm), pem.as_bytes()).unwrap();
    let hmac = |algorithm, secret: &[u8]| VerifyingKey::hmac(algorithm, secret).unwrap();
    assert_eq!(pem(Name::RS256, &one), pem(Name::RS256, &one).clone());
    assert_ne!(pem(Name::RS256, &one), pem(Name::PS256, &one));
    assert_ne!(pem(Name::RS256, &one), pem(Name::RS256, &other));
    assert_eq!(hmac(Name::HS256, SECRET), hmac(Name::HS256, SECRET));
    assert_ne!(hmac(Name::HS256, SECRET), hmac(Name::HS512, SECRET));
    assert_ne!(hmac(Name::HS256, SECRET), hmac(Name::HS256, &SECRET[1..]));
    assert_ne!(hmac(Name::HS256, SECRET), pem(Name::RS256, &one));
}

#[test]
fn debug_of_a_key_is_the_name_of_its_algorithm() {
    let key = VerifyingKey::hmac(crate::jwt::Algorithm::HS256, SECRET).unwrap();
    let signing = SigningKey::hmac(crate::jwt::Algorithm::HS256, SECRET).unwrap();
    assert_eq!(format!("{key:?} {signing:?}"), "HS256 HS256");
    let private = generated(Algorithm::EdDSA).0;
    assert_eq!(format!("{:?}", SigningKey::pem(pem("PRIVATE KEY", &private).as_bytes()).unwrap()), "EdDSA");
}

#[test]
fn a_file_with_a_jwks_is_read_and_an_error_names_it() {
    let key = SigningKey::pem(pem("PRIVATE KEY", &generated(Algorithm::EdDSA).0).as_bytes()).unwrap();
    let directory = std::env::temp_dir().join(format!("auth-runtime-{}", key.kid().unwrap()));
    std::fs::create_dir(&directory).unwrap();
    let [good, bad, missing] = ["good.json", "bad.json", "missing.json"].map(|name| directory.join(name));
    std::fs::write(&good, key.jwks()).unwrap();
    std::fs::write(&bad, "{}").unwrap();
    let shown = format!("{:?}", Jwt::jwks_file(&good).unwrap());
    let errors = [&bad, &missing].map(|path| Jwt::jwks_file(path).unwrap_err().to_string());
    std::fs::remove_dir_all(&directory).unwrap();

    assert!(shown.contains("EdDSA") && shown.contains(key.kid().unwrap()), "{shown}");
    assert!(errors[0].contains("bad.json") && errors[0].ends_with("this is no JWKS: missing field `keys`"));
    assert!(errors[1].contains("missing.json") && errors[1].contains("os error"), "{}", errors[1]);
}
