//! Caches the hash of the token of a known session, so that it is not computed for each request, and tokens without a session.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use foldhash::quality::RandomState;
use quick_cache::{
    UnitWeighter,
    sync::{Cache, DefaultLifecycle},
};
use tokio::time::Instant;

use super::token::TokenHash;
use crate::{authenticate::MacKey, credential::SessionToken};

const CAPACITY: usize = 10_000;
/// The seconds between two writes of a session's last request.
const WRITE_EVERY: u64 = 60;

/// How long a token without a session is refused without a look-up. No session gets a token that was sent before.
const REFUSED_FOR: Duration = Duration::from_mins(10);

/// A cache of token hashes, found by the MAC of the token.
///
/// The cache saves the computation, not the look-up: the store is asked for each request. Only tokens of sessions are
/// inserted, so no flood of forged ones evicts an entry. Forged ones have a cache of their own.
pub(super) struct TokenHashCache {
    key: MacKey,
    known: ByMac<Arc<KnownSession>>,
    /// Tokens that had no session, or one that has ended, with the time of the look-up.
    refused: ByMac<Instant>,
}

/// The MACs are random, so their hash needs no strength.
type ByMac<V> = Cache<u128, V, UnitWeighter, RandomState>;

fn by_mac<V: Clone>() -> ByMac<V> {
    let weight = u64::try_from(CAPACITY).unwrap_or(u64::MAX);
    Cache::with(CAPACITY, weight, UnitWeighter, RandomState::default(), DefaultLifecycle::default())
}

/// What this process knows of a token.
pub(super) enum Seen {
    /// It had a session.
    Session(Arc<KnownSession>),
    /// It had none a moment ago.
    Refused,
    /// It was not looked up here.
    New,
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
        Some(Self { key: MacKey::random()?, known: by_mac(), refused: by_mac() })
    }

    /// Returns the session of a token, if it had one. The text need not be a token.
    pub(super) fn known(&self, text: &[u8]) -> Option<Arc<KnownSession>> {
        self.known.get(&self.key.mac(text).to_bits())
    }

    pub(super) fn find(&self, token: &SessionToken) -> Seen {
        let mac = self.mac(token);
        match self.known.get(&mac) {
            Some(known) => Seen::Session(known),
            None if self.refused.get(&mac).is_some_and(|since| since.elapsed() < REFUSED_FOR) => Seen::Refused,
            None => Seen::New,
        }
    }

    pub(super) fn insert(&self, token: &SessionToken, known: Arc<KnownSession>) {
        self.known.insert(self.mac(token), known);
    }

    /// Notes that a token has no session.
    pub(super) fn refuse(&self, token: &SessionToken) {
        let mac = self.mac(token);
        self.known.remove(&mac);
        self.refused.insert(mac, Instant::now());
    }

    fn mac(&self, token: &SessionToken) -> u128 {
        self.key.mac(token.as_bytes()).to_bits()
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
