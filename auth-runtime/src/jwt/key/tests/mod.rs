//! Keys for the tests of tokens, and what holds for every kind of key.

mod backends;

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

use super::{VerifyingKey, backend::PROVIDER};

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
    BASE64_URL_SAFE_NO_PAD.encode(signer.try_sign(message).unwrap())
}

/// A new key pair: PKCS #8, and the public key as PEM.
fn generated(algorithm: Algorithm) -> (Vec<u8>, String) {
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
fn pkcs1(der: &[u8]) -> &[u8] {
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
