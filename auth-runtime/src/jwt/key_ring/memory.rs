//! Signing keys in memory.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use super::store::{SigningKeyRecord, SigningKeyStore};
use crate::{authenticate::Unavailable, jwt::stale::StaleHandle};

/// Signing keys in memory. A restart makes new keys, so earlier tokens are rejected. Clones share the keys.
#[derive(Clone, Debug, Default)]
pub struct MemorySigningKeys(Arc<Mutex<Keys>>);

#[derive(Debug, Default)]
struct Keys {
    records: Vec<SigningKeyRecord>,
    /// The handles to mark after a change.
    rings: Vec<StaleHandle>,
}

impl MemorySigningKeys {
    /// Returns a store without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Keys> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keys {
    fn changed(&self) {
        self.rings.iter().for_each(StaleHandle::mark_stale);
    }
}

impl SigningKeyStore for MemorySigningKeys {
    async fn keys(&self) -> Result<Vec<SigningKeyRecord>, Unavailable> {
        Ok(self.lock().records.clone())
    }

    async fn add(&self, key: &SigningKeyRecord, newest: Option<&str>) -> Result<bool, Unavailable> {
        let mut keys = self.lock();
        let is_current = keys.records.last().map(|key| &*key.id) == newest;
        if is_current {
            keys.records.push(key.clone());
            keys.changed();
        }
        Ok(is_current)
    }

    async fn retire(&self, id: &str, at: SystemTime, remaining: Option<&str>) -> Result<bool, Unavailable> {
        let mut keys = self.lock();
        let remains = |id| keys.records.iter().any(|key| key.id == id && key.retired_at.is_none());
        if !remaining.is_none_or(remains) {
            return Ok(false);
        }
        for key in keys.records.iter_mut().filter(|key| key.id == id) {
            key.retired_at.get_or_insert(at);
            key.sealed.clear();
        }
        keys.changed();
        Ok(true)
    }

    async fn remove(&self, id: &str) -> Result<(), Unavailable> {
        let records = &mut self.lock().records;
        let is_newest = records.last().is_some_and(|key| key.id == id);
        records.retain(|key| is_newest || key.id != id);
        Ok(())
    }

    fn notify(&self, ring: StaleHandle) {
        self.lock().rings.push(ring);
    }
}
