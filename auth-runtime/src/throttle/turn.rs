//! One attempt after the other: callers who send the right password many times at once must not look like guessing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{Mutex as Lock, OwnedMutexGuard};

use super::Key;

/// Whoever comes when so many wait is not let in: they hold memory, and the last of them would wait for long.
const MOST: usize = 1000;

/// Who tries, and who waits until that is over. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Turns(Arc<Mutex<HashMap<Key, Arc<Lock<()>>>>>);

/// The right to try, until it is dropped.
pub(super) struct Turn {
    // Given up before the place is, which looks whether anybody else waits.
    _held: OwnedMutexGuard<()>,
    _place: Place,
}

/// A place in the queue for a key.
struct Place {
    turns: Turns,
    key: Key,
    lock: Option<Arc<Lock<()>>>,
}

impl Turns {
    /// Waits for a turn, first come first served; those of other keys are not waited for. `None` if there are too many.
    pub(super) async fn turn(&self, key: Key) -> Option<Turn> {
        let place = self.place(key)?;
        let lock = place.lock.clone()?;
        Some(Turn { _held: lock.lock_owned().await, _place: place })
    }

    fn place(&self, key: Key) -> Option<Place> {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lock = queues.entry(key).or_default();
        // One of the queue itself, and two of each who is in it.
        let is_full = Arc::strong_count(lock) > 2 * MOST;
        (!is_full).then(|| Place { turns: self.clone(), key, lock: Some(Arc::clone(lock)) })
    }
}

/// Whoever leaves last takes the queue along.
impl Drop for Place {
    fn drop(&mut self) {
        let mut queues = self.turns.0.lock().unwrap_or_else(PoisonError::into_inner);
        self.lock = None;
        if queues.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
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
    use crate::{client::ClientAddress, throttle::key::KeyMaker};

    fn key(name: &str) -> Key {
        KeyMaker::default().attempt(ClientAddress::UNKNOWN, name).pair
    }

    #[tokio::test]
    async fn one_after_the_other_and_nobody_else_waits() {
        let turns = Turns::default();
        let first = turns.turn(key("alice")).await.unwrap();
        let waiting = tokio::spawn({
            let turns = turns.clone();
            async move { drop(turns.turn(key("alice")).await.unwrap()) }
        });
        yield_now().await;
        assert!(!waiting.is_finished());
        drop(turns.turn(key("bob")).await.unwrap());
        drop(first);
        waiting.await.unwrap();
        assert!(turns.0.lock().unwrap().is_empty(), "nothing is left of those who are gone");
    }

    #[tokio::test]
    async fn who_goes_away_while_waiting_leaves_nothing_behind() {
        let turns = Turns::default();
        let first = turns.turn(key("alice")).await.unwrap();
        assert!(timeout(Duration::ZERO, turns.turn(key("alice"))).await.is_err());
        assert_eq!(turns.0.lock().unwrap().len(), 1);
        drop(first);
        assert!(turns.0.lock().unwrap().is_empty());
        assert!(timeout(Duration::ZERO, turns.turn(key("alice"))).await.is_ok());
    }

    #[tokio::test]
    async fn a_queue_is_bounded_and_others_are_not_concerned() {
        let turns = Turns::default();
        let held = turns.turn(key("alice")).await.unwrap();
        let mut waiting: Vec<_> = (1..super::MOST).map(|_| Box::pin(turns.turn(key("alice")))).collect();
        for turn in &mut waiting {
            assert!(poll!(turn).is_pending());
        }
        assert!(turns.turn(key("alice")).now_or_never().unwrap().is_none());
        assert!(turns.turn(key("bob")).await.is_some());
        waiting.pop();
        assert!(turns.turn(key("alice")).now_or_never().is_none(), "there is room to wait");
        drop(held);
    }
}
