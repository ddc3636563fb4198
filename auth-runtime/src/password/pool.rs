//! The bound on hashes that are computed at once.
//!
//! A hash costs memory and time. So hashes run beside the async executor, a few at once, and requests that would wait
//! too long are rejected.

use std::{fmt, sync::Arc, thread};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::block_buffer::{BlockBuffer, BufferStock};
use crate::authenticate::Unavailable;

/// Waiting requests for each running one.
const WAITING_PER_PERMIT: usize = 64;

/// A bound on the password hashes that are computed at once. Clones share it.
///
/// A hash takes a core and 19 MiB. An imported hash takes up to 256 MiB until it is replaced. By default, one hash runs
/// for each core but one, and at least one. 64 times as many requests may wait. Requests beyond that get 503 at once.
///
/// On Linux, a hash has a lower priority than the process. So other requests are served while users sign in. While
/// there are idle cores, it runs only on these (`SCHED_IDLE`). On busy cores it is nicer than the process by 10, so
/// that sign-ins go on.
///
/// Each permit keeps one buffer, of 19 MiB by default. An imported hash can enlarge it to 32 MiB. The pool allocates it
/// at first use, reuses it, and wipes it after each hash.
///
/// ```
/// use auth_runtime::{password::PasswordPool, users::{Basic, MemoryUsers}};
///
/// let pool = PasswordPool::new(4, 100);
/// let basic = Basic::new(MemoryUsers::new()).pool(pool);
/// ```
#[derive(Clone)]
pub struct PasswordPool {
    /// Requests that wait or run.
    admitted: Arc<Semaphore>,
    /// Requests that run.
    running: Arc<Semaphore>,
    buffers: Arc<BufferStock>,
}

impl PasswordPool {
    /// Returns a pool that computes up to `at_once` hashes (at least one), and lets up to `waiting` requests wait.
    #[must_use]
    pub fn new(at_once: usize, waiting: usize) -> Self {
        let at_once = at_once.clamp(1, Semaphore::MAX_PERMITS);
        let admitted = at_once.saturating_add(waiting).min(Semaphore::MAX_PERMITS);
        Self {
            admitted: Arc::new(Semaphore::new(admitted)),
            running: Arc::new(Semaphore::new(at_once)),
            buffers: Arc::new(BufferStock::new(at_once)),
        }
    }

    /// Waits for a permit to compute a hash.
    pub(super) async fn permit(&self) -> Result<PoolPermit, Unavailable> {
        let full = |_| Unavailable::new("too many passwords wait to be verified");
        let admitted = Arc::clone(&self.admitted).try_acquire_owned().map_err(full)?;
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(Unavailable::new)?;
        Ok(PoolPermit { _permits: (admitted, running), buffers: Arc::clone(&self.buffers) })
    }

    /// Takes a buffer for hashes of this many blocks, without a permit.
    pub(super) fn buffer(&self, blocks: usize) -> BlockBuffer {
        self.buffers.take(blocks)
    }
}

impl Default for PasswordPool {
    /// Returns a pool with one permit for each core but one, which is left to other requests.
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let at_once = cores.saturating_sub(1).max(1);
        Self::new(at_once, at_once.saturating_mul(WAITING_PER_PERMIT))
    }
}

impl fmt::Debug for PasswordPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordPool").field("free", &self.running.available_permits()).finish_non_exhaustive()
    }
}

/// The permission to compute a hash, until it is dropped.
pub(super) struct PoolPermit {
    _permits: (OwnedSemaphorePermit, OwnedSemaphorePermit),
    buffers: Arc<BufferStock>,
}

impl PoolPermit {
    /// Takes the buffer of this permit, for hashes of this many blocks.
    pub(super) fn buffer(&self, blocks: usize) -> BlockBuffer {
        self.buffers.take(blocks)
    }
}

#[cfg(test)]
mod tests {
    use super::PasswordPool;

    #[tokio::test]
    async fn r51_requests_beyond_the_queue_are_rejected() {
        let pool = PasswordPool::new(1, 1);
        let first = pool.permit().await.unwrap();
        let waiting = tokio::spawn({
            let pool = pool.clone();
            async move { pool.permit().await.is_ok() }
        });
        tokio::task::yield_now().await;
        assert!(pool.permit().await.is_err(), "one runs and one waits");
        drop(first);
        assert!(waiting.await.unwrap());
        assert!(pool.permit().await.is_ok());
    }

    #[test]
    fn a_pool_of_any_size_can_be_made() {
        for (at_once, waiting) in [(0, 0), (usize::MAX, usize::MAX), (1, usize::MAX)] {
            assert!(PasswordPool::new(at_once, waiting).running.available_permits() >= 1);
        }
    }
}
