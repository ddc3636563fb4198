//! The points of Ed25519 that no honest key or signature has. Libraries differ in the points that they accept (RFC
//! 8032, section 5.1.7, leaves it open), so the points are refused here first.

use std::sync::LazyLock;

use curve25519_dalek::{constants::EIGHT_TORSION, edwards::CompressedEdwardsY};

use crate::jwt::error::JwtError;

/// The coordinates y of the eight points of small order. Two points can have the same y.
static SMALL_ORDER: LazyLock<[[u8; 32]; 8]> =
    LazyLock::new(|| EIGHT_TORSION.map(|point| y(point.compress().as_bytes())));

/// Checks that the point is on the curve, in its only encoding, and not of small order.
pub(super) fn check_public_key(point: &[u8; 32]) -> Result<(), JwtError> {
    let decompressed = CompressedEdwardsY(*point).decompress().ok_or(JwtError::PointNotOnCurve)?;
    let y = y(point);
    if self::y(decompressed.compress().as_bytes()) != y {
        return Err(JwtError::PointNotOnCurve);
    }
    if SMALL_ORDER.contains(&y) { Err(JwtError::SmallOrder) } else { Ok(()) }
}

/// Whether this can be an honest signature: a point that is not of small order, and a number. The backend checks the
/// number.
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

#[cfg(test)]
mod tests {
    use ed25519_dalek::VerifyingKey;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::{JwtError, SMALL_ORDER, check_public_key, is_signature};

    /// The prime of the field, 2^255 - 19, little-endian.
    const PRIME: [u8; 32] = {
        let mut prime = [0xff; 32];
        prime[0] = 0xed;
        prime[31] = 0x7f;
        prime
    };

    /// The encodings of small order, with both signs: 1 and -1 have only one point each.
    fn small() -> Vec<[u8; 32]> {
        let other_sign = |mut y: [u8; 32]| {
            y[31] |= 0x80;
            y
        };
        SMALL_ORDER.iter().flat_map(|y| [*y, other_sign(*y)]).collect()
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
