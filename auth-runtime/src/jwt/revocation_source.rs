//! Reads a shared list of revocations again within its bound.

use std::{
    future::Future,
    pin::Pin,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio::{sync::Mutex, time::Instant};

use super::{
    revocation_store::{NewRevocations, Revocation, RevocationStore},
    stale::StaleHandle,
};
use crate::authenticate::Unavailable;

const FRESHNESS: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_mins(1);
/// The pause after a failed read. Otherwise requests would queue for the next failure.
const PAUSE: Duration = Duration::from_millis(500);
/// The whole list is read again after this time, and after a failure: a failover that loses entries gives their
/// positions to other entries, which a read from the last position would miss.
const COMPLETE_FOR: Duration = Duration::from_mins(10);

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Unavailable>> + Send + 'a>>;

/// A [`RevocationStore`] without its type. It is called once within the bound, and not for each request.
trait AnyStore: Send + Sync {
    fn revoke_boxed<'a>(&'a self, revocation: &'a Revocation) -> Answer<'a, ()>;
    fn since_boxed(&self, position: i64) -> Answer<'_, NewRevocations>;
}

impl<S: RevocationStore> AnyStore for S {
    fn revoke_boxed<'a>(&'a self, revocation: &'a Revocation) -> Answer<'a, ()> {
        Box::pin(self.revoke(revocation))
    }

    fn since_boxed(&self, position: i64) -> Answer<'_, NewRevocations> {
        Box::pin(self.since(position))
    }
}

/// The store of a shared list, and how much of it was read when.
pub(super) struct RevocationSource {
    store: Box<dyn AnyStore>,
    bound: Duration,
    start: Instant,
    /// The time of the last read, in nanoseconds since the start, plus one; 0 is never.
    read_at: AtomicU64,
    /// How often the list was marked as stale, and how often at the last read.
    stale: StaleHandle,
    stale_read: AtomicU64,
    progress: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    position: i64,
    /// When the list was last read from the start, unless the last read failed.
    complete: Option<Instant>,
    failed: Option<Instant>,
}

impl Progress {
    /// Returns the position to read from.
    fn next(&self) -> i64 {
        if self.complete.is_some_and(|read| read.elapsed() < COMPLETE_FOR) { self.position } else { 0 }
    }

    fn failed(&mut self) {
        *self = Self { position: self.position, complete: None, failed: Some(Instant::now()) };
    }

    fn read(&mut self, from: i64, position: i64) {
        let complete = if from == 0 { Some(Instant::now()) } else { self.complete };
        *self = Self { position, complete, failed: None };
    }
}

impl RevocationSource {
    pub(super) fn new(store: impl RevocationStore) -> Self {
        let stale = StaleHandle::new();
        store.notify(stale.clone());
        Self {
            store: Box::new(store),
            bound: FRESHNESS,
            start: Instant::now(),
            read_at: AtomicU64::new(0),
            stale,
            stale_read: AtomicU64::new(0),
            progress: Mutex::default(),
        }
    }

    pub(super) fn with_bound(self, bound: Duration) -> Self {
        Self { bound: bound.min(LONGEST), ..self }
    }

    pub(super) async fn revoke(&self, revocation: &Revocation) -> Result<(), Unavailable> {
        self.store.revoke_boxed(revocation).await
    }

    pub(super) fn is_recent(&self) -> bool {
        let read_at = self.read_at.load(Ordering::Acquire);
        let is_marked = self.stale.count() != self.stale_read.load(Ordering::Acquire);
        read_at != 0
            && !is_marked
            && nanoseconds(self.start.elapsed()).saturating_sub(read_at) < nanoseconds(self.bound)
    }

    /// Hands on what is new. A request that finds another one reading waits for it.
    pub(super) async fn refresh(&self, add: impl FnOnce(Vec<Revocation>)) -> Result<(), Unavailable> {
        if self.is_recent() {
            return Ok(());
        }
        let mut progress = self.progress.lock().await;
        if self.is_recent() {
            return Ok(());
        }
        if progress.failed.is_some_and(|failed| failed.elapsed() < PAUSE) {
            return Err(Unavailable::new("the list of revocations could not be read a moment ago"));
        }
        // Before the read: a later read notices what is added during this one.
        let asked = nanoseconds(self.start.elapsed()).saturating_add(1);
        let stale = self.stale.count();
        let from = progress.next();
        let new = self.read(from).await.inspect_err(|_| progress.failed())?;
        add(new.entries);
        progress.read(from, new.position);
        self.stale_read.store(stale, Ordering::Release);
        self.read_at.store(asked, Ordering::Release);
        Ok(())
    }

    async fn read(&self, position: i64) -> Result<NewRevocations, Unavailable> {
        let new = self.store.since_boxed(position).await?;
        // A lower position: the store was restored from a backup.
        if new.position < position { self.store.since_boxed(0).await } else { Ok(new) }
    }
}

/// Saturates after 584 years.
fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc, Mutex,
            atomic::{AtomicUsize, Ordering},
        },
        time::Duration,
    };

    use super::{COMPLETE_FOR, NewRevocations, PAUSE, Revocation, RevocationSource, RevocationStore, StaleHandle};
    use crate::authenticate::Unavailable;

    /// A list in memory that counts its readers, and can be down.
    #[derive(Default)]
    struct Store {
        entries: Mutex<Vec<Revocation>>,
        reads: AtomicUsize,
        is_down: Mutex<bool>,
        handle: Mutex<Option<StaleHandle>>,
    }

    impl RevocationStore for Store {
        async fn revoke(&self, revocation: &Revocation) -> Result<(), Unavailable> {
            self.entries.lock().unwrap().push(revocation.clone());
            Ok(())
        }

        async fn since(&self, position: i64) -> Result<NewRevocations, Unavailable> {
            self.reads.fetch_add(1, Ordering::Relaxed);
            if *self.is_down.lock().unwrap() {
                return Err(Unavailable::new("connection refused"));
            }
            let all = self.entries.lock().unwrap().clone();
            let entries = all.iter().skip(usize::try_from(position).unwrap()).cloned().collect();
            Ok(NewRevocations { entries, position: i64::try_from(all.len()).unwrap() })
        }

        fn notify(&self, list: StaleHandle) {
            *self.handle.lock().unwrap() = Some(list);
        }
    }

    fn revocation(name: &str) -> Revocation {
        Revocation::token("https://a", name, std::time::SystemTime::now())
    }

    async fn new_of(source: &RevocationSource) -> Result<Vec<String>, Unavailable> {
        let mut names = Vec::new();
        source.refresh(|new| names.extend(new.into_iter().map(|entry| entry.name))).await.map(|()| names)
    }

    #[tokio::test(start_paused = true)]
    async fn r40_a_shared_list_is_read_once_within_its_bound_and_only_what_is_new() {
        let store = Arc::new(Store::default());
        store.revoke(&revocation("1")).await.unwrap();
        let source = RevocationSource::new(Arc::clone(&store));
        assert!(!source.is_recent());
        assert_eq!(new_of(&source).await.unwrap(), ["1"]);
        store.revoke(&revocation("2")).await.unwrap();
        tokio::time::advance(Duration::from_millis(4999)).await;
        assert!(source.is_recent() && new_of(&source).await.unwrap().is_empty());
        tokio::time::advance(Duration::from_millis(2)).await;
        assert_eq!((new_of(&source).await.unwrap(), store.reads.load(Ordering::Relaxed)), (vec!["2".to_owned()], 2));
    }

    #[tokio::test(start_paused = true)]
    async fn r40_a_notice_makes_the_list_be_read_at_once() {
        let store = Arc::new(Store::default());
        let source = RevocationSource::new(Arc::clone(&store));
        new_of(&source).await.unwrap();
        store.revoke(&revocation("1")).await.unwrap();
        store.handle.lock().unwrap().clone().unwrap().mark_stale();
        assert!(!source.is_recent());
        assert_eq!(new_of(&source).await.unwrap(), ["1"]);
        assert!(source.is_recent());
    }

    #[tokio::test(start_paused = true)]
    async fn r40_an_extreme_bound_is_a_minute_or_none() {
        let store = Arc::new(Store::default());
        let longest = RevocationSource::new(Arc::clone(&store)).with_bound(Duration::MAX);
        new_of(&longest).await.unwrap();
        tokio::time::advance(Duration::from_mins(1) - Duration::from_millis(1)).await;
        assert!(longest.is_recent());
        tokio::time::advance(Duration::from_millis(2)).await;
        assert!(!longest.is_recent());
        let none = RevocationSource::new(Arc::clone(&store)).with_bound(Duration::ZERO);
        let before = store.reads.load(Ordering::Relaxed);
        for name in ["1", "2"] {
            store.revoke(&revocation(name)).await.unwrap();
            assert_eq!(new_of(&none).await.unwrap().last().map(String::as_str), Some(name));
            assert!(!none.is_recent());
        }
        assert_eq!(store.reads.load(Ordering::Relaxed), before + 2);
    }

    #[tokio::test(start_paused = true)]
    async fn r40_an_old_list_is_not_trusted_while_the_store_is_down() {
        let store = Arc::new(Store::default());
        let source = RevocationSource::new(Arc::clone(&store));
        new_of(&source).await.unwrap();
        *store.is_down.lock().unwrap() = true;
        assert!(new_of(&source).await.is_ok());
        tokio::time::advance(Duration::from_millis(5001)).await;
        assert!(new_of(&source).await.is_err() && new_of(&source).await.is_err());
        assert_eq!(store.reads.load(Ordering::Relaxed), 2, "the failure is not repeated at once");
        *store.is_down.lock().unwrap() = false;
        tokio::time::advance(PAUSE).await;
        assert!(new_of(&source).await.is_ok() && source.is_recent());
    }

    /// Loses an entry in a failover, and gives its position to another one.
    fn fail_over(store: &Store) {
        *store.entries.lock().unwrap() = ["1", "3", "4"].map(revocation).into();
    }

    #[tokio::test(start_paused = true)]
    async fn r40_a_position_that_was_given_twice_hides_no_entry() {
        for is_noticed in [true, false] {
            let store = Arc::new(Store::default());
            for name in ["1", "2"] {
                store.revoke(&revocation(name)).await.unwrap();
            }
            let source = RevocationSource::new(Arc::clone(&store));
            assert_eq!(new_of(&source).await.unwrap(), ["1", "2"]);
            tokio::time::advance(Duration::from_millis(5001)).await;
            if is_noticed {
                *store.is_down.lock().unwrap() = true;
                new_of(&source).await.unwrap_err();
                *store.is_down.lock().unwrap() = false;
                tokio::time::advance(PAUSE).await;
                fail_over(&store);
            } else {
                fail_over(&store);
                assert_eq!(new_of(&source).await.unwrap(), ["4"]);
                tokio::time::advance(COMPLETE_FOR).await;
            }
            assert_eq!(new_of(&source).await.unwrap(), ["1", "3", "4"]);
            tokio::time::advance(Duration::from_millis(5001)).await;
            assert!(new_of(&source).await.unwrap().is_empty(), "only what is new");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_restored_from_a_backup_is_read_from_the_start() {
        let store = Arc::new(Store::default());
        for name in ["1", "2"] {
            store.revoke(&revocation(name)).await.unwrap();
        }
        let source = RevocationSource::new(Arc::clone(&store));
        new_of(&source).await.unwrap();
        *store.entries.lock().unwrap() = vec![revocation("3")];
        tokio::time::advance(Duration::from_millis(5001)).await;
        assert_eq!(new_of(&source).await.unwrap(), ["3"]);
    }
}
