//! Keys out of PEM files (RFC 7468): one block, and which kind of key it holds.

use pkcs1::RsaPublicKeyRef;
use x509_cert::{
    Certificate,
    der::{
        Decode,
        oid::ObjectIdentifier,
        pem::{Decoder, Error as PemError},
        referenced::OwnedToRef,
    },
    spki::SubjectPublicKeyInfoRef,
};
use zeroize::Zeroizing;

use super::{
    JwtError,
    public::{Curve, PublicKey},
};

/// RFC 8017, appendix A.1.
pub(super) const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// RFC 8017, appendix A.2.3.
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
/// RFC 5480, section 2.1.1.
pub(super) const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// RFC 8410, section 3.
pub(super) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// RFC 5480, section 2.1.1.1.
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

/// The one block of a file: its label, and what it holds. Of several blocks, which counts would be a guess.
pub(super) fn block(pem: &[u8]) -> Result<(&str, Zeroizing<Vec<u8>>), PemError> {
    let mut decoder = Decoder::new_detect_wrap(pem.trim_ascii())?;
    let mut der = Zeroizing::new(Vec::with_capacity(decoder.remaining_len()));
    decoder.decode_to_end(&mut der)?;
    Ok((decoder.type_label(), der))
}

/// Whether a file holds a key that nobody else may see.
pub(super) fn is_private(pem: &[u8]) -> bool {
    const LABEL: &[u8] = b"PRIVATE KEY-----";
    pem.windows(LABEL.len()).any(|text| text == LABEL)
}

/// The key of a file with a public key, or with a certificate, of which all else is ignored.
pub(super) fn public_key(pem: &[u8]) -> Result<PublicKey, JwtError> {
    if is_private(pem) {
        return Err(JwtError::PrivateKey);
    }
    let (label, der) = block(pem).map_err(|_| JwtError::NotAPublicKey)?;
    match label {
        "PUBLIC KEY" => subject(SubjectPublicKeyInfoRef::from_der(&der).ok()),
        "RSA PUBLIC KEY" => rsa(&der),
        "CERTIFICATE" => {
            let certificate = Certificate::from_der(&der).map_err(|_| JwtError::NotAPublicKey)?;
            let key = certificate.tbs_certificate().subject_public_key_info();
            subject(Some(key.owned_to_ref()))
        }
        _ => Err(JwtError::NotAPublicKey),
    }
}

/// The curve of a key, by the name that is in its parameters: others spell its numbers out.
pub(super) fn curve(name: ObjectIdentifier) -> Result<Curve, JwtError> {
    match name {
        P256 => Ok(Curve::P256),
        P384 => Ok(Curve::P384),
        _ => Err(JwtError::NotAPublicKey),
    }
}

/// RFC 5280, section 4.1.2.7.
fn subject(key: Option<SubjectPublicKeyInfoRef<'_>>) -> Result<PublicKey, JwtError> {
    let key = key.ok_or(JwtError::NotAPublicKey)?;
    let bytes = key.subject_public_key.as_bytes().ok_or(JwtError::NotAPublicKey)?;
    match key.algorithm.oid {
        RSA => rsa(bytes),
        RSA_PSS => Err(JwtError::PssKey),
        EC => {
            let name = key.algorithm.parameters_oid().map_err(|_| JwtError::NotAPublicKey)?;
            PublicKey::ec(curve(name)?, bytes)
        }
        ED25519 if key.algorithm.parameters.is_none() => PublicKey::ed25519(bytes),
        _ => Err(JwtError::NotAPublicKey),
    }
}

fn rsa(der: &[u8]) -> Result<PublicKey, JwtError> {
    let key = RsaPublicKeyRef::from_der(der).map_err(|_| JwtError::NotAPublicKey)?;
    PublicKey::rsa(key.modulus.as_bytes(), key.public_exponent.as_bytes())
}
