//! Caches the hash of the token of a known session, so that it is not computed for each request.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use quick_cache::sync::Cache;

use super::token::TokenHash;
use crate::{authenticate::MacKey, credential::SessionToken};

const CAPACITY: usize = 10_000;
/// The seconds between two writes of a session's last request.
const WRITE_EVERY: u64 = 60;

/// A cache of token hashes, found by the MAC of the token.
///
/// The cache saves the computation, not the look-up: the store is asked for each request. Only tokens of sessions are
/// inserted, so no flood of forged ones evicts an entry.
pub(super) struct TokenHashCache {
    key: MacKey,
    known: Cache<u128, Arc<KnownSession>>,
}

/// A session that this process has seen.
pub(super) struct KnownSession {
    pub(super) id: String,
    pub(super) hash: TokenHash,
    /// The last request here, in seconds since 1970.
    seen_at: AtomicU64,
    /// The last request that was written to the store.
    written_at: AtomicU64,
}

impl KnownSession {
    pub(super) fn of(token: &SessionToken) -> Self {
        let hash = TokenHash::of(token);
        Self { id: hash.session_id(), hash, seen_at: AtomicU64::new(0), written_at: AtomicU64::new(0) }
    }

    /// Returns the last request here.
    pub(super) fn seen_at(&self) -> u64 {
        self.seen_at.load(Ordering::Relaxed)
    }

    /// Notes a request. Returns whether the store must be written to; the last written time is at least `stored`.
    pub(super) fn note(&self, now: u64, stored: u64) -> bool {
        self.seen_at.fetch_max(now, Ordering::Relaxed);
        let written = self.written_at.load(Ordering::Relaxed);
        if now < written.max(stored).saturating_add(WRITE_EVERY) {
            return false;
        }
        // Of several requests at once, one writes.
        self.written_at.compare_exchange(written, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

impl TokenHashCache {
    /// Returns an empty cache; `None` if the system has no randomness for the key.
    pub(super) fn new() -> Option<Self> {
        Some(Self { key: MacKey::random()?, known: Cache::new(CAPACITY) })
    }

    pub(super) fn get(&self, token: &SessionToken) -> Option<Arc<KnownSession>> {
        self.known.get(&self.key.mac(token.as_str()).to_bits())
    }

    pub(super) fn insert(&self, token: &SessionToken, known: &Arc<KnownSession>) {
        self.known.insert(self.key.mac(token.as_str()).to_bits(), Arc::clone(known));
    }

    pub(super) fn remove(&self, token: &SessionToken) {
        self.known.remove(&self.key.mac(token.as_str()).to_bits());
    }
}

impl fmt::Debug for TokenHashCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenHashCache").field("len", &self.known.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{KnownSession, SessionToken};

    #[test]
    fn r62_the_last_request_is_written_once_a_minute() {
        let known = KnownSession::of(&SessionToken::of_bits(&[1; 32]));
        for (now, is_written) in [(1000, false), (1059, false), (1060, true), (1061, false), (1120, true), (900, false)]
        {
            assert_eq!(known.note(now, 1000), is_written, "{now}");
        }
        assert_eq!(known.seen_at(), 1120);
    }
}
