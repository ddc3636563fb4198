//! How strong a secret has to be.

use super::pem;
use crate::jwt::{algorithm::Algorithm, error::JwtError};

/// A random secret hardly ever has fewer different bytes, in any encoding: raw, hex, base64 or digits.
const MIN_DISTINCT: usize = 8;

/// Checks that a secret is as long as the hash (RFC 7518, section 3.2), does not repeat a few bytes, and is no key.
pub(super) fn check(algorithm: Algorithm, secret: &[u8]) -> Result<(), JwtError> {
    let required = match algorithm {
        Algorithm::HS512 => 64,
        Algorithm::HS384 => 48,
        _ => 32,
    };
    if pem::is_key(secret) {
        return Err(JwtError::PemAsSecret);
    }
    if secret.len() < required {
        return Err(JwtError::ShortSecret { algorithm: algorithm.name(), required, length: secret.len() });
    }
    let distinct = (0..=u8::MAX).filter(|byte| secret.contains(byte)).count();
    if distinct < MIN_DISTINCT {
        return Err(JwtError::RepetitiveSecret { distinct });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{super::tests::SECRET, Algorithm, JwtError, check};

    #[test]
    fn r37_short_secret_is_refused_at_start() {
        for (algorithm, required) in [(Algorithm::HS256, 32), (Algorithm::HS384, 48), (Algorithm::HS512, 64)] {
            assert_eq!(check(algorithm, &SECRET[..required]), Ok(()));
            let error = check(algorithm, &SECRET[..required - 1]).unwrap_err();
            let expected = JwtError::ShortSecret { algorithm: algorithm.name(), required, length: required - 1 };
            assert_eq!(error, expected);
            assert!(error.to_string().contains(&format!("needs at least {required}")), "{error}");
        }
    }

    #[test]
    fn r37_secret_that_repeats_itself_is_refused_at_start() {
        for secret in [[0; 64].as_slice(), "password".repeat(8).as_bytes()] {
            let error = check(Algorithm::HS256, secret).unwrap_err();
            assert!(matches!(error, JwtError::RepetitiveSecret { distinct: 1 | 7 }), "{error}");
        }
    }

    #[test]
    fn r30_public_key_as_a_secret_is_refused_at_start() {
        let secret = b"\n-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n";
        assert_eq!(check(Algorithm::HS256, secret), Err(JwtError::PemAsSecret));
        let base64 = b"MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
        assert_eq!(check(Algorithm::HS256, base64), Err(JwtError::PemAsSecret));
    }
}
