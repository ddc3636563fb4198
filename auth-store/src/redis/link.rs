//! An open connection, and what is cached as long as it is open.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use auth_runtime::session::Session;
use quick_cache::sync::Cache;
use redis::{FromRedisValue, PushInfo, PushKind, Value, aio::MultiplexedConnection};

/// How long a cached record is used after the last proof that the connection is alive.
pub(super) const FRESHNESS: Duration = Duration::from_secs(1);
const CAPACITY: usize = 10_000;

/// An open connection.
pub(super) struct Link {
    connection: MultiplexedConnection,
    pub(super) state: Arc<LinkState>,
}

impl Link {
    pub(super) const fn new(connection: MultiplexedConnection, state: Arc<LinkState>) -> Self {
        Self { connection, state }
    }

    pub(super) fn connection(&self) -> MultiplexedConnection {
        self.connection.clone()
    }
}

/// What the messages of the server change.
///
/// The server names each cached key that changes, on this connection and before any later answer (`CLIENT TRACKING`).
/// So an answer proves that all changes before its question are known here.
pub(super) struct LinkState {
    is_closed: AtomicBool,
    start: Instant,
    /// When the last question was sent that was answered, in nanoseconds since the start, plus one; 0 is never.
    proven_at: AtomicU64,
    sessions: Cache<String, Arc<Session>>,
    /// How often the server named a key. It is locked for each change of the cache.
    changes: Mutex<u64>,
    /// The text before the id in the key of a session.
    session_prefix: String,
    listeners: Arc<Listeners>,
}

impl LinkState {
    pub(super) fn new(session_prefix: String, listeners: Arc<Listeners>) -> Self {
        Self {
            is_closed: AtomicBool::new(false),
            start: Instant::now(),
            proven_at: AtomicU64::new(0),
            sessions: Cache::new(CAPACITY),
            changes: Mutex::new(0),
            session_prefix,
            listeners,
        }
    }

    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    /// Notes that a question of this time was answered.
    pub(super) fn prove(&self, asked: Instant) {
        let asked = nanoseconds(asked.saturating_duration_since(self.start)).saturating_add(1);
        self.proven_at.fetch_max(asked, Ordering::AcqRel);
    }

    /// Returns a cached session, if each change that is older than the bound is known here.
    pub(super) fn session(&self, id: &str) -> Option<Arc<Session>> {
        let proven_at = self.proven_at.load(Ordering::Acquire);
        let age = nanoseconds(self.start.elapsed()).saturating_sub(proven_at);
        if self.is_closed() || proven_at == 0 || age >= nanoseconds(FRESHNESS) {
            return None;
        }
        self.sessions.get(id)
    }

    /// Returns the number of changes before a read.
    pub(super) fn changes(&self) -> u64 {
        *self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Caches a session that was read, unless something has changed since.
    pub(super) fn cache(&self, session: &Arc<Session>, changes_before: u64) {
        let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        if *changes == changes_before {
            self.sessions.insert(session.id.clone(), Arc::clone(session));
        }
    }

    /// Forgets a session that this process has changed: the server names its key only after the answer.
    pub(super) fn forget(&self, id: &str) {
        self.change(|sessions| drop(sessions.remove(id)));
    }

    fn change(&self, change: impl FnOnce(&Cache<String, Arc<Session>>)) {
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        *changes += 1;
        change(&self.sessions);
    }

    /// Handles a message of the server.
    pub(super) fn receive(&self, push: PushInfo) {
        match push.kind {
            PushKind::Disconnection => self.close(),
            PushKind::Invalidate => self.invalidate(push.data),
            PushKind::Message => self.listeners.call(),
            _ => {}
        }
    }

    /// Forgets the sessions whose keys the server names. Instead of keys, there is nil after the server deleted
    /// everything.
    fn invalidate(&self, data: Vec<Value>) {
        let keys = data.into_iter().next().map(Vec::<String>::from_redis_value);
        match keys {
            Some(Ok(keys)) if !keys.is_empty() => {
                keys.iter().filter_map(|key| key.strip_prefix(&self.session_prefix)).for_each(|id| self.forget(id));
            }
            _ => self.change(Cache::clear),
        }
    }
}

/// Functions that are called after changes by other processes.
#[derive(Default)]
pub(super) struct Listeners(Mutex<Vec<Listener>>);

type Listener = Box<dyn Fn() + Send + Sync>;

impl Listeners {
    pub(super) fn add(&self, listener: impl Fn() + Send + Sync + 'static) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(listener));
    }

    pub(super) fn call(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(|listener| listener());
    }
}

/// Saturates after 584 years.
fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
