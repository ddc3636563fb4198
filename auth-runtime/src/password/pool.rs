//! Where hashes are computed: each is made to cost memory and time, so they run beside the async executor, a few at
//! once, and callers who would wait too long are sent away.

use std::{fmt, sync::Arc, thread};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::authenticate::Unavailable;

/// How many callers may wait for each that is served.
const WAITING_PER_PERMIT: usize = 64;

/// Computes password hashes, so many at once; clones share it.
///
/// A hash takes 19 MiB and a core (and one that other software made, up to 256 MiB, until it is replaced): without a
/// bound, a burst of sign-ins would take them all. As many run as there are cores, and 64 times as many may wait; those
/// beyond are answered 503 at once.
///
/// ```
/// use auth_runtime::users::{Basic, MemoryUsers, PasswordPool};
///
/// let pool = PasswordPool::new(4, 100);
/// let basic = Basic::new(MemoryUsers::new()).pool(pool);
/// ```
#[derive(Clone)]
pub struct PasswordPool {
    /// A place is held from the question to the answer, a turn while the hash is computed.
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

impl PasswordPool {
    /// A pool that computes up to `at_once` hashes (at least one), and lets up to `waiting` callers wait.
    #[must_use]
    pub fn new(at_once: usize, waiting: usize) -> Self {
        let at_once = at_once.clamp(1, Semaphore::MAX_PERMITS);
        let places = at_once.saturating_add(waiting).min(Semaphore::MAX_PERMITS);
        Self { places: Arc::new(Semaphore::new(places)), turns: Arc::new(Semaphore::new(at_once)) }
    }

    /// Waits for the right to compute.
    pub(super) async fn permit(&self) -> Result<Permit, Unavailable> {
        let full = |_| Unavailable::new("too many passwords wait to be verified");
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(full)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(Unavailable::new)?;
        Ok(Permit { _permits: (place, turn) })
    }
}

impl Default for PasswordPool {
    /// As many at once as there are cores.
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self::new(cores, cores.saturating_mul(WAITING_PER_PERMIT))
    }
}

impl fmt::Debug for PasswordPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordPool").field("free", &self.turns.available_permits()).finish_non_exhaustive()
    }
}

/// The right to compute, until it is dropped.
pub(super) struct Permit {
    _permits: (OwnedSemaphorePermit, OwnedSemaphorePermit),
}

#[cfg(test)]
mod tests {
    use super::PasswordPool;

    #[tokio::test]
    async fn r51_who_would_wait_too_long_is_sent_away() {
        let pool = PasswordPool::new(1, 1);
        let first = pool.permit().await.unwrap();
        let waiting = tokio::spawn({
            let pool = pool.clone();
            async move { pool.permit().await.is_ok() }
        });
        tokio::task::yield_now().await;
        assert!(pool.permit().await.is_err(), "one is served and one waits");
        drop(first);
        assert!(waiting.await.unwrap());
        assert!(pool.permit().await.is_ok());
    }

    #[test]
    fn a_pool_of_any_size_can_be_made() {
        for (at_once, waiting) in [(0, 0), (usize::MAX, usize::MAX), (1, usize::MAX)] {
            assert!(PasswordPool::new(at_once, waiting).turns.available_permits() >= 1);
        }
    }
}
