//! Sessions in the memory of one process.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use foldhash::quality::RandomState;

use super::{record::Session, store::SessionStore};
use crate::authenticate::Unavailable;

/// Expired sessions are removed when their number may have doubled, and not below this number.
const FIRST_SWEEP: usize = 1000;

/// Sessions in the memory of this process; a restart ends them. Clones share the sessions.
#[derive(Clone, Default)]
pub struct MemorySessions(Arc<RwLock<Table>>);

#[derive(Default)]
struct Table {
    /// By id, with a seeded hasher that is faster than that of the standard library.
    sessions: HashMap<Box<str>, Arc<Session>, RandomState>,
    /// The number of sessions at which expired ones are removed.
    sweep_at: usize,
}

impl MemorySessions {
    /// Returns a store without sessions.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn read(&self) -> RwLockReadGuard<'_, Table> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn sweep(&mut self, now: u64) {
        if self.sessions.len() < self.sweep_at.max(FIRST_SWEEP) {
            return;
        }
        self.sessions.retain(|_, session| session.expires_at > now);
        self.sweep_at = 2 * self.sessions.len();
    }
}

impl SessionStore for MemorySessions {
    async fn find(&self, id: &str) -> Result<Option<Arc<Session>>, Unavailable> {
        Ok(self.find_now(id))
    }

    fn find_now(&self, id: &str) -> Option<Arc<Session>> {
        self.read().sessions.get(id).cloned()
    }

    async fn insert(&self, session: Arc<Session>, replaced: Option<&str>) -> Result<(), Unavailable> {
        let mut table = self.write();
        if let Some(replaced) = replaced {
            table.sessions.remove(replaced);
        }
        table.sweep(session.created_at);
        table.sessions.insert(session.id.as_str().into(), session);
        Ok(())
    }

    async fn end(&self, id: &str) -> Result<bool, Unavailable> {
        Ok(self.write().sessions.remove(id).is_some())
    }

    async fn end_all(&self, issuer: &str, subject: &str, except: Option<&str>) -> Result<u64, Unavailable> {
        let mut table = self.write();
        let before = table.sessions.len();
        table
            .sessions
            .retain(|id, session| session.issuer != issuer || session.subject != subject || except == Some(&**id));
        Ok(u64::try_from(before - table.sessions.len()).unwrap_or(u64::MAX))
    }

    async fn list(&self, issuer: &str, subject: &str) -> Result<Vec<Arc<Session>>, Unavailable> {
        let table = self.read();
        let sessions = table.sessions.values();
        Ok(sessions.filter(|session| session.issuer == issuer && session.subject == subject).cloned().collect())
    }

    fn touch(&self, id: &str, now: u64) {
        if let Some(session) = self.write().sessions.get_mut(id) {
            let session = Arc::make_mut(session);
            session.last_seen_at = session.last_seen_at.max(now);
        }
    }
}

/// Shows no session.
impl fmt::Debug for MemorySessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySessions").field("len", &self.read().sessions.len()).finish_non_exhaustive()
    }
}
