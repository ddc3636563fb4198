//! What was read a moment ago, so that not every request asks the database; and how long that counts.
//!
//! The table `auth_epoch` holds a number that goes up with each change. It is read once in a while, by one request for
//! all others. Whoever finds another number than before forgets all that was read.

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

/// How long a read counts without a look at the epoch, unless set.
pub(crate) const FRESHNESS: Duration = Duration::from_secs(5);

/// After a failure, nobody asks again for so long: requests would wait for one another.
const PAUSE: Duration = Duration::from_millis(500);

/// Whatever the epoch says, nothing is remembered for longer: what was changed by hand is not missed for ever.
const LONGEST: Duration = Duration::from_mins(10);

/// Users and keys that were read, and since when that is known to be all there is.
pub(crate) struct StoreCache {
    bound: Duration,
    pub(crate) users: ByName<User>,
    pub(crate) users_by_subject: ByName<User>,
    pub(crate) keys: ByName<ApiKeyRecord>,
    /// What was read in another generation is forgotten.
    generation: AtomicU64,
    start: Instant,
    /// When the epoch was asked for last, in nanoseconds since the start and one; 0 is never.
    asked: AtomicU64,
    last: Mutex<Last>,
}

#[derive(Default)]
struct Last {
    epoch: Option<i64>,
    /// When all was forgotten last because of an epoch, or of its age.
    forgotten: Option<Instant>,
    failed: Option<Instant>,
}

impl Last {
    /// Whether what was read before this epoch was does not count any more.
    fn is_over(&mut self, epoch: i64) -> bool {
        let is_old = self.forgotten.is_none_or(|forgotten| forgotten.elapsed() >= LONGEST);
        let is_over = self.epoch.replace(epoch) != Some(epoch) || is_old;
        if is_over {
            self.forgotten = Some(Instant::now());
        }
        is_over
    }
}

/// Records by the name that they were asked for, each with the generation it was read in.
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
            last: Mutex::default(),
        }
    }

    /// Keeps a user for look-ups by name and by subject.
    pub(crate) fn insert_user(&self, generation: u64, user: &User) {
        self.users.insert(user.name(), generation, user.clone());
        self.users_by_subject.insert(user.subject(), generation, user.clone());
    }

    pub(crate) fn remove_user(&self, user: &User) {
        self.users.remove(user.name());
        self.users_by_subject.remove(user.subject());
    }

    /// The generation that counts now: at most so old as the bound says. Asks for the epoch if that is not known.
    pub(crate) async fn generation(
        &self,
        epoch: impl Future<Output = Result<i64, StoreError>>,
    ) -> Result<u64, Unavailable> {
        if self.is_recent() {
            return Ok(self.generation.load(Ordering::Acquire));
        }
        let mut last = self.last.lock().await;
        if self.is_recent() {
            return Ok(self.generation.load(Ordering::Acquire));
        }
        if last.failed.is_some_and(|failed| failed.elapsed() < PAUSE) {
            return Err(Unavailable::new("the database did not answer a moment ago"));
        }
        // Before the question: what changes while it is answered is found out next time.
        let asked = self.start.elapsed();
        let epoch = epoch.await.inspect_err(|_| last.failed = Some(Instant::now()))?;
        if last.is_over(epoch) {
            self.forget();
        }
        last.failed = None;
        self.asked.store(nanoseconds(asked).saturating_add(1), Ordering::Release);
        Ok(self.generation.load(Ordering::Acquire))
    }

    fn is_recent(&self) -> bool {
        let asked = self.asked.load(Ordering::Acquire);
        asked != 0 && nanoseconds(self.start.elapsed()).saturating_sub(asked) < nanoseconds(self.bound)
    }

    /// Whatever was read before, or is being read now, does not count any more.
    pub(crate) fn forget(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Forgets when a change ends, however it ends: one that failed may have happened all the same.
    pub(crate) fn forget_at_end(&self) -> ForgetAtEnd<'_> {
        ForgetAtEnd(self)
    }
}

/// See [`StoreCache::forget_at_end`].
pub(crate) struct ForgetAtEnd<'a>(&'a StoreCache);

impl Drop for ForgetAtEnd<'_> {
    fn drop(&mut self) {
        self.0.forget();
    }
}

/// A process does not live for the 584 years that do not fit.
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
    async fn r7_the_epoch_is_asked_for_once_within_the_bound() {
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
    async fn r7_another_epoch_is_another_generation_and_the_same_one_is_not() {
        let cache = StoreCache::new(Duration::ZERO, 10);
        let first = cache.generation(async { Ok(7) }).await.unwrap();
        cache.users.insert("alice", first, User::new("alice", ""));
        let same = cache.generation(async { Ok(7) }).await.unwrap();
        assert!(cache.users.get("alice", same).is_some());
        // Restored from a backup, it may go down.
        let other = cache.generation(async { Ok(6) }).await.unwrap();
        assert!(cache.users.get("alice", other).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn r7_what_changes_elsewhere_is_found_out_within_five_seconds_unless_set() {
        let cache = StoreCache::new(super::FRESHNESS, 10);
        let first = cache.generation(async { Ok(7) }).await.unwrap();
        tokio::time::advance(Duration::from_millis(4999)).await;
        assert_eq!(cache.generation(async { Ok(8) }).await.unwrap(), first);
        tokio::time::advance(Duration::from_millis(2)).await;
        assert_ne!(cache.generation(async { Ok(8) }).await.unwrap(), first);
    }

    #[tokio::test(start_paused = true)]
    async fn r7_nothing_is_remembered_for_ever() {
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

    #[tokio::test]
    async fn r7_what_was_being_read_while_something_changed_is_not_remembered() {
        let cache = StoreCache::new(HOUR, 10);
        let before = cache.generation(async { Ok(7) }).await.unwrap();
        drop(cache.forget_at_end());
        cache.users.insert("alice", before, User::new("alice", ""));
        let after = cache.generation(async { Ok(7) }).await.unwrap();
        assert!(cache.users.get("alice", after).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_database_that_is_down_is_unavailable_and_is_not_asked_by_everybody() {
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
