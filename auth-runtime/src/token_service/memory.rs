//! Refresh tokens and clients in memory.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use super::{
    client::{Client, ClientStore},
    refresh_token::{RefreshFamily, RefreshTokenStore},
};
use crate::authenticate::Unavailable;

/// After so many families, those that have expired are dropped.
const SWEEP_EVERY: usize = 1024;

/// Refresh tokens in the memory of this process; a restart ends them. Clones share the tokens.
#[derive(Clone, Debug, Default)]
pub struct MemoryRefreshTokens(Arc<Mutex<Families>>);

#[derive(Debug, Default)]
struct Families {
    by_id: HashMap<String, RefreshFamily>,
    sweep_at: usize,
}

impl MemoryRefreshTokens {
    /// Returns a store without refresh tokens.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Families> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Families {
    fn sweep(&mut self, now: SystemTime) {
        if self.by_id.len() >= self.sweep_at.max(SWEEP_EVERY) {
            self.by_id.retain(|_, family| family.expires_at > now);
            self.sweep_at = self.by_id.len() * 2;
        }
    }
}

impl RefreshTokenStore for MemoryRefreshTokens {
    async fn add(&self, family: &RefreshFamily) -> Result<(), Unavailable> {
        let mut families = self.lock();
        families.sweep(SystemTime::now());
        families.by_id.insert(family.id.clone(), family.clone());
        Ok(())
    }

    async fn find(&self, id: &str) -> Result<Option<RefreshFamily>, Unavailable> {
        Ok(self.lock().by_id.get(id).cloned())
    }

    async fn rotate(&self, id: &str, current: [u8; 32], next: [u8; 32]) -> Result<bool, Unavailable> {
        let mut families = self.lock();
        let family = families.by_id.get_mut(id).filter(|family| family.sha256 == current);
        Ok(family.map(|family| family.sha256 = next).is_some())
    }

    async fn end(&self, id: &str) -> Result<(), Unavailable> {
        self.lock().by_id.remove(id);
        Ok(())
    }
}

/// Clients in memory, added at start (default: none). Cheap to clone.
///
/// ```
/// use auth_runtime::token_service::{Client, MemoryClients};
///
/// let secret = "0Zr9Pq4cWv1XsT7uKb3Ln6"; // from the environment, and not in the source
/// let clients = MemoryClients::new().add_client(Client::new("nightly-report", Client::hash(secret), "reports"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryClients(Arc<HashMap<String, Client>>);

impl MemoryClients {
    /// Returns a store without clients.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a client. It replaces one with the same id.
    #[must_use]
    pub fn add_client(mut self, client: Client) -> Self {
        Arc::make_mut(&mut self.0).insert(client.id().to_owned(), client);
        self
    }
}

impl ClientStore for MemoryClients {
    async fn find(&self, id: &str) -> Result<Option<Client>, Unavailable> {
        Ok(self.0.get(id).cloned())
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{MemoryRefreshTokens, RefreshFamily, RefreshTokenStore, SWEEP_EVERY};

    fn family(id: usize, expires_at: SystemTime) -> RefreshFamily {
        RefreshFamily {
            id: id.to_string(),
            sha256: [0; 32],
            issuer: "users".to_owned(),
            subject: "alice".to_owned(),
            credential_epoch: 0,
            client_id: "web".to_owned(),
            scope: None,
            signed_in_at: SystemTime::UNIX_EPOCH,
            expires_at,
        }
    }

    #[tokio::test]
    async fn r81_one_of_two_rotations_succeeds() {
        let store = MemoryRefreshTokens::new();
        store.add(&family(1, SystemTime::now())).await.unwrap();
        assert!(store.rotate("1", [0; 32], [1; 32]).await.unwrap());
        assert!(!store.rotate("1", [0; 32], [2; 32]).await.unwrap());
        assert_eq!(store.find("1").await.unwrap().unwrap().sha256, [1; 32]);
        store.end("1").await.unwrap();
        assert!(store.find("1").await.unwrap().is_none() && !store.rotate("1", [1; 32], [2; 32]).await.unwrap());
    }

    #[tokio::test]
    async fn expired_families_are_dropped() {
        let store = MemoryRefreshTokens::new();
        for id in 0..3 * SWEEP_EVERY {
            store.add(&family(id, SystemTime::UNIX_EPOCH)).await.unwrap();
        }
        assert!(store.lock().by_id.len() <= SWEEP_EVERY);
        let later = SystemTime::now() + Duration::from_mins(1);
        for id in 0..3 * SWEEP_EVERY {
            store.add(&family(id, later)).await.unwrap();
        }
        assert_eq!(store.lock().by_id.len(), 3 * SWEEP_EVERY);
    }
}
