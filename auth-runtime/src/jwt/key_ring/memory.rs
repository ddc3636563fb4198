//! Signing keys in memory.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use super::store::{SigningKeyRecord, SigningKeyStore};
use crate::authenticate::Unavailable;

/// Signing keys in memory: tokens end with the process. Clones share the keys.
#[derive(Clone, Debug, Default)]
pub struct MemorySigningKeys(Arc<Mutex<Vec<SigningKeyRecord>>>);

impl MemorySigningKeys {
    /// Returns a store without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<SigningKeyRecord>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SigningKeyStore for MemorySigningKeys {
    async fn keys(&self) -> Result<Vec<SigningKeyRecord>, Unavailable> {
        Ok(self.lock().clone())
    }

    async fn add(&self, key: &SigningKeyRecord, newest: Option<&str>) -> Result<bool, Unavailable> {
        let mut keys = self.lock();
        let is_current = keys.last().map(|key| &*key.id) == newest;
        if is_current {
            keys.push(key.clone());
        }
        Ok(is_current)
    }

    async fn retire(&self, id: &str, at: SystemTime) -> Result<(), Unavailable> {
        for key in self.lock().iter_mut().filter(|key| key.id == id) {
            key.retired_at = Some(at);
            key.sealed.clear();
        }
        Ok(())
    }

    async fn remove(&self, id: &str) -> Result<(), Unavailable> {
        self.lock().retain(|key| key.id != id);
        Ok(())
    }
}
