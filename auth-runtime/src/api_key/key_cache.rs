//! Caches the SHA-256 of verified keys, so that a known key is not hashed again.

use std::{fmt, sync::Arc};

use super::key::KeyHash;
use crate::authenticate::{BoundedCache, MacKey, bounded_cache};

const CAPACITY: usize = 10_000;

/// A cache of the hashes of verified keys, found by the MAC of the key.
///
/// The cache saves the computation, not the look-up: the store is asked for each request, so a revoked key is refused
/// as soon as the store returns the change. Only verified keys are inserted, so no flood of wrong ones evicts an entry.
pub(super) struct KeyHashCache {
    key: MacKey,
    hashes: BoundedCache<u128, CachedKey>,
}

/// The id and the hash of a key.
#[derive(Clone)]
pub(super) struct CachedKey {
    pub(super) id: Arc<str>,
    pub(super) hash: KeyHash,
    /// Whether each scheme can carry the key, so that its text needs no check.
    pub(super) is_token68: bool,
}

impl KeyHashCache {
    /// Returns an empty cache; `None` if the system has no randomness for the key.
    pub(super) fn new() -> Option<Self> {
        Some(Self { key: MacKey::random()?, hashes: bounded_cache(CAPACITY) })
    }

    #[inline]
    pub(super) fn get(&self, key: &[u8]) -> Option<CachedKey> {
        self.hashes.get(&self.key.mac_of_random(key))
    }

    pub(super) fn insert(&self, key: &str, cached: CachedKey) {
        self.hashes.insert(self.key.mac_of_random(key.as_bytes()), cached);
    }
}

impl fmt::Debug for KeyHashCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyHashCache").field("len", &self.hashes.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{CachedKey, KeyHash, KeyHashCache};

    fn cached(key: &str) -> CachedKey {
        CachedKey { id: key.into(), hash: KeyHash::of(key), is_token68: true }
    }

    #[test]
    fn r52_the_hash_of_another_key_is_not_returned() {
        let cache = KeyHashCache::new().unwrap();
        for key in ["0Zr9Pq4cWv1XsT7uKb3Ln6", "8Gf2HjMa0Zr9Pq4cWv1XsT"] {
            cache.insert(key, cached(key));
        }
        for key in ["0Zr9Pq4cWv1XsT7uKb3Ln6", "8Gf2HjMa0Zr9Pq4cWv1XsT"] {
            assert_eq!(cache.get(key.as_bytes()).unwrap().hash.0, KeyHash::of(key).0);
        }
        for other in ["", "0Zr9Pq4cWv1XsT7uKb3Ln", "0Zr9Pq4cWv1XsT7uKb3Ln66", "0zr9pq4cwv1xst7ukb3ln6"] {
            assert!(cache.get(other.as_bytes()).is_none(), "{other}");
        }
    }

    #[test]
    fn the_cache_is_bounded() {
        let cache = KeyHashCache::new().unwrap();
        for number in 0..2 * super::CAPACITY {
            cache.insert(&number.to_string(), cached("key"));
        }
        assert!(cache.hashes.len() <= super::CAPACITY);
    }
}
