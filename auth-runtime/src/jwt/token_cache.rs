//! Tokens that were verified a moment ago, so that a token is not verified again with each request.

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use quick_cache::Equivalent;

use super::{
    key_set::KeyInUse,
    registered_claims::Validity,
    revocations::{Revocations, TokenNames},
    role_table::TableInUse,
    tenants::AcceptedTenant,
};
use crate::{
    authenticate::{BoundedCache, Identity, bounded_cache},
    declared::DeclaredNames,
};

const CAPACITY: usize = 10_000;
const TTL: Duration = Duration::from_mins(5);
/// The length of the hashed end of a token: 192 bits of its signature. An attacker without the key cannot choose them.
const HASHED: usize = 32;

/// A bounded cache of verified tokens. Only verified tokens are inserted, so no flood of other tokens evicts them. A
/// token is found by its whole text, so no other token can be taken for it.
pub(super) struct TokenCache {
    capacity: usize,
    ttl: Duration,
    tokens: OnceLock<Tokens>,
}

type Tokens = BoundedCache<TokenKey, Arc<CachedToken>>;

/// The result of verifying a token, and its validity.
pub(super) struct CachedToken {
    pub(super) identity: Identity,
    pub(super) validity: Validity,
    /// The key that verified it.
    pub(super) key: Arc<KeyInUse>,
    /// The tenant that a function has accepted.
    pub(super) tenant: Option<AcceptedTenant>,
    /// The table that its roles were read with.
    pub(super) table: Option<TableInUse>,
    /// The claims `jti` and `sid`, if there is a list of revocations.
    pub(super) id: Option<Box<str>>,
    pub(super) session: Option<Box<str>>,
    pub(super) issued_at: Option<Duration>,
    pub(super) revocations: Option<Revocations>,
    /// The version of the list at the last look-up.
    pub(super) not_revoked_in: AtomicU64,
    /// The tables of the bits in the identity.
    pub(super) names: &'static DeclaredNames,
}

impl TokenCache {
    pub(super) const fn new() -> Self {
        Self { capacity: CAPACITY, ttl: TTL, tokens: OnceLock::new() }
    }

    /// The narrower bounds of both.
    pub(super) fn narrower(&self, other: &Self) -> Self {
        Self { capacity: self.capacity.min(other.capacity), ttl: self.ttl.min(other.ttl), tokens: OnceLock::new() }
    }

    /// Returns an empty cache with the same bounds: tokens verified by other rules do not count.
    pub(super) const fn emptied(&self) -> Self {
        Self { capacity: self.capacity, ttl: self.ttl, tokens: OnceLock::new() }
    }

    pub(super) const fn with_capacity(&self, capacity: usize) -> Self {
        Self { capacity, ttl: self.ttl, tokens: OnceLock::new() }
    }

    pub(super) const fn with_ttl(&self, ttl: Duration) -> Self {
        Self { capacity: self.capacity, ttl, tokens: OnceLock::new() }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.tokens.get().map_or(0, BoundedCache::len)
    }

    /// Returns the identity of a cached token that is still valid.
    pub(super) fn get(&self, token: &[u8], now: Duration, names: &'static DeclaredNames) -> Option<Identity> {
        let tokens = self.tokens.get()?;
        let verified = tokens.get(&TokenText(token))?;
        if verified.counts(now, names) {
            return Some(verified.identity.clone());
        }
        tokens.remove(&TokenText(token));
        None
    }

    /// Caches a token that was just verified, unless the cache is off.
    pub(super) fn insert(&self, token: &[u8], now: Duration, mut verified: CachedToken) {
        if self.capacity == 0 || self.ttl.is_zero() {
            return;
        }
        verified.validity.until = verified.validity.until.min(now.saturating_add(self.ttl));
        // If the clock is set back, the token was not verified at that earlier time.
        verified.validity.from = now;
        let tokens = self.tokens.get_or_init(|| bounded_cache(self.capacity));
        tokens.insert(TokenKey(token.into()), Arc::new(verified));
    }
}

impl CachedToken {
    /// Whether all that can change in time is as it was.
    fn counts(&self, now: Duration, names: &'static DeclaredNames) -> bool {
        std::ptr::eq(self.names, names)
            && self.validity.contains(now)
            && self.key.is_good(now)
            && self.table.as_ref().is_none_or(TableInUse::is_current)
            && self.tenant.as_ref().is_none_or(AcceptedTenant::is_accepted)
            // An old list does not count: it is read again before the token is verified again.
            && self.revocations.as_ref().is_none_or(Revocations::is_recent)
            && !self.is_revoked()
    }

    pub(super) fn is_revoked(&self) -> bool {
        let Some(list) = &self.revocations else { return false };
        let version = list.version();
        if self.not_revoked_in.load(Ordering::Relaxed) == version {
            return false;
        }
        let is_revoked = list.contains(self.names());
        if !is_revoked {
            self.not_revoked_in.store(version, Ordering::Relaxed);
        }
        is_revoked
    }

    fn names(&self) -> TokenNames<'_> {
        TokenNames {
            issuer: self.identity.issuer(),
            subject: self.identity.subject(),
            id: self.id.as_deref(),
            session: self.session.as_deref(),
            issued_at: self.issued_at,
        }
    }
}

/// A token in the cache.
#[derive(PartialEq, Eq)]
pub(super) struct TokenKey(pub(super) Box<[u8]>);

/// A token that is looked for.
pub(super) struct TokenText<'a>(pub(super) &'a [u8]);

impl Hash for TokenKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        TokenText(&self.0).hash(state);
    }
}

impl Hash for TokenText<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(&self.0[self.0.len().saturating_sub(HASHED)..]);
    }
}

impl Equivalent<TokenKey> for TokenText<'_> {
    fn equivalent(&self, token: &TokenKey) -> bool {
        *self.0 == *token.0
    }
}

/// Shows the bounds, and none of the tokens.
impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache").field("capacity", &self.capacity).field("ttl", &self.ttl).finish_non_exhaustive()
    }
}
