//! Marks what was read from a shared store as stale.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::Notify;

/// Marks what this process has read from a shared store as stale, so that it is read again. Cheap to clone.
///
/// A [`RevocationStore`](super::RevocationStore) or a [`SigningKeyStore`](super::SigningKeyStore) gets one, and calls
/// it after a change by any process.
#[derive(Clone, Debug)]
pub struct StaleHandle(Arc<StaleMark>);

#[derive(Debug, Default)]
struct StaleMark {
    count: AtomicU64,
    marked: Notify,
}

impl StaleHandle {
    pub(super) fn new() -> Self {
        Self(Arc::default())
    }

    /// Marks the copy as stale. The next request reads a list of revocations. Signing keys are read within a second.
    pub fn mark_stale(&self) {
        self.0.count.fetch_add(1, Ordering::AcqRel);
        self.0.marked.notify_one();
    }

    /// Returns how often it was marked.
    pub(super) fn count(&self) -> u64 {
        self.0.count.load(Ordering::Acquire)
    }

    /// Waits for a mark, or for none if there was one since the last wait.
    pub(super) async fn marked(&self) {
        self.0.marked.notified().await;
    }
}
