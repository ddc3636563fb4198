//! Keys out of PEM files (RFC 7468): one block, and which kind of key it holds.

use base64::{Engine, prelude::BASE64_STANDARD};
use pkcs1::{RsaPrivateKeyRef, RsaPublicKeyRef};
use pkcs8::PrivateKeyInfoRef;
use sec1::EcPrivateKey;
use x509_cert::{
    Certificate,
    der::{Decode, oid::ObjectIdentifier, pem::Decoder, referenced::OwnedToRef},
    spki::SubjectPublicKeyInfoRef,
};
use zeroize::Zeroizing;

use super::public::{Curve, PublicKey};
use crate::jwt::error::JwtError;

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

/// The one block of a file: its label, and what it holds. A file with several blocks is rejected.
///
/// The text may have gone through an environment variable: with a byte order mark, in quotes, with `\n` for line ends,
/// or as the base64 of the DER alone.
pub(super) fn block(pem: &[u8]) -> Option<(String, Zeroizing<Vec<u8>>)> {
    let pem = plain(pem);
    if !contains(&pem, b"-----") {
        return bare(&pem);
    }
    let mut decoder = Decoder::new_detect_wrap(pem.trim_ascii()).ok()?;
    let mut der = Zeroizing::new(Vec::with_capacity(decoder.remaining_len()));
    decoder.decode_to_end(&mut der).ok()?;
    Some((decoder.type_label().to_owned(), der))
}

/// Returns whether a text is a key, in PEM or as the base64 of its DER, and so no secret.
pub(super) fn is_key(text: &[u8]) -> bool {
    contains(text, b"-----BEGIN") || bare(&plain(text)).is_some()
}

/// Returns whether a file holds a private key.
fn is_private(pem: &[u8]) -> bool {
    contains(pem, b"PRIVATE KEY-----")
}

/// Takes away what shells, settings files and editors put around or into a text.
fn plain(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii();
    for quote in [b'"', b'\''] {
        if let [first, inner @ .., last] = text
            && [*first, *last] == [quote; 2]
        {
            text = inner.trim_ascii();
        }
    }
    let mut plain = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = match (byte, tail.first()) {
            (b'\\', Some(b'n')) => {
                plain.push(b'\n');
                &tail[1..]
            }
            (b'\\', Some(b'r')) => &tail[1..],
            _ => {
                plain.push(byte);
                tail
            }
        };
    }
    plain
}

/// Reads the base64 of a DER. The structure of the DER gives the label.
fn bare(text: &[u8]) -> Option<(String, Zeroizing<Vec<u8>>)> {
    let mut base64 = Zeroizing::new(Vec::with_capacity(text.len()));
    base64.extend(text.iter().filter(|byte| !byte.is_ascii_whitespace()));
    let der = Zeroizing::new(BASE64_STANDARD.decode(&*base64).ok()?);
    let label = if SubjectPublicKeyInfoRef::from_der(&der).is_ok() {
        "PUBLIC KEY"
    } else if Certificate::from_der(&der).is_ok() {
        "CERTIFICATE"
    } else if PrivateKeyInfoRef::from_der(&der).is_ok() {
        "PRIVATE KEY"
    } else if RsaPrivateKeyRef::from_der(&der).is_ok() {
        "RSA PRIVATE KEY"
    } else if EcPrivateKey::from_der(&der).is_ok() {
        "EC PRIVATE KEY"
    } else if RsaPublicKeyRef::from_der(&der).is_ok() {
        "RSA PUBLIC KEY"
    } else {
        return None;
    };
    Some((label.to_owned(), der))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// The key of a file with a public key, or with a certificate. The rest of the certificate is ignored.
pub(super) fn public_key(pem: &[u8]) -> Result<PublicKey, JwtError> {
    if is_private(pem) {
        return Err(JwtError::PrivateKey);
    }
    let (label, der) = block(pem).ok_or(JwtError::NotAPublicKey)?;
    match &*label {
        "PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY" => Err(JwtError::PrivateKey),
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

/// The curve of a key, by the name in its parameters. A key that spells out the numbers of its curve is rejected.
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

#[cfg(test)]
mod tests {
    use aws_lc_rs::{
        rsa::{KeyPair as RsaKeyPair, KeySize},
        signature::{Ed25519KeyPair, KeyPair},
    };
    use jsonwebtoken::Algorithm;

    use super::{
        super::tests::{pair, pem},
        JwtError, PublicKey, public_key,
    };

    /// Self-signed, and valid for one day in the past.
    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\n\
        MIIBhjCCAS2gAwIBAgIUIpekisvPXcOeSqmGDHIKNxH1PAUwCgYIKoZIzj0EAwIw\n\
        GTEXMBUGA1UEAwwOaXNzdWVyLmV4YW1wbGUwHhcNMjYxMTIyMjA1MzE1WhcNMjYx\n\
        MTIzMjA1MzE1WjAZMRcwFQYDVQQDDA5pc3N1ZXIuZXhhbXBsZTBZMBMGByqGSM49\n\
        AgEGCCqGSM49AwEHA0IABG30fIxoBZIH1ikEsX7mukAmFDYF48ORdfy5VbmSsOBV\n\
        0vlEU+h+xKkcAN5OK7ZXaxbMsgBQBlflmxx88Po1vdujUzBRMB0GA1UdDgQWBBS/\n\
        890DlTvh8lrv5Ko7rrMhvVuLXTAfBgNVHSMEGDAWgBS/890DlTvh8lrv5Ko7rrMh\n\
        vVuLXTAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIAfwnA6DhY6v\n\
        7+MCE5ndgV0xY+Z2ASMBllTVaOcAUYDJAiAsAWZvDwo3xklaIg3qv2siRuP0XnG0\n\
        uPyfR8DHnNS8Yg==\n\
        -----END CERTIFICATE-----\n\
        ";
    const ITS_KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEbfR8jGgFkgfWKQSxfua6QCYUNgXj\n\
        w5F1/LlVuZKw4FXS+URT6H7EqRwA3k4rtldrFsyyAFAGV+WbHHzw+jW92w==\n\
        -----END PUBLIC KEY-----\n\
        ";

    #[test]
    fn r30_a_public_key_is_read_from_every_kind_of_file() {
        let pair = RsaKeyPair::generate(KeySize::Rsa3072).unwrap();
        let pkcs1 = pem("RSA PUBLIC KEY", pair.public_key().as_ref());
        assert!(matches!(public_key(pkcs1.as_bytes()), Ok(PublicKey::Rsa { modulus, .. }) if modulus.len() == 384));

        let key = public_key(ITS_KEY.as_bytes()).unwrap();
        assert_eq!(public_key(CERTIFICATE.as_bytes()).unwrap(), key);
    }

    #[test]
    fn a_file_may_have_text_in_front_spaces_around_and_other_line_ends() {
        let key = public_key(ITS_KEY.as_bytes()).unwrap();
        let unwrapped = ITS_KEY.replace('\n', "").replace("KEY-----M", "KEY-----\nM").replace("-----END", "\n-----END");
        for text in [
            ITS_KEY.replace('\n', "\r\n"),
            format!("Of the issuer.\n{ITS_KEY}"),
            format!("\n {ITS_KEY}\n\n"),
            unwrapped,
        ] {
            assert_eq!(public_key(text.as_bytes()).as_ref(), Ok(&key), "{text}");
        }
    }

    /// Returns the shapes of a text in environment variables and settings files.
    fn mangled(text: &str) -> [String; 6] {
        let base64: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
        [
            text.trim().replace('\n', "\\n"),
            format!("\"{}\"", text.replace('\n', "\\n")),
            format!("'{text}'"),
            format!("\u{feff}{text}"),
            text.replace('\n', "\\r\\n"),
            base64,
        ]
    }

    #[test]
    fn a_key_in_an_environment_variable_is_read() {
        for text in [ITS_KEY, CERTIFICATE] {
            let key = public_key(text.as_bytes()).unwrap();
            for text in mangled(text) {
                assert_eq!(public_key(text.as_bytes()).as_ref(), Ok(&key), "{text}");
            }
        }
        for bad in [format!("\"{ITS_KEY}"), "MFkw".to_owned(), "\\n\\n".to_owned(), "\"".to_owned()] {
            assert_eq!(public_key(bad.as_bytes()), Err(JwtError::NotAPublicKey), "{bad}");
        }
    }

    #[test]
    fn r37_private_key_in_an_environment_variable_is_refused_at_start() {
        let private = Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap();
        for text in mangled(&pem("PRIVATE KEY", private.as_ref())) {
            assert_eq!(public_key(text.as_bytes()), Err(JwtError::PrivateKey));
        }
    }

    #[test]
    fn r37_private_key_is_refused_at_start() {
        let private = Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap();
        let private = pem("PRIVATE KEY", private.as_ref());
        for label in ["ENCRYPTED PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY"] {
            let private = private.replace("PRIVATE KEY", label);
            assert_eq!(public_key(private.as_bytes()), Err(JwtError::PrivateKey));
            assert_eq!(public_key(format!("{ITS_KEY}{private}").as_bytes()), Err(JwtError::PrivateKey));
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
        assert_eq!(public_key(key.as_bytes()), Err(JwtError::RsaKeyLength { bits: 1024 }));
    }

    #[test]
    fn r30_a_key_for_pss_only_is_refused_with_what_to_do() {
        const OID: &[u8] = &[0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
        let text = pair(Algorithm::RS256).1;
        let mut der = super::block(text.as_bytes()).unwrap().1;
        let place = der.windows(OID.len()).position(|bytes| bytes == OID).unwrap();
        der[place + OID.len() - 1] = 10;
        let error = public_key(pem("PUBLIC KEY", &der).as_bytes()).unwrap_err();
        assert_eq!(error, JwtError::PssKey);
        assert!(error.to_string().contains("rsaEncryption"));
    }

    #[test]
    fn r37_what_is_not_one_supported_public_key_is_refused_at_start() {
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
        let mislabelled = ITS_KEY.replace("PUBLIC KEY", "CERTIFICATE");
        let twice = ITS_KEY.repeat(2);
        let both = format!("{ITS_KEY}{CERTIFICATE}");
        let other = ITS_KEY.replace("PUBLIC KEY", "EC PARAMETERS");
        let nothing = ["", "secret", "-----BEGIN PUBLIC KEY-----"];
        for bad in
            nothing.into_iter().chain([other_curve, p521, x25519, &mislabelled, &twice, &both, &other, &ITS_KEY[..90]])
        {
            assert_eq!(public_key(bad.as_bytes()), Err(JwtError::NotAPublicKey), "{bad}");
        }
        assert_eq!(public_key(b"\xff"), Err(JwtError::NotAPublicKey));
    }
}
