//! Caches verified passwords, so that not every request of a user costs a password hash.

use std::{fmt, net::IpAddr, sync::Arc, time::Duration};

use quick_cache::Equivalent;

use crate::{
    authenticate::{BoundedCache, MacKey, SecretMac, bounded_cache},
    client_ip::ClientAddress,
};

const CAPACITY: usize = 10_000;

/// How long caching stays off after an uncounted wrong password: the longest lockout of a throttle.
const EVICTED_FOR: Duration = Duration::from_mins(15);

/// A cache of verified passwords. An entry holds no password: only its MAC, with a key of this process, and the stored
/// hash.
///
/// Only verified passwords are inserted, so no flood of wrong ones evicts an entry.
///
/// A wrong password [evicts](Self::check) the entry of its user name and address before the caller gets a response. The
/// entry is [restored](Self::restore) when the throttle has counted the attempt. Without this rule, the cache would
/// confirm guesses that the throttle rejects. If the attempt is rejected or dropped, caching stays off for a while.
pub(super) struct PasswordCache {
    key: MacKey,
    ttl: Duration,
    entries: BoundedCache<CacheKey, CacheEntry>,
}

/// A user name and a password, as the request has them.
#[derive(Clone, Copy)]
pub(super) struct Submitted<'a> {
    pub(super) username: &'a str,
    pub(super) password: &'a str,
    pub(super) client: ClientAddress,
    /// In time since 1970.
    pub(super) now: Duration,
}

/// A user name and the network of the client. From another network, the password is verified again.
#[derive(Clone, PartialEq, Eq, Hash)]
struct CacheKey<N = Box<str>> {
    network: Option<IpAddr>,
    username: N,
}

impl<'a> CacheKey<&'a str> {
    const fn of(submitted: &Submitted<'a>) -> Self {
        Self { network: submitted.client.network(), username: submitted.username }
    }

    fn into_owned(self) -> CacheKey {
        CacheKey { network: self.network, username: self.username.into() }
    }
}

impl Equivalent<CacheKey> for CacheKey<&str> {
    fn equivalent(&self, other: &CacheKey) -> bool {
        self.network == other.network && self.username == &*other.username
    }
}

#[derive(Clone)]
enum CacheEntry {
    Verified(VerifiedPassword),
    /// A wrong password evicted the entry. Until then, no password is cached.
    Evicted {
        until: Duration,
    },
}

/// The MAC of a password, and the stored hash that verified it.
#[derive(Clone)]
pub(super) struct VerifiedPassword {
    mac: SecretMac,
    hash: Arc<str>,
    /// In time since 1970.
    until: Duration,
}

/// Result of looking for a password in the cache.
pub(super) enum CacheLookup {
    /// The password is cached. It is right as long as the user has this stored hash.
    Hit(Arc<str>),
    /// Another password was cached, and is now evicted.
    Evicted(VerifiedPassword),
    /// No password is cached.
    Miss,
}

impl PasswordCache {
    /// Returns a cache with this TTL; `None` if the TTL is zero, or the system has no randomness for the key.
    pub(super) fn new(ttl: Duration) -> Option<Self> {
        if ttl.is_zero() {
            return None;
        }
        Some(Self { key: MacKey::random()?, ttl, entries: bounded_cache(CAPACITY) })
    }

    /// Looks for a password, and evicts another one of the same user name and address.
    ///
    /// A new password has a new hash. So compare the hash with the stored one.
    pub(super) fn check(&self, submitted: &Submitted<'_>) -> CacheLookup {
        match self.get(submitted) {
            Ok(Some(hash)) => CacheLookup::Hit(hash),
            Ok(None) => CacheLookup::Miss,
            Err(other) => {
                let until = submitted.now.saturating_add(EVICTED_FOR);
                self.entries.insert(CacheKey::of(submitted).into_owned(), CacheEntry::Evicted { until });
                CacheLookup::Evicted(other)
            }
        }
    }

    /// Returns the stored hash if the password is cached. It evicts nothing, so the attempt must be counted.
    pub(super) fn peek(&self, submitted: &Submitted<'_>) -> Option<Arc<str>> {
        self.get(submitted).ok().flatten()
    }

    /// Returns the stored hash if the password is cached, or another password as the error.
    fn get(&self, submitted: &Submitted<'_>) -> Result<Option<Arc<str>>, VerifiedPassword> {
        // Computed in each case, so that the time does not depend on whether there is an entry.
        let mac = self.key.mac(submitted.password);
        let Some(CacheEntry::Verified(verified)) = self.entries.get(&CacheKey::of(submitted)) else { return Ok(None) };
        if !is_before(submitted.now, verified.until, self.ttl) {
            return Ok(None);
        }
        if mac.is(&verified.mac) { Ok(Some(verified.hash)) } else { Err(verified) }
    }

    /// Inserts a verified password, unless the attempt of another request evicted the entry and is not counted.
    pub(super) fn insert(&self, submitted: &Submitted<'_>, hash: Arc<str>, has_evicted: bool) {
        let key = CacheKey::of(submitted);
        match self.entries.get(&key) {
            Some(CacheEntry::Evicted { until }) if !has_evicted && is_before(submitted.now, until, EVICTED_FOR) => {}
            _ => {
                let until = submitted.now.saturating_add(self.ttl);
                let verified = VerifiedPassword { mac: self.key.mac(submitted.password), hash, until };
                self.entries.insert(key.into_owned(), CacheEntry::Verified(verified));
            }
        }
    }

    /// Inserts an evicted entry again, because the attempt was counted.
    pub(super) fn restore(&self, submitted: &Submitted<'_>, evicted: VerifiedPassword) {
        self.entries.insert(CacheKey::of(submitted).into_owned(), CacheEntry::Verified(evicted));
    }
}

/// Whether a time is still to come. A time that is too far away was computed before the clock was set back.
fn is_before(now: Duration, until: Duration, longest: Duration) -> bool {
    now < until && until <= now.saturating_add(longest)
}

impl fmt::Debug for PasswordCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordCache").field("ttl", &self.ttl).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{CacheLookup, EVICTED_FOR, PasswordCache, Submitted, VerifiedPassword};
    use crate::client_ip::ClientAddress;

    impl PasswordCache {
        fn contains(&self, username: &str, password: &str, hash: &str, now: Duration) -> bool {
            self.peek(&submitted(username, password, now)).as_deref() == Some(hash)
        }

        fn add(&self, submitted: &Submitted<'_>, hash: &str) {
            self.insert(submitted, hash.into(), false);
        }

        fn evicted(&self, submitted: &Submitted<'_>) -> Option<VerifiedPassword> {
            match self.check(submitted) {
                CacheLookup::Evicted(verified) => Some(verified),
                CacheLookup::Miss => None,
                CacheLookup::Hit(_) => panic!("a hit"),
            }
        }
    }

    const fn submitted<'a>(username: &'a str, password: &'a str, now: Duration) -> Submitted<'a> {
        Submitted { username, password, client: ClientAddress::UNKNOWN, now }
    }

    const NOW: Duration = Duration::from_hours(500_000);
    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn r51_an_entry_has_one_name_password_and_hash() {
        let cache = PasswordCache::new(MINUTE).unwrap();
        cache.add(&submitted("alice", "password", NOW), "hash");
        assert!(cache.contains("alice", "password", "hash", NOW));
        for (name, password, hash) in [
            ("bob", "password", "hash"),
            ("alice", "Password", "hash"),
            ("alice", "", "hash"),
            ("alice", "password", "hash2"),
            ("alicep", "assword", "hash"),
            ("alice", "passwordh", "ash"),
        ] {
            assert!(!cache.contains(name, password, hash, NOW), "{name} {password} {hash}");
        }
        cache.add(&submitted("alice", "another", NOW), "hash2");
        assert!(!cache.contains("alice", "password", "hash", NOW) && cache.contains("alice", "another", "hash2", NOW));
    }

    #[test]
    fn r51_an_entry_expires() {
        let cache = PasswordCache::new(MINUTE).unwrap();
        cache.add(&submitted("alice", "password", NOW), "hash");
        for (seconds, is_cached) in [(0, true), (59, true), (60, false), (-1, false)] {
            let then = Duration::from_secs(NOW.as_secs().saturating_add_signed(seconds));
            assert_eq!(cache.contains("alice", "password", "hash", then), is_cached, "{seconds}");
        }
        assert!(PasswordCache::new(Duration::ZERO).is_none());
    }

    #[test]
    fn r51_the_cache_is_bounded() {
        let cache = PasswordCache::new(MINUTE).unwrap();
        for number in 0..2 * super::CAPACITY {
            cache.add(&submitted(&number.to_string(), "password", NOW), "hash");
        }
        assert!(cache.entries.len() <= super::CAPACITY);
    }

    #[test]
    fn r76_an_evicted_entry_is_restored_when_the_attempt_is_counted() {
        let cache = PasswordCache::new(MINUTE).unwrap();
        cache.add(&submitted("alice", "password", NOW), "hash");
        let evicted = cache.evicted(&submitted("alice", "guess", NOW));
        assert!(evicted.is_some() && !cache.contains("alice", "password", "hash", NOW));
        // Meanwhile the user's own sign-in is not cached.
        assert!(cache.evicted(&submitted("alice", "password", NOW)).is_none());
        cache.add(&submitted("alice", "password", NOW), "hash");
        assert!(!cache.contains("alice", "password", "hash", NOW));
        cache.restore(&submitted("alice", "guess", NOW), evicted.unwrap());
        assert!(cache.contains("alice", "password", "hash", NOW));
    }

    #[test]
    fn r76_caching_stays_off_for_a_while_after_an_uncounted_attempt() {
        let cache = PasswordCache::new(MINUTE).unwrap();
        cache.add(&submitted("alice", "password", NOW), "hash");
        assert!(cache.evicted(&submitted("alice", "guess", NOW)).is_some());
        for (later, is_cached) in [(Duration::from_mins(14), false), (EVICTED_FOR, true)] {
            let then = NOW + later;
            cache.add(&submitted("alice", "password", then), "hash");
            assert_eq!(cache.contains("alice", "password", "hash", then), is_cached, "{later:?}");
        }
        // The password that evicted the entry turned out to be right: it is the new password.
        let then = NOW + EVICTED_FOR;
        assert!(cache.evicted(&submitted("alice", "another", then)).is_some());
        cache.insert(&submitted("alice", "another", then), "hash2".into(), true);
        assert!(cache.contains("alice", "another", "hash2", then));
    }

    #[test]
    fn r51_an_expired_entry_is_not_evicted() {
        let cache = PasswordCache::new(MINUTE).unwrap();
        cache.add(&submitted("alice", "password", NOW), "hash");
        let then = NOW + MINUTE;
        assert!(cache.evicted(&submitted("alice", "guess", then)).is_none());
        cache.add(&submitted("alice", "password", then), "hash");
        assert!(cache.contains("alice", "password", "hash", then));
    }
}
