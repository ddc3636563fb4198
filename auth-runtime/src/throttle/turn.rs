//! In turn: whoever sends the right password many times at once, or comes with many others from one address, must not look
//! like guessing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Key;

/// Whoever comes when so many wait is not let in: they hold memory, and the last of them would wait for long.
const MOST: usize = 1000;

/// Who tries, and who waits until that is over. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Turns(Arc<Mutex<HashMap<Key, Arc<Semaphore>>>>);

/// The right to try, until it is dropped.
pub(super) struct Turn {
    // Given up before the place is, which looks whether anybody else waits.
    _held: OwnedSemaphorePermit,
    _place: Place,
}

/// A place in the queue for a key.
struct Place {
    turns: Turns,
    key: Key,
    queue: Option<Arc<Semaphore>>,
}

impl Turns {
    /// Waits for a turn, first come first served, of which there are so many at once; those of other keys are not waited
    /// for. `None` if too many wait.
    pub(super) async fn turn(&self, key: Key, at_once: usize) -> Option<Turn> {
        let place = self.place(key, at_once)?;
        let queue = place.queue.clone()?;
        // It is never closed.
        Some(Turn { _held: queue.acquire_owned().await.ok()?, _place: place })
    }

    fn place(&self, key: Key, at_once: usize) -> Option<Place> {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = queues.entry(key).or_insert_with(|| Arc::new(Semaphore::new(at_once)));
        // One of the queue itself, and two of each who is in it.
        let is_full = Arc::strong_count(queue) > 2 * MOST;
        (!is_full).then(|| Place { turns: self.clone(), key, queue: Some(Arc::clone(queue)) })
    }
}

/// Whoever leaves last takes the queue along.
impl Drop for Place {
    fn drop(&mut self) {
        let mut queues = self.turns.0.lock().unwrap_or_else(PoisonError::into_inner);
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

    use super::{Key, Turns};
    use crate::{client_ip::ClientAddress, throttle::key::KeyMaker};

    fn key(name: &str) -> Key {
        KeyMaker::default().attempt(ClientAddress::UNKNOWN, name).pair
    }

    #[tokio::test]
    async fn one_after_the_other_and_nobody_else_waits() {
        let turns = Turns::default();
        let first = turns.turn(key("alice"), 1).await.unwrap();
        let waiting = tokio::spawn({
            let turns = turns.clone();
            async move { drop(turns.turn(key("alice"), 1).await.unwrap()) }
        });
        yield_now().await;
        assert!(!waiting.is_finished());
        drop(turns.turn(key("bob"), 1).await.unwrap());
        drop(first);
        waiting.await.unwrap();
        assert!(turns.0.lock().unwrap().is_empty(), "nothing is left of those who are gone");
    }

    #[tokio::test]
    async fn who_goes_away_while_waiting_leaves_nothing_behind() {
        let turns = Turns::default();
        let first = turns.turn(key("alice"), 1).await.unwrap();
        assert!(timeout(Duration::ZERO, turns.turn(key("alice"), 1)).await.is_err());
        assert_eq!(turns.0.lock().unwrap().len(), 1);
        drop(first);
        assert!(turns.0.lock().unwrap().is_empty());
        assert!(timeout(Duration::ZERO, turns.turn(key("alice"), 1)).await.is_ok());
    }

    #[tokio::test]
    async fn a_queue_is_bounded_and_others_are_not_concerned() {
        let turns = Turns::default();
        let held = turns.turn(key("alice"), 1).await.unwrap();
        let mut waiting: Vec<_> = (1..super::MOST).map(|_| Box::pin(turns.turn(key("alice"), 1))).collect();
        for turn in &mut waiting {
            assert!(poll!(turn).is_pending());
        }
        assert!(turns.turn(key("alice"), 1).now_or_never().unwrap().is_none());
        assert!(turns.turn(key("bob"), 1).await.is_some());
        waiting.pop();
        assert!(turns.turn(key("alice"), 1).now_or_never().is_none(), "there is room to wait");
        drop(held);
    }

    #[tokio::test]
    async fn as_many_at_once_as_there_may_be() {
        let turns = Turns::default();
        let first = turns.turn(key("alice"), 2).await;
        let second = turns.turn(key("alice"), 2).await;
        let mut third = Box::pin(turns.turn(key("alice"), 2));
        assert!(poll!(&mut third).is_pending());
        drop(second);
        assert!(third.await.is_some());
        drop(first);
        assert!(turns.0.lock().unwrap().is_empty());
    }
}
