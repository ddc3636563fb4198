//! The cache of sessions, and its freshness.
//!
//! Row 2 of `auth_epoch` goes up with each end of sessions. One request at a time reads it, for all others. A new epoch
//! evicts the sessions that ended since, and no others: users sign out all the time, and others must not pay for it.

use std::{
    fmt,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use auth_runtime::{authenticate::Unavailable, session::Session};
use quick_cache::sync::Cache;
use tokio::{sync::Mutex, time::Instant};

use crate::{StoreError, sql::sweep::SweptAt};

/// The pause after a failed read of the epoch. Otherwise requests would queue for the next failure.
const PAUSE: Duration = Duration::from_millis(500);

/// The longest life of an entry. It bounds the staleness after a change by hand. Rows of ended sessions stay longer.
const LONGEST: Duration = Duration::from_mins(10);

/// Up to this number of sessions, ended ones are evicted one by one.
pub(crate) const MOST_EVICTED: usize = 20_000;

/// The state of the sessions of one store.
pub(crate) struct SessionState {
    pub(crate) cache: SessionCache,
    pub(crate) swept: SweptAt,
}

impl SessionState {
    pub(crate) fn new(bound: Duration, capacity: usize) -> Self {
        Self { cache: SessionCache::new(bound, capacity), swept: SweptAt::default() }
    }
}

/// The reads of a database that keep the cache fresh.
pub(crate) trait EndedSessions {
    /// Returns the epoch.
    fn epoch(&self) -> impl Future<Output = Result<i64, StoreError>> + Send;

    /// Returns the identifiers of the sessions that ended after this epoch; `None` if there are too many.
    fn ended_since(&self, epoch: i64) -> impl Future<Output = Result<Option<Vec<String>>, StoreError>> + Send;
}

/// Cached sessions, each with the generation of its read.
pub(crate) struct SessionCache {
    bound: Duration,
    sessions: Cache<Box<str>, (u64, Arc<Session>)>,
    /// Entries of other generations are not used.
    generation: AtomicU64,
    /// Goes up before each eviction, so that no read that began earlier inserts an ended session.
    evictions: AtomicU64,
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
    /// The start of the generation.
    renewed: Option<Instant>,
    failed: Option<Instant>,
}

/// The state before a read, for the insertion after it.
#[derive(Clone, Copy)]
pub(crate) struct BeforeRead {
    generation: u64,
    evictions: u64,
}

impl SessionCache {
    pub(crate) fn new(bound: Duration, capacity: usize) -> Self {
        Self {
            bound,
            sessions: Cache::new(capacity),
            generation: AtomicU64::new(0),
            evictions: AtomicU64::new(0),
            start: Instant::now(),
            asked: AtomicU64::new(0),
            noticed: AtomicU64::new(0),
            noticed_at_read: AtomicU64::new(0),
            last: Mutex::default(),
        }
    }

    pub(crate) fn get(&self, id: &str) -> Option<Arc<Session>> {
        let generation = self.generation.load(Ordering::Acquire);
        self.sessions.get(id).filter(|(read_in, _)| *read_in == generation).map(|(_, session)| session)
    }

    /// Returns a session, unless the epoch must be read first.
    pub(crate) fn get_recent(&self, id: &str) -> Option<Arc<Session>> {
        if self.is_recent() { self.get(id) } else { None }
    }

    pub(crate) fn before_read(&self) -> BeforeRead {
        BeforeRead {
            generation: self.generation.load(Ordering::Acquire),
            evictions: self.evictions.load(Ordering::SeqCst),
        }
    }

    /// Caches a session, unless sessions were evicted since the read began.
    pub(crate) fn insert(&self, before: BeforeRead, session: &Arc<Session>) {
        self.sessions.insert(session.id.as_str().into(), (before.generation, Arc::clone(session)));
        if self.evictions.load(Ordering::SeqCst) != before.evictions {
            self.sessions.remove(session.id.as_str());
        }
    }

    pub(crate) fn evict<'a>(&self, ids: impl IntoIterator<Item = &'a str>) {
        self.evictions.fetch_add(1, Ordering::SeqCst);
        for id in ids {
            self.sessions.remove(id);
        }
    }

    /// Returns a guard that evicts sessions when their end is committed, or may be.
    pub(crate) fn evict_at_end(&self, ids: Vec<String>) -> EvictAtEnd<'_> {
        EvictAtEnd { cache: self, ids }
    }

    /// Invalidates all entries, and reads that are under way.
    pub(crate) fn clear(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Evicts the sessions that ended elsewhere, if the last read of the epoch is older than the bound.
    pub(crate) async fn refresh(&self, ended: &impl EndedSessions) -> Result<(), Unavailable> {
        if self.is_recent() {
            return Ok(());
        }
        let mut last = self.last.lock().await;
        if self.is_recent() {
            return Ok(());
        }
        if last.failed.is_some_and(|failed| failed.elapsed() < PAUSE) {
            return Err(Unavailable::new("the database did not answer a moment ago"));
        }
        // Before the read: the next read notices a change during this one.
        let (asked, noticed) = (self.start.elapsed(), self.noticed.load(Ordering::Acquire));
        if let Err(error) = self.follow(&mut last, ended).await {
            last.failed = Some(Instant::now());
            return Err(error.into());
        }
        last.failed = None;
        self.noticed_at_read.store(noticed, Ordering::Release);
        self.asked.store(nanoseconds(asked).saturating_add(1), Ordering::Release);
        Ok(())
    }

    /// Reads the epoch, and evicts the sessions that ended since the last one.
    async fn follow(&self, last: &mut Last, ended: &impl EndedSessions) -> Result<(), StoreError> {
        let epoch = ended.epoch().await?;
        let is_old = last.renewed.is_none_or(|renewed| renewed.elapsed() >= LONGEST);
        match last.epoch {
            Some(known) if known == epoch && !is_old => return Ok(()),
            // A backup may have a lower epoch.
            Some(known) if known < epoch && !is_old => {
                if let Some(ids) = ended.ended_since(known).await? {
                    self.evict(ids.iter().map(String::as_str));
                    last.epoch = Some(epoch);
                    return Ok(());
                }
            }
            _ => {}
        }
        self.clear();
        last.epoch = Some(epoch);
        last.renewed = Some(Instant::now());
        Ok(())
    }

    /// Makes the next request read the epoch: another process has changed something.
    #[cfg(feature = "postgres")]
    pub(crate) fn notice_change(&self) {
        self.noticed.fetch_add(1, Ordering::AcqRel);
    }

    fn is_recent(&self) -> bool {
        if self.noticed.load(Ordering::Acquire) != self.noticed_at_read.load(Ordering::Acquire) {
            return false;
        }
        let asked = self.asked.load(Ordering::Acquire);
        asked != 0 && nanoseconds(self.start.elapsed()).saturating_sub(asked) < nanoseconds(self.bound)
    }
}

/// See [`SessionCache::evict_at_end`].
pub(crate) struct EvictAtEnd<'a> {
    cache: &'a SessionCache,
    ids: Vec<String>,
}

impl Drop for EvictAtEnd<'_> {
    fn drop(&mut self) {
        self.cache.evict(self.ids.iter().map(String::as_str));
    }
}

/// Saturates after 584 years.
fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl fmt::Debug for SessionCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionCache").field("bound", &self.bound).finish_non_exhaustive()
    }
}
