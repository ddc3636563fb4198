//! The MAC of a secret, with a key of this process: recognizes a secret that was verified before, without keeping it.

#[cfg(any(feature = "api-key", feature = "session"))]
use siphasher::sip128::SipHasher13;
#[cfg(feature = "basic")]
use siphasher::sip128::SipHasher24;
#[cfg(feature = "basic")]
use subtle::ConstantTimeEq;

/// The key of the MACs. It is random, and exists in this process only.
///
/// The MAC is `SipHash` with 128 bits (Aumasson and Bernstein, 2012), a pseudorandom function made for short inputs. It
/// costs a tenth of HMAC-SHA-256 or less. Without the key, a caller matches an entry with a probability of 2^-128 per
/// request.
#[derive(Clone)]
pub(crate) struct MacKey([u8; 16]);

/// The MAC of a secret.
#[cfg(feature = "basic")]
#[derive(Clone, Copy)]
pub(crate) struct SecretMac(u128);

impl MacKey {
    /// Returns a random key. If the system has no randomness, it logs that and returns `None`.
    pub(crate) fn random() -> Option<Self> {
        let mut key = [0; 16];
        match getrandom::fill(&mut key) {
            Ok(()) => Some(Self(key)),
            Err(error) => {
                tracing::warn!(%error, "no randomness: verified secrets are not cached");
                None
            }
        }
    }

    /// Returns the MAC of any secret, by SipHash-2-4.
    #[cfg(feature = "basic")]
    pub(crate) fn mac(&self, secret: impl AsRef<[u8]>) -> SecretMac {
        SecretMac(SipHasher24::new_with_key(&self.0).hash(secret.as_ref()).into())
    }

    /// Returns the MAC of a random secret of at least 128 bits as the key of a map, by SipHash-1-3.
    ///
    /// Fewer rounds are enough: even an attacker with the key cannot compute a text with the MAC of another caller's
    /// secret, because the MAC depends on 128 bits that only that caller knows.
    #[cfg(any(feature = "api-key", feature = "session"))]
    #[inline]
    pub(crate) fn mac_of_random(&self, secret: &[u8]) -> u128 {
        SipHasher13::new_with_key(&self.0).hash(secret).into()
    }
}

#[cfg(feature = "basic")]
impl SecretMac {
    /// Whether both are the MAC of the same secret, in constant time.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

#[cfg(test)]
mod tests {
    use super::MacKey;

    #[cfg(feature = "basic")]
    #[test]
    fn r51_a_mac_depends_on_the_secret_and_the_key() {
        let is_same = |left: super::SecretMac, right: super::SecretMac| left.0 == right.0;
        let (here, there) = (MacKey::random().unwrap(), MacKey::random().unwrap());
        assert!(is_same(here.mac("password"), here.mac("password")));
        assert!(!is_same(here.mac("password"), there.mac("password")));
        for other in ["", "Password", "password\0", "passwor"] {
            assert!(!is_same(here.mac("password"), here.mac(other)), "{other}");
        }
    }

    #[cfg(any(feature = "api-key", feature = "session"))]
    #[test]
    fn r51_the_mac_of_a_random_secret_depends_on_the_secret_and_the_key() {
        let (here, there) = (MacKey::random().unwrap(), MacKey::random().unwrap());
        let mac = here.mac_of_random(b"0Zr9Pq4cWv1XsT7uKb3Ln6");
        assert_eq!(mac, here.mac_of_random(b"0Zr9Pq4cWv1XsT7uKb3Ln6"));
        assert_ne!(mac, there.mac_of_random(b"0Zr9Pq4cWv1XsT7uKb3Ln6"));
        for other in [&b""[..], b"0Zr9Pq4cWv1XsT7uKb3Ln", b"0Zr9Pq4cWv1XsT7uKb3Ln6\0", b"0Zr9Pq4cWv1XsT7uKb3Ln7"] {
            assert_ne!(mac, here.mac_of_random(other), "{other:?}");
        }
    }
}
