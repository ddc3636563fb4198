//! Passwords that were verified a moment ago, so that not every request of one caller costs a hash.

use std::{fmt, time::Duration};

use hmac::{Hmac, KeyInit, Mac};
use moka::sync::Cache;
use sha2::Sha256;

const CAPACITY: u64 = 10_000;

/// Proof that name, password and stored hash were seen together, and went together.
pub(super) type Proof = [u8; 32];

/// What was verified, for a short time: no passwords, and nothing that can be turned into one without a key that
/// exists in this process only.
#[derive(Clone)]
pub(super) struct Remembered {
    key: Hmac<Sha256>,
    proofs: Cache<Proof, ()>,
}

impl Remembered {
    /// Remembers for so long; `None` without time, and without randomness for the key.
    pub(super) fn new(time: Duration) -> Option<Self> {
        if time.is_zero() {
            return None;
        }
        let mut key = [0; 32];
        if let Err(error) = getrandom::fill(&mut key) {
            tracing::warn!(%error, "no randomness: each request with a password costs a hash");
            return None;
        }
        let key = Hmac::new_from_slice(&key).ok()?;
        Some(Self { key, proofs: Cache::builder().max_capacity(CAPACITY).time_to_live(time).build() })
    }

    /// The stored hash is part of it: a new password is a new hash, and ends what was remembered of the old one.
    pub(super) fn proof(&self, username: &str, password: &str, hash: &str) -> Proof {
        let mut mac = self.key.clone();
        for part in [username, password, hash] {
            // With the length in front, no two triples look alike.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }

    pub(super) fn contains(&self, proof: &Proof) -> bool {
        self.proofs.get(proof).is_some()
    }

    pub(super) fn insert(&self, proof: Proof) {
        self.proofs.insert(proof, ());
    }
}

impl fmt::Debug for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remembered").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Remembered;

    #[test]
    fn r51_a_proof_is_of_name_password_and_hash_and_of_this_process() {
        let seen = Remembered::new(Duration::from_mins(1)).unwrap();
        let proof = seen.proof("alice", "password", "hash");
        assert_eq!(proof, seen.proof("alice", "password", "hash"));
        for (name, password, hash) in [
            ("bob", "password", "hash"),
            ("alice", "Password", "hash"),
            ("alice", "password", "hash2"),
            ("alicep", "assword", "hash"),
            ("alice", "passwordh", "ash"),
        ] {
            assert_ne!(proof, seen.proof(name, password, hash));
        }
        let other = Remembered::new(Duration::from_mins(1)).unwrap();
        assert_ne!(proof, other.proof("alice", "password", "hash"));
    }

    #[test]
    fn r51_what_was_verified_is_forgotten_in_time() {
        let seen = Remembered::new(Duration::from_millis(1)).unwrap();
        let proof = seen.proof("alice", "password", "hash");
        seen.insert(proof);
        while seen.contains(&proof) {
            std::thread::yield_now();
        }
        assert!(Remembered::new(Duration::ZERO).is_none());
    }
}
