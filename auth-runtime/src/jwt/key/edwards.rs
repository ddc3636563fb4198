//! The points of Ed25519 that no honest key or signature has. Libraries differ in the points that they accept (RFC
//! 8032, section 5.1.7, leaves it open), so the points are refused here first.

use num_bigint::BigUint;

use crate::jwt::error::JwtError;

/// The prime of the field, 2^255 - 19, little-endian.
const PRIME: [u8; 32] = {
    let mut prime = [0xff; 32];
    prime[0] = 0xed;
    prime[31] = 0x7f;
    prime
};
/// The constant of the curve -x² + y² = 1 + d x² y² (RFC 8032, section 5.1), little-endian.
const D: [u8; 32] = [
    0xa3, 0x78, 0x59, 0x13, 0xca, 0x4d, 0xeb, 0x75, 0xab, 0xd8, 0x41, 0x41, 0x4d, 0x0a, 0x70, 0x00, 0x98, 0xe8, 0x79,
    0x77, 0x79, 0x40, 0xc7, 0x8c, 0x73, 0xfe, 0x6f, 0x2b, 0xee, 0x6c, 0x03, 0x52,
];
/// The coordinates y of the eight points of small order: 0, 1, -1, and the two of order eight.
const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    {
        let mut one = [0; 32];
        one[0] = 1;
        one
    },
    {
        let mut minus_one = PRIME;
        minus_one[0] -= 1;
        minus_one
    },
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

/// Checks that the point is on the curve, in its only encoding, and not of small order.
pub(super) fn check_public_key(point: &[u8; 32]) -> Result<(), JwtError> {
    let y = y(point);
    if y.iter().rev().ge(PRIME.iter().rev()) || !is_on_curve(&y) {
        return Err(JwtError::PointNotOnCurve);
    }
    if SMALL_ORDER.contains(&y) { Err(JwtError::SmallOrder) } else { Ok(()) }
}

/// Whether this can be an honest signature: a point that is not of small order, and a number. The number is the
/// backend's to check.
pub(super) fn is_signature(signature: &[u8]) -> bool {
    let point = signature.first_chunk().map(y);
    signature.len() == 64 && point.is_some_and(|y| !SMALL_ORDER.contains(&y))
}

/// All but the sign of x.
fn y(point: &[u8; 32]) -> [u8; 32] {
    let mut y = *point;
    y[31] &= 0x7f;
    y
}

/// Whether x² = (y² - 1) / (d y² + 1) has a solution: whether the product of both is a square, by Euler's criterion.
fn is_on_curve(y: &[u8; 32]) -> bool {
    let [prime, d, y] = [&PRIME, &D, y].map(|number| BigUint::from_bytes_le(number));
    let one = BigUint::from(1_u8);
    let square = &y * &y % &prime;
    let product = (&square + &prime - &one) * (d * square + &one) % &prime;
    let residue = product.modpow(&((&prime - &one) / 2_u8), &prime);
    residue == one || residue == BigUint::ZERO
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::VerifyingKey;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::{JwtError, PRIME, SMALL_ORDER, check_public_key, is_signature};

    /// The encodings of small order, with both signs: 1 and -1 have only one point each.
    fn small() -> Vec<[u8; 32]> {
        SMALL_ORDER
            .into_iter()
            .flat_map(|y| {
                [y, {
                    let mut y = y;
                    y[31] |= 0x80;
                    y
                }]
            })
            .collect()
    }

    #[test]
    fn r38_points_of_small_order_are_no_keys_and_no_signatures() {
        for point in small() {
            assert_eq!(check_public_key(&point), Err(JwtError::SmallOrder));
            assert!(VerifyingKey::from_bytes(&point).unwrap().is_weak());
            assert!(!is_signature(&[point, [1; 32]].concat()));
        }
    }

    #[test]
    fn r38_other_encodings_of_a_point_are_refused() {
        for more in 0..19 {
            let mut point = PRIME;
            point[0] += more;
            assert_eq!(check_public_key(&point), Err(JwtError::PointNotOnCurve), "{more}");
            point[31] = 0xff;
            assert_eq!(check_public_key(&point), Err(JwtError::PointNotOnCurve), "{more}");
        }
    }

    #[test]
    fn r38_a_signature_is_64_bytes() {
        assert!(is_signature(&[7; 64]));
        for length in (0..64).chain([65, 128]) {
            assert!(!is_signature(&vec![7; length]), "{length}");
        }
    }

    proptest! {
        #[test]
        fn r38_what_is_on_the_curve_is_what_another_library_says(point in any::<[u8; 32]>()) {
            prop_assert_eq!(check_public_key(&point).is_ok(), VerifyingKey::from_bytes(&point).is_ok());
        }
    }
}
