//! Queues of attempts: one attempt waits for the end of another one with the same key.
//!
//! An attempt stays counted until the password turns out to be right. Without a queue, many parallel requests with the
//! right password would look like guesses.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::BucketKey;

/// The longest queue. Waiting requests hold memory, and the last of them would wait for long.
const MAX_QUEUED: usize = 1000;

/// The queues of all keys. Clones share them.
#[derive(Clone, Default)]
pub(super) struct AttemptQueues(Arc<Mutex<HashMap<BucketKey, Arc<Semaphore>>>>);

/// The permission to make an attempt, until it is dropped.
pub(super) struct AttemptPermit {
    // Dropped before the entry, which then checks whether the queue is empty.
    _permit: OwnedSemaphorePermit,
    _entry: QueueEntry,
}

/// A place in the queue of a key.
struct QueueEntry {
    queues: AttemptQueues,
    key: BucketKey,
    queue: Option<Arc<Semaphore>>,
}

impl AttemptQueues {
    /// Waits for a permit in the order of arrival. Each key has `at_once` permits; other keys do not wait.
    ///
    /// Returns `None` if the queue is full.
    pub(super) async fn permit(&self, key: BucketKey, at_once: usize) -> Option<AttemptPermit> {
        let entry = self.enter(key, at_once)?;
        let queue = entry.queue.clone()?;
        // The semaphore is never closed.
        Some(AttemptPermit { _permit: queue.acquire_owned().await.ok()?, _entry: entry })
    }

    fn enter(&self, key: BucketKey, at_once: usize) -> Option<QueueEntry> {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = queues.entry(key).or_insert_with(|| Arc::new(Semaphore::new(at_once)));
        // The map holds one reference, and each request in the queue holds two.
        let is_full = Arc::strong_count(queue) > 2 * MAX_QUEUED;
        (!is_full).then(|| QueueEntry { queues: self.clone(), key, queue: Some(Arc::clone(queue)) })
    }
}

/// Removes the queue with its last entry.
impl Drop for QueueEntry {
    fn drop(&mut self) {
        let mut queues = self.queues.0.lock().unwrap_or_else(PoisonError::into_inner);
        self.queue = None;
        if queues.get(&self.key).is_some_and(|queue| Arc::strong_count(queue) == 1) {
            queues.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::{FutureExt, poll};
    use tokio::{task::yield_now, time::timeout};

    use super::{AttemptQueues, BucketKey};
    use crate::{client_ip::ClientAddress, throttle::key::KeyDerivation};

    fn key(name: &str) -> BucketKey {
        KeyDerivation::default().attempt(ClientAddress::UNKNOWN, name).pair
    }

    #[tokio::test]
    async fn attempts_with_one_key_run_in_turn_and_others_do_not_wait() {
        let queues = AttemptQueues::default();
        let first = queues.permit(key("alice"), 1).await.unwrap();
        let waiting = tokio::spawn({
            let queues = queues.clone();
            async move { drop(queues.permit(key("alice"), 1).await.unwrap()) }
        });
        yield_now().await;
        assert!(!waiting.is_finished());
        drop(queues.permit(key("bob"), 1).await.unwrap());
        drop(first);
        waiting.await.unwrap();
        assert!(queues.0.lock().unwrap().is_empty(), "the queue is removed");
    }

    #[tokio::test]
    async fn a_dropped_request_leaves_its_queue() {
        let queues = AttemptQueues::default();
        let first = queues.permit(key("alice"), 1).await.unwrap();
        assert!(timeout(Duration::ZERO, queues.permit(key("alice"), 1)).await.is_err());
        assert_eq!(queues.0.lock().unwrap().len(), 1);
        drop(first);
        assert!(queues.0.lock().unwrap().is_empty());
        assert!(timeout(Duration::ZERO, queues.permit(key("alice"), 1)).await.is_ok());
    }

    #[tokio::test]
    async fn a_queue_is_bounded_and_other_queues_are_not_affected() {
        let queues = AttemptQueues::default();
        let held = queues.permit(key("alice"), 1).await.unwrap();
        let mut waiting: Vec<_> = (1..super::MAX_QUEUED).map(|_| Box::pin(queues.permit(key("alice"), 1))).collect();
        for permit in &mut waiting {
            assert!(poll!(permit).is_pending());
        }
        assert!(queues.permit(key("alice"), 1).now_or_never().unwrap().is_none());
        assert!(queues.permit(key("bob"), 1).await.is_some());
        waiting.pop();
        assert!(queues.permit(key("alice"), 1).now_or_never().is_none(), "there is room to wait");
        drop(held);
    }

    #[tokio::test]
    async fn at_most_the_given_number_run_at_once() {
        let queues = AttemptQueues::default();
        let first = queues.permit(key("alice"), 2).await;
        let second = queues.permit(key("alice"), 2).await;
        let mut third = Box::pin(queues.permit(key("alice"), 2));
        assert!(poll!(&mut third).is_pending());
        drop(second);
        assert!(third.await.is_some());
        drop(first);
        assert!(queues.0.lock().unwrap().is_empty());
    }
}
