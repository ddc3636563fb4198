//! The keys of one issuer, and until when each of them is good.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use smallvec::SmallVec;

use super::{algorithm::Algorithm, key::named::NamedKey};

/// Keys to try, nearly always one.
pub(super) type Candidates = SmallVec<[Arc<KeyInUse>; 1]>;

/// How many keys are tried for a token that does not name its key.
const MAX_TRIED: usize = 4;

/// A key in use. A cached token holds its key, and so sees when the issuer has withdrawn it.
#[derive(Debug)]
pub(super) struct KeyInUse {
    named: NamedKey,
    /// In seconds since 1970.
    good_until: AtomicU64,
}

/// All keys of an issuer. Keys in use stay in use when others are added or withdrawn.
#[derive(Debug)]
pub(super) struct KeySet {
    current: ArcSwap<Vec<Arc<KeyInUse>>>,
}

impl KeyInUse {
    fn new(named: NamedKey, good_until: Duration) -> Self {
        Self { named, good_until: AtomicU64::new(good_until.as_secs()) }
    }

    /// Whether what is signed with it counts at a time (since 1970).
    pub(super) fn is_good(&self, now: Duration) -> bool {
        now.as_secs() < self.good_until.load(Ordering::Relaxed)
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.named.key.verifies(message, signature)
    }

    /// Returns the issuer, or the template of issuers, that the key is published for, if the key set says so.
    pub(super) fn published_for(&self) -> Option<&str> {
        self.named.issuer.as_deref()
    }

    fn is_for(&self, algorithm: Algorithm, kid: Option<&str>) -> bool {
        let is_named = match (self.named.kid.as_deref(), kid) {
            (Some(mine), Some(kid)) => mine == kid,
            // A key that has no name, or a token that names none: the algorithm must do.
            _ => true,
        };
        is_named && self.named.key.algorithm() == algorithm
    }

    fn is(&self, named: &NamedKey) -> bool {
        self.named == *named
    }

    fn end(&self, until: Duration) {
        self.good_until.store(until.as_secs(), Ordering::Relaxed);
    }
}

impl KeySet {
    /// Keys that the application has chosen: they are good for ever.
    pub(super) fn fixed(keys: impl IntoIterator<Item = NamedKey>) -> Self {
        let keys = keys.into_iter().map(|named| Arc::new(KeyInUse::new(named, Duration::MAX))).collect();
        Self { current: ArcSwap::from_pointee(keys) }
    }

    /// Keys that are not there yet.
    pub(super) fn none() -> Self {
        Self::fixed([])
    }

    /// The keys that the issuer has now, good until a time (since 1970). A key that was there before stays the same
    /// key; a key that is no longer listed is withdrawn at once, with all tokens that it verified.
    pub(super) fn replace(&self, keys: Vec<NamedKey>, good_until: Duration) {
        let before = self.current.load_full();
        let kept = |named: NamedKey| match before.iter().find(|key| key.is(&named)) {
            Some(key) => {
                key.end(good_until);
                Arc::clone(key)
            }
            None => Arc::new(KeyInUse::new(named, good_until)),
        };
        let now: Vec<_> = keys.into_iter().map(kept).collect();
        for key in before.iter().filter(|key| !now.iter().any(|kept| Arc::ptr_eq(key, kept))) {
            key.end(Duration::ZERO);
        }
        self.current.store(Arc::new(now));
    }

    /// Whether there is a key of this very name.
    pub(super) fn have(&self, algorithm: Algorithm, kid: &str, now: Duration) -> bool {
        let is_it = |key: &KeyInUse| key.named.kid.as_deref() == Some(kid) && key.named.key.algorithm() == algorithm;
        self.current.load().iter().any(|key| is_it(key) && key.is_good(now))
    }

    /// Whether any key is good at a time.
    pub(super) fn are_there(&self, now: Duration) -> bool {
        self.current.load().iter().any(|key| key.is_good(now))
    }

    /// The keys that a token may be signed with: of its algorithm, and of the name that it gives (RFC 7515,
    /// section 4.1.4).
    pub(super) fn candidates(&self, algorithm: Algorithm, kid: Option<&str>, now: Duration) -> Candidates {
        let keys = self.current.load();
        let fitting = keys.iter().filter(|key| key.is_for(algorithm, kid) && key.is_good(now));
        fitting.take(MAX_TRIED).cloned().collect()
    }
}
