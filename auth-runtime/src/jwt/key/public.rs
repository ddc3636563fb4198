//! A public key as numbers and points, with the checks that need no cryptography.

use super::edwards;
use crate::jwt::{
    algorithm::{Algorithm, RSA},
    error::JwtError,
};

const MIN_RSA_BITS: usize = 2048;
const GOOD_RSA_BITS: usize = 3072;
const MAX_RSA_BITS: usize = 8192;
/// All that is in use is 65537 or 3. A large exponent makes every verification slow.
const MAX_EXPONENT_BITS: usize = 32;

/// A curve that ECDSA is done on (RFC 7518, section 3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
}

/// A public key whose form is good. The backend checks whether its point is on the curve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PublicKey {
    /// Modulus and exponent, big-endian and without zeros in front.
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    /// A point in its uncompressed form: a byte 4 and two coordinates (RFC 5480, section 2.2).
    Ec { curve: Curve, point: Vec<u8> },
    /// A point as RFC 8032, section 5.1.2, encodes it.
    Ed25519([u8; 32]),
}

impl Curve {
    /// The only algorithm that it is for.
    pub(super) fn algorithm(self) -> Algorithm {
        match self {
            Self::P256 => Algorithm::ES256,
            Self::P384 => Algorithm::ES384,
        }
    }

    /// The length of a coordinate, and of each half of a signature, in bytes.
    pub(super) fn width(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
        }
    }

    /// As a JWK names it (RFC 7518, section 6.2.1.1).
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::P256, Self::P384].into_iter().find(|curve| curve.name() == name)
    }
}

impl PublicKey {
    /// An RSA key of a length that is safe now (RFC 7518, section 3.3) and no larger than can be verified in time.
    pub(super) fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, JwtError> {
        let [modulus, exponent] = [modulus, exponent].map(without_zeros);
        let bits = bits(modulus);
        if !(MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits) {
            return Err(JwtError::RsaKeyLength { bits });
        }
        if !is_odd(modulus) || !is_odd(exponent) || exponent == [1] || self::bits(exponent) > MAX_EXPONENT_BITS {
            return Err(JwtError::RsaNumbers);
        }
        Ok(Self::Rsa { modulus: modulus.to_vec(), exponent: exponent.to_vec() })
    }

    /// Returns the bits of an RSA key that is too short for 128 bits of security (ASVS 11.2.3).
    pub(super) fn too_few_bits(&self) -> Option<usize> {
        match self {
            Self::Rsa { modulus, .. } => Some(bits(modulus)).filter(|bits| *bits < GOOD_RSA_BITS),
            Self::Ec { .. } | Self::Ed25519(_) => None,
        }
    }

    /// The point of an EC key. A compressed point is rejected (RFC 7518, section 6.2.1, has no form for it).
    pub(super) fn ec(curve: Curve, point: &[u8]) -> Result<Self, JwtError> {
        if point.len() != 1 + 2 * curve.width() || point[0] != 4 {
            return Err(JwtError::PointForm);
        }
        Ok(Self::Ec { curve, point: point.to_vec() })
    }

    /// The point of an Ed25519 key. Points of small order are refused, as any party can forge their signatures.
    pub(super) fn ed25519(point: &[u8]) -> Result<Self, JwtError> {
        let point = <[u8; 32]>::try_from(point).map_err(|_| JwtError::PointForm)?;
        edwards::check_public_key(&point)?;
        Ok(Self::Ed25519(point))
    }

    /// The algorithms that it can be used with, the usual one first.
    pub(super) fn algorithms(&self) -> &'static [Algorithm] {
        match self {
            Self::Rsa { .. } => RSA,
            Self::Ec { curve: Curve::P256, .. } => &[Algorithm::ES256],
            Self::Ec { curve: Curve::P384, .. } => &[Algorithm::ES384],
            Self::Ed25519(_) => &[Algorithm::EdDSA],
        }
    }

    /// Whether a signature has the form of one made with this key. So the result does not depend on how lenient a
    /// backend is.
    pub(super) fn may_have_made(&self, signature: &[u8]) -> bool {
        match self {
            // As long as the modulus, and a number below it (RFC 8017, sections 8.1.2, 8.2.2 and 5.2.2).
            Self::Rsa { modulus, .. } => signature.len() == modulus.len() && signature < modulus.as_slice(),
            // Two numbers of full length (RFC 7518, section 3.4).
            Self::Ec { curve, .. } => signature.len() == 2 * curve.width(),
            Self::Ed25519(_) => edwards::is_signature(signature),
        }
    }
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|last| last % 2 == 1)
}

/// The length of a big-endian number without zeros in front.
fn bits(number: &[u8]) -> usize {
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::{Curve, JwtError, PublicKey, bits, without_zeros};

    fn modulus(bits: usize) -> Vec<u8> {
        let mut modulus = vec![0xff; bits.div_ceil(8)];
        modulus[0] >>= modulus.len() * 8 - bits;
        modulus
    }

    #[test]
    fn r37_rsa_keys_are_as_long_as_is_safe_and_no_longer() {
        for good in [2048, 2049, 3072, 4096, 8192] {
            assert!(PublicKey::rsa(&modulus(good), &[1, 0, 1]).is_ok(), "{good}");
        }
        for bad in [0, 1024, 2047, 8193] {
            let modulus = if bad == 0 { vec![] } else { modulus(bad) };
            assert_eq!(PublicKey::rsa(&modulus, &[1, 0, 1]), Err(JwtError::RsaKeyLength { bits: bad }));
        }
        assert_eq!([bits(&[]), bits(&[1]), bits(&[0x80, 0])], [0, 1, 16]);
        assert_eq!(without_zeros(&[0, 0, 1, 0]), [1, 0]);
    }

    #[test]
    fn r37_rsa_numbers_that_cannot_be_a_key_are_refused() {
        let good = modulus(2048);
        for exponent in [&[3][..], &[1, 0, 1], &[0, 1, 0, 1], &[0xff; 4]] {
            assert!(PublicKey::rsa(&good, exponent).is_ok(), "{exponent:?}");
        }
        for exponent in [&[][..], &[0], &[1], &[0, 1], &[2], &[1, 0, 0], &[1, 0, 0, 0, 1]] {
            assert_eq!(PublicKey::rsa(&good, exponent), Err(JwtError::RsaNumbers), "{exponent:?}");
        }
        let mut even = good;
        even[255] = 0xfe;
        assert_eq!(PublicKey::rsa(&even, &[1, 0, 1]), Err(JwtError::RsaNumbers));
    }

    #[test]
    fn r38_points_are_of_full_length_and_not_compressed() {
        for (curve, width) in [(Curve::P256, 32), (Curve::P384, 48)] {
            let mut point = vec![4; 1 + 2 * width];
            assert!(PublicKey::ec(curve, &point).is_ok());
            for short in 0..point.len() {
                assert_eq!(PublicKey::ec(curve, &point[..short]), Err(JwtError::PointForm));
            }
            for other in [0, 2, 3, 5, 6, 7] {
                point[0] = other;
                assert_eq!(PublicKey::ec(curve, &point), Err(JwtError::PointForm));
                assert_eq!(PublicKey::ec(curve, &point[..=width]), Err(JwtError::PointForm));
            }
        }
        assert_eq!(PublicKey::ed25519(&[3; 31]), Err(JwtError::PointForm));
        assert_eq!(PublicKey::ed25519(&[3; 33]), Err(JwtError::PointForm));
    }

    #[test]
    fn r38_signatures_are_of_the_exact_length_and_below_the_modulus() {
        let rsa = PublicKey::rsa(&modulus(2048), &[1, 0, 1]).unwrap();
        let mut below = modulus(2048);
        below[255] = 0xfe;
        assert!(rsa.may_have_made(&below));
        assert!(!rsa.may_have_made(&modulus(2048)) && !rsa.may_have_made(&below[1..]) && !rsa.may_have_made(&[]));
        assert!(!rsa.may_have_made(&[&[0], below.as_slice()].concat()));
        let ec = PublicKey::ec(Curve::P256, &[4; 65]).unwrap();
        assert!(ec.may_have_made(&[1; 64]) && !ec.may_have_made(&[1; 63]) && !ec.may_have_made(&[1; 65]));
    }
}
