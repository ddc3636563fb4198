//! Work after the response: bounded tasks that look up users and send mails.

use std::{future::Future, sync::Arc};

use tokio::sync::Semaphore;

use crate::authenticate::Unavailable;

/// The number of tasks that may wait, those that run included.
const WAITING: u32 = 1000;
/// The number of tasks that run at once, so that they leave connections of the store to requests.
const RUNNING: usize = 4;

/// A bounded queue of work that no response waits for.
#[derive(Clone, Debug)]
pub(in super::super) struct Outbox {
    waiting: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

impl Outbox {
    pub(in super::super) fn new() -> Self {
        Self { waiting: Arc::new(Semaphore::new(WAITING as usize)), running: Arc::new(Semaphore::new(RUNNING)) }
    }

    /// Runs the work in a task of its own.
    ///
    /// # Errors
    /// [`Unavailable`] if too much work is waiting.
    pub(in super::super) fn submit(&self, work: impl Future<Output = ()> + Send + 'static) -> Result<(), Unavailable> {
        let place = Arc::clone(&self.waiting).try_acquire_owned();
        let place = place.map_err(|_| Unavailable::new("too many mails are waiting"))?;
        let running = Arc::clone(&self.running);
        tokio::spawn(async move {
            // The semaphore is never closed.
            let turn = running.acquire().await;
            work.await;
            drop((turn, place));
        });
        Ok(())
    }

    /// Waits until all work is done.
    pub(in super::super) async fn finish(&self) {
        // The semaphore is never closed.
        let _all = self.waiting.acquire_many(WAITING).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use tokio::sync::Semaphore;

    use super::{Outbox, RUNNING, WAITING};

    #[tokio::test]
    async fn work_is_bounded_and_finished() {
        let (outbox, gate, done) = (Outbox::new(), Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
        for _ in 0..WAITING {
            let (gate, done) = (Arc::clone(&gate), Arc::clone(&done));
            let work = async move {
                gate.acquire().await.unwrap().forget();
                done.fetch_add(1, Ordering::Relaxed);
            };
            outbox.submit(work).unwrap();
        }
        assert!(outbox.submit(async {}).unwrap_err().to_string().contains("too many mails"));
        gate.add_permits(RUNNING);
        while done.load(Ordering::Relaxed) < RUNNING {
            tokio::task::yield_now().await;
        }
        gate.add_permits(WAITING as usize);
        outbox.finish().await;
        assert_eq!(done.load(Ordering::Relaxed), WAITING as usize);
        assert!(outbox.submit(async {}).is_ok());
    }
}
