//! The cache of users and keys, and its freshness.
//!
//! The table `auth_epoch` has a number, the epoch, which each change raises. One request at a time reads it, for all
//! others. A new epoch starts a new generation of the cache, and entries of older generations are not used.

use std::{
    fmt,
    future::Future,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use quick_cache::sync::Cache;
use tokio::{sync::Mutex, time::Instant};

use auth_runtime::{api_key::ApiKeyRecord, authenticate::Unavailable, users::User};

use crate::StoreError;

/// The default interval between two reads of the epoch.
pub(crate) const FRESHNESS: Duration = Duration::from_secs(5);

/// The pause after a failed read of the epoch. Otherwise requests would queue for the next failure.
const PAUSE: Duration = Duration::from_millis(500);

/// The longest life of a generation. It bounds the staleness after a change by hand that did not raise the epoch.
const LONGEST: Duration = Duration::from_mins(10);

/// Cached users and keys, with the generation that is valid now.
pub(crate) struct StoreCache {
    bound: Duration,
    pub(crate) users: ByName<User>,
    pub(crate) users_by_subject: ByName<User>,
    pub(crate) keys: ByName<ApiKeyRecord>,
    /// Entries of other generations are not used.
    generation: AtomicU64,
    start: Instant,
    /// The time of the last read of the epoch, in nanoseconds since the start, plus one; 0 is never.
    asked: AtomicU64,
    /// How often a change was noticed, and how often before the last read.
    noticed: AtomicU64,
    noticed_at_read: AtomicU64,
    last: Mutex<Last>,
}

#[derive(Default)]
struct Last {
    epoch: Option<i64>,
    /// The start of the generation, by a new epoch or by age.
    renewed: Option<Instant>,
    failed: Option<Instant>,
}

impl Last {
    /// Records an epoch. Returns whether it starts a new generation.
    fn is_new(&mut self, epoch: i64) -> bool {
        let is_old = self.renewed.is_none_or(|renewed| renewed.elapsed() >= LONGEST);
        let is_new = self.epoch.replace(epoch) != Some(epoch) || is_old;
        if is_new {
            self.renewed = Some(Instant::now());
        }
        is_new
    }
}

/// Records by name, each with its generation.
pub(crate) struct ByName<V>(Cache<Box<str>, (u64, V)>);

impl<V: Clone> ByName<V> {
    fn new(capacity: usize) -> Self {
        Self(Cache::new(capacity))
    }

    pub(crate) fn get(&self, name: &str, generation: u64) -> Option<V> {
        self.0.get(name).filter(|(read_in, _)| *read_in == generation).map(|(_, value)| value)
    }

    pub(crate) fn insert(&self, name: &str, generation: u64, value: V) {
        self.0.insert(name.into(), (generation, value));
    }

    pub(crate) fn remove(&self, name: &str) {
        self.0.remove(name);
    }
}

impl StoreCache {
    pub(crate) fn new(bound: Duration, capacity: usize) -> Self {
        Self {
            bound,
            users: ByName::new(capacity),
            users_by_subject: ByName::new(capacity),
            keys: ByName::new(capacity),
            generation: AtomicU64::new(0),
            start: Instant::now(),
            asked: AtomicU64::new(0),
            noticed: AtomicU64::new(0),
            noticed_at_read: AtomicU64::new(0),
            last: Mutex::default(),
        }
    }

    /// Caches a user by name and by subject.
    pub(crate) fn insert_user(&self, generation: u64, user: &User) {
        self.users.insert(user.name(), generation, user.clone());
        self.users_by_subject.insert(user.subject(), generation, user.clone());
    }

    pub(crate) fn remove_user(&self, user: &User) {
        self.users.remove(user.name());
        self.users_by_subject.remove(user.subject());
    }

    /// Returns the valid generation, unless the epoch must be read first.
    pub(crate) fn recent_generation(&self) -> Option<u64> {
        self.is_recent().then(|| self.generation.load(Ordering::Acquire))
    }

    /// Returns the valid generation. Reads the epoch if the last read is older than the bound.
    pub(crate) async fn generation(
        &self,
        epoch: impl Future<Output = Result<i64, StoreError>>,
    ) -> Result<u64, Unavailable> {
        if let Some(generation) = self.recent_generation() {
            return Ok(generation);
        }
        let mut last = self.last.lock().await;
        if let Some(generation) = self.recent_generation() {
            return Ok(generation);
        }
        if last.failed.is_some_and(|failed| failed.elapsed() < PAUSE) {
            return Err(Unavailable::new("the database did not answer a moment ago"));
        }
        // Before the read: the next read notices a change during this one.
        let (asked, noticed) = (self.start.elapsed(), self.noticed.load(Ordering::Acquire));
        let epoch = epoch.await.inspect_err(|_| last.failed = Some(Instant::now()))?;
        if last.is_new(epoch) {
            self.clear();
        }
        last.failed = None;
        self.noticed_at_read.store(noticed, Ordering::Release);
        self.asked.store(nanoseconds(asked).saturating_add(1), Ordering::Release);
        Ok(self.generation.load(Ordering::Acquire))
    }

    fn is_recent(&self) -> bool {
        let asked = self.asked.load(Ordering::Acquire);
        let is_noticed = self.noticed.load(Ordering::Acquire) != self.noticed_at_read.load(Ordering::Acquire);
        asked != 0 && !is_noticed && nanoseconds(self.start.elapsed()).saturating_sub(asked) < nanoseconds(self.bound)
    }

    /// Makes the next request read the epoch: another process has changed something.
    #[cfg(any(test, feature = "postgres"))]
    pub(crate) fn notice_change(&self) {
        self.noticed.fetch_add(1, Ordering::AcqRel);
    }

    /// Invalidates all entries, and reads that are under way.
    pub(crate) fn clear(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Returns a guard that clears the cache when a change ends. A failed change may have been committed.
    pub(crate) fn clear_at_end(&self) -> ClearAtEnd<'_> {
        ClearAtEnd(self)
    }
}

/// See [`StoreCache::clear_at_end`].
pub(crate) struct ClearAtEnd<'a>(&'a StoreCache);

impl Drop for ClearAtEnd<'_> {
    fn drop(&mut self) {
        self.0.clear();
    }
}

/// Saturates after 584 years.
fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl fmt::Debug for StoreCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreCache").field("bound", &self.bound).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, time::Duration};

    use super::{StoreCache, StoreError};
    use auth_runtime::users::User;

    const HOUR: Duration = Duration::from_hours(1);

    fn down() -> StoreError {
        StoreError::Database("connection refused".into())
    }

    #[tokio::test]
    async fn r7_epoch_is_read_once_within_the_bound() {
        let cache = StoreCache::new(HOUR, 10);
        let asked = Cell::new(0);
        let epoch = || async {
            asked.set(asked.get() + 1);
            Ok(7)
        };
        let first = cache.generation(epoch()).await.unwrap();
        assert_eq!((cache.generation(epoch()).await.unwrap(), asked.get()), (first, 1));
    }

    #[tokio::test]
    async fn r7_new_epoch_starts_a_generation() {
        let cache = StoreCache::new(Duration::ZERO, 10);
        let first = cache.generation(async { Ok(7) }).await.unwrap();
        cache.users.insert("alice", first, User::new("alice", ""));
        let same = cache.generation(async { Ok(7) }).await.unwrap();
        assert!(cache.users.get("alice", same).is_some());
        // A backup may have a lower epoch.
        let other = cache.generation(async { Ok(6) }).await.unwrap();
        assert!(cache.users.get("alice", other).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn r7_change_elsewhere_is_noticed_within_five_seconds_by_default() {
        let cache = StoreCache::new(super::FRESHNESS, 10);
        let first = cache.generation(async { Ok(7) }).await.unwrap();
        tokio::time::advance(Duration::from_millis(4999)).await;
        assert_eq!(cache.generation(async { Ok(8) }).await.unwrap(), first);
        tokio::time::advance(Duration::from_millis(2)).await;
        assert_ne!(cache.generation(async { Ok(8) }).await.unwrap(), first);
    }

    #[tokio::test]
    async fn r7_noticed_change_is_read_at_once() {
        let cache = StoreCache::new(HOUR, 10);
        let first = cache.generation(async { Ok(7) }).await.unwrap();
        cache.notice_change();
        let second = cache.generation(async { Ok(8) }).await.unwrap();
        assert_ne!(second, first);
        assert_eq!(cache.generation(async { Ok(9) }).await.unwrap(), second, "one read is enough");
        // A change that is noticed during a read is not lost.
        cache.notice_change();
        let during = cache.generation(async {
            cache.notice_change();
            Ok(9)
        });
        let third = during.await.unwrap();
        assert_ne!(cache.generation(async { Ok(10) }).await.unwrap(), third);
    }

    #[tokio::test(start_paused = true)]
    async fn r7_entries_live_for_ten_minutes_at_most() {
        let cache = StoreCache::new(Duration::from_secs(5), 10);
        let first = cache.generation(async { Ok(7) }).await.unwrap();
        cache.users.insert("alice", first, User::new("alice", ""));
        tokio::time::advance(super::LONGEST.saturating_sub(Duration::from_secs(1))).await;
        let same = cache.generation(async { Ok(7) }).await.unwrap();
        assert!(cache.users.get("alice", same).is_some());
        tokio::time::advance(Duration::from_secs(6)).await;
        let other = cache.generation(async { Ok(7) }).await.unwrap();
        assert!(cache.users.get("alice", other).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn r7_generation_is_known_without_a_read_within_the_bound_only() {
        let cache = StoreCache::new(Duration::from_secs(5), 10);
        assert!(cache.recent_generation().is_none(), "the epoch was never read");
        let generation = cache.generation(async { Ok(7) }).await.unwrap();
        assert_eq!(cache.recent_generation(), Some(generation));
        cache.notice_change();
        assert!(cache.recent_generation().is_none(), "another process has changed something");
        cache.generation(async { Ok(7) }).await.unwrap();
        tokio::time::advance(Duration::from_secs(6)).await;
        assert!(cache.recent_generation().is_none(), "the last read is too old");
    }

    #[tokio::test]
    async fn r7_read_during_a_change_is_not_cached() {
        let cache = StoreCache::new(HOUR, 10);
        let before = cache.generation(async { Ok(7) }).await.unwrap();
        drop(cache.clear_at_end());
        cache.users.insert("alice", before, User::new("alice", ""));
        let after = cache.generation(async { Ok(7) }).await.unwrap();
        assert!(cache.users.get("alice", after).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn failed_read_is_not_repeated_at_once() {
        let cache = StoreCache::new(Duration::ZERO, 10);
        assert!(cache.generation(async { Err(down()) }).await.is_err());
        let asked = Cell::new(false);
        let said = cache.generation(async {
            asked.set(true);
            Err(down())
        });
        assert!(said.await.is_err() && !asked.get());
        tokio::time::advance(super::PAUSE).await;
        assert!(cache.generation(async { Ok(7) }).await.is_ok());
    }
}
