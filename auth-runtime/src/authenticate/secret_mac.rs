//! The MAC of a secret, with a key of this process: recognizes a secret that was verified before, without keeping it.

use siphasher::sip128::SipHasher;
#[cfg(feature = "basic")]
use subtle::ConstantTimeEq;

/// The key of the MACs. It is random, and exists in this process only.
///
/// The MAC is SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012), a pseudorandom function made for short inputs. It
/// costs a tenth of HMAC-SHA-256. Without the key, a caller matches an entry with a probability of 2^-128 per request.
#[derive(Clone)]
pub(crate) struct MacKey(SipHasher);

/// The MAC of a secret.
#[derive(Clone, Copy)]
pub(crate) struct SecretMac(u128);

impl MacKey {
    /// Returns a random key; `None` if the system has no randomness, which is logged.
    pub(crate) fn random() -> Option<Self> {
        let mut key = [0; 16];
        match getrandom::fill(&mut key) {
            Ok(()) => Some(Self(SipHasher::new_with_key(&key))),
            Err(error) => {
                tracing::warn!(%error, "no randomness: verified secrets are not cached");
                None
            }
        }
    }

    pub(crate) fn mac(&self, secret: impl AsRef<[u8]>) -> SecretMac {
        SecretMac(self.0.hash(secret.as_ref()).into())
    }
}

impl SecretMac {
    /// Returns whether both are the MAC of the same secret, in constant time.
    #[cfg(feature = "basic")]
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    /// Returns the MAC as the key of a map.
    #[cfg(any(feature = "api-key", feature = "session"))]
    pub(crate) const fn to_bits(self) -> u128 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{MacKey, SecretMac};

    #[test]
    fn r51_a_mac_depends_on_the_secret_and_the_key() {
        let (here, there) = (MacKey::random().unwrap(), MacKey::random().unwrap());
        let is_same = |left: SecretMac, right: SecretMac| left.0 == right.0;
        assert!(is_same(here.mac("password"), here.mac("password")));
        assert!(!is_same(here.mac("password"), there.mac("password")));
        for other in ["", "Password", "password\0", "passwor"] {
            assert!(!is_same(here.mac("password"), here.mac(other)), "{other}");
        }
    }
}
