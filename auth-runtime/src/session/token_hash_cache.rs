//! Caches token hashes of known sessions, so that they are not computed for each request, and tokens without a session.

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

/// How long a token without a session is cached. No session gets a token that was sent before.
const REMEMBERED_FOR: Duration = Duration::from_mins(10);
/// The first pause between two look-ups of an unknown token: a store may return a session late that another process has
/// started. Later pauses last as long as the token has been unknown, so that it costs eight look-ups in ten minutes.
const FIRST_PAUSE: Duration = Duration::from_secs(5);

/// A cache of token hashes, found by the MAC of the token.
///
/// The cache saves the computation, not the look-up: the store is asked for each request. Only tokens of sessions are
/// inserted, so no flood of forged ones evicts an entry. Forged ones have a cache of their own.
pub(super) struct TokenHashCache {
    key: MacKey,
    known: ByMac<Arc<KnownSession>>,
    refused: ByMac<RefusedToken>,
}

/// A token that had no session, or one that has ended.
#[derive(Clone, Copy)]
struct RefusedToken {
    since: Instant,
    looked_up: Instant,
    /// Whether it had a session that has ended. Such a token is not looked up again.
    has_ended: bool,
}

impl RefusedToken {
    /// Whether it is time for another look-up.
    fn is_due(&self, now: Instant) -> bool {
        let pause = (self.looked_up - self.since).max(FIRST_PAUSE);
        !self.has_ended && now - self.looked_up >= pause
    }
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
    /// It had none a moment ago, or one that has ended.
    Refused,
    /// It had none some time ago. It must be looked up again, and was counted then.
    Due,
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
    #[inline]
    pub(super) fn seen_at(&self) -> u64 {
        self.seen_at.load(Ordering::Relaxed)
    }

    /// Notes a request. Returns whether the store must be written to; the last written time is at least `stored`.
    #[inline]
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
    #[inline]
    pub(super) fn known(&self, text: &[u8]) -> Option<Arc<KnownSession>> {
        self.known.get(&self.key.mac_of_random(text))
    }

    /// Returns what is known of a token. One call finds that a look-up is due, and the others that it is refused.
    pub(super) fn find(&self, token: &SessionToken) -> Seen {
        let mac = self.mac(token);
        if let Some(known) = self.known.get(&mac) {
            return Seen::Session(known);
        }
        let now = Instant::now();
        match self.refused_at(mac, now) {
            None => Seen::New,
            Some(refused) if refused.is_due(now) => {
                self.refused.insert(mac, RefusedToken { looked_up: now, ..refused });
                Seen::Due
            }
            Some(_) => Seen::Refused,
        }
    }

    pub(super) fn insert(&self, token: &SessionToken, known: Arc<KnownSession>) {
        let mac = self.mac(token);
        self.refused.remove(&mac);
        self.known.insert(mac, known);
    }

    /// Notes that a token has no session now.
    pub(super) fn refuse(&self, token: &SessionToken) {
        let (mac, now) = (self.mac(token), Instant::now());
        let former = self.refused_at(mac, now);
        let refused = former.unwrap_or(RefusedToken { since: now, looked_up: now, has_ended: false });
        self.known.remove(&mac);
        self.refused.insert(mac, RefusedToken { looked_up: now, ..refused });
    }

    /// Notes that the session of a token has ended.
    pub(super) fn end(&self, token: &SessionToken) {
        let (mac, now) = (self.mac(token), Instant::now());
        self.known.remove(&mac);
        self.refused.insert(mac, RefusedToken { since: now, looked_up: now, has_ended: true });
    }

    /// Whether the session of a token has ended here.
    pub(super) fn has_ended(&self, token: &SessionToken) -> bool {
        self.refused_at(self.mac(token), Instant::now()).is_some_and(|refused| refused.has_ended)
    }

    fn refused_at(&self, mac: u128, now: Instant) -> Option<RefusedToken> {
        self.refused.get(&mac).filter(|refused| now - refused.since < REMEMBERED_FOR)
    }

    fn mac(&self, token: &SessionToken) -> u128 {
        self.key.mac_of_random(token.as_bytes())
    }
}

impl fmt::Debug for TokenHashCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenHashCache").field("len", &self.known.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use super::{KnownSession, Seen, SessionToken, TokenHashCache};

    #[test]
    fn r62_the_last_request_is_written_once_a_minute() {
        let known = KnownSession::of(&SessionToken::of_bits(&[1; 32]));
        for (now, is_written) in [(1000, false), (1059, false), (1060, true), (1061, false), (1120, true), (900, false)]
        {
            assert_eq!(known.note(now, 1000), is_written, "{now}");
        }
        assert_eq!(known.seen_at(), 1120);
    }

    #[tokio::test(start_paused = true)]
    async fn r77_an_unknown_token_is_looked_up_eight_times_in_ten_minutes() {
        let (cache, token) = (TokenHashCache::new().unwrap(), SessionToken::of_bits(&[1; 32]));
        let mut look_ups = Vec::new();
        for second in 0..600 {
            match cache.find(&token) {
                Seen::New => assert_eq!(second, 0),
                Seen::Due => {}
                Seen::Refused => {
                    tokio::time::advance(Duration::from_secs(1)).await;
                    continue;
                }
                Seen::Session(_) => panic!("it has no session"),
            }
            assert!(second == 0 || matches!(cache.find(&token), Seen::Refused), "of several requests, one looks it up");
            look_ups.push(second);
            cache.refuse(&token);
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(look_ups, [0, 5, 10, 20, 40, 80, 160, 320]);
        assert!(matches!(cache.find(&token), Seen::New), "after ten minutes, it counts again");
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_whose_session_has_ended_is_not_looked_up_again() {
        let (cache, token) = (TokenHashCache::new().unwrap(), SessionToken::of_bits(&[1; 32]));
        cache.insert(&token, Arc::new(KnownSession::of(&token)));
        assert!(!cache.has_ended(&token));
        cache.end(&token);
        for seconds in [599, 1] {
            assert!(matches!(cache.find(&token), Seen::Refused) && cache.has_ended(&token));
            tokio::time::advance(Duration::from_secs(seconds)).await;
        }
        assert!(matches!(cache.find(&token), Seen::New) && !cache.has_ended(&token));
    }

    #[test]
    fn an_unknown_token_that_has_a_session_now_is_refused_no_longer() {
        let (cache, token) = (TokenHashCache::new().unwrap(), SessionToken::of_bits(&[1; 32]));
        cache.refuse(&token);
        assert!(matches!(cache.find(&token), Seen::Refused) && !cache.has_ended(&token));
        cache.insert(&token, Arc::new(KnownSession::of(&token)));
        assert!(matches!(cache.find(&token), Seen::Session(_)));
        // As if the entry of the session had been evicted.
        cache.known.clear();
        assert!(matches!(cache.find(&token), Seen::New));
    }
}
