//! What was tried at this process.

use std::{
    future::ready,
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use quick_cache::unsync::Cache;

use super::{AttemptStore, Bucket, Key, Updating};
use crate::authenticate::Unavailable;

const CAPACITY: usize = 100_000;

/// A bounded number of buckets, in the memory of this process.
///
/// When there are more, those go first that were asked for once and not again. To drive out one that is in use, somebody
/// needs thousands of addresses: a new bucket costs an attempt, and an address has few of them. What signed in is kept
/// apart, with names whose password was replaced, so that nobody without a password drives it out.
pub(super) struct MemoryAttempts {
    buckets: Mutex<Buckets>,
    /// Another one in tests.
    clock: Box<dyn Fn() -> SystemTime + Send + Sync>,
}

struct Buckets {
    tried: Cache<Key, Bucket>,
    known: Cache<Key, Bucket>,
}

impl MemoryAttempts {
    pub(super) fn new() -> Self {
        Self::with_capacity(CAPACITY)
    }

    fn with_capacity(capacity: usize) -> Self {
        let buckets = Buckets { tried: Cache::new(capacity), known: Cache::new(capacity) };
        Self { buckets: Mutex::new(buckets), clock: Box::new(SystemTime::now) }
    }

    #[cfg(test)]
    pub(super) fn with_clock(self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self { clock: Box::new(clock), ..self }
    }

    /// The time since 1970. With a clock that cannot be right nobody can tell how long ago anything was.
    fn now(&self) -> Result<i64, Unavailable> {
        let since = (self.clock)().duration_since(SystemTime::UNIX_EPOCH).map_err(Unavailable::new)?;
        i64::try_from(since.as_millis()).map_err(Unavailable::new)
    }

    fn change(&self, keys: &[Key], change: &mut dyn FnMut(&mut [Bucket], i64)) -> Result<(), Unavailable> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let before: Vec<Bucket> = keys.iter().map(|key| buckets.load(key)).collect();
        let mut after = before.clone();
        change(&mut after, self.now()?);
        for (key, (before, after)) in keys.iter().zip(before.into_iter().zip(after)) {
            if before != after {
                buckets.save(*key, after);
            }
        }
        Ok(())
    }
}

impl Buckets {
    fn load(&self, key: &Key) -> Bucket {
        self.known.get(key).or_else(|| self.tried.get(key)).copied().unwrap_or_default()
    }

    fn save(&mut self, key: Key, bucket: Bucket) {
        if bucket.succeeded_at.is_some() {
            self.tried.remove(&key);
            self.known.insert(key, bucket);
        } else {
            self.tried.insert(key, bucket);
        }
    }
}

impl AttemptStore for MemoryAttempts {
    fn update<'a>(&'a self, keys: &'a [Key], change: &'a mut (dyn FnMut(&mut [Bucket], i64) + Send)) -> Updating<'a> {
        Box::pin(ready(self.change(keys, change)))
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::{AttemptStore, Bucket, Key, MemoryAttempts};
    use crate::{client_ip::ClientAddress, throttle::key::KeyMaker};

    fn key(number: u32) -> Key {
        let address = IpAddr::V4(Ipv4Addr::from_bits(number));
        KeyMaker::default().failure(ClientAddress::from(address))
    }

    async fn write(store: &MemoryAttempts, key: Key, bucket: Bucket) {
        store.update(&[key], &mut |buckets, _| buckets[0] = bucket).await.unwrap();
    }

    async fn read(store: &MemoryAttempts, key: Key) -> Bucket {
        let mut read = Bucket::default();
        store.update(&[key], &mut |buckets, _| read = buckets[0]).await.unwrap();
        read
    }

    fn tried(times: i64) -> Bucket {
        Bucket { empty_at: times, last: times, succeeded_at: None }
    }

    #[tokio::test]
    async fn what_is_changed_is_there_and_what_is_not_takes_no_room() {
        let store = MemoryAttempts::new();
        write(&store, key(1), tried(1)).await;
        assert_eq!(read(&store, key(1)).await, tried(1));
        assert_eq!(read(&store, key(2)).await, Bucket::default());
        assert_eq!(store.buckets.lock().unwrap().tried.len(), 1);
    }

    #[tokio::test]
    async fn r76_what_is_remembered_is_bounded_and_a_flood_drives_out_nothing_that_is_in_use() {
        let store = MemoryAttempts::with_capacity(1000);
        for times in 1..10 {
            write(&store, key(0), tried(times)).await;
        }
        write(&store, key(1), Bucket { succeeded_at: Some(1), ..tried(0) }).await;
        for number in 10..20_000 {
            write(&store, key(number), tried(1)).await;
            if number % 500 == 0 {
                assert_eq!(read(&store, key(0)).await, tried(9), "after {number}");
            }
        }
        assert_eq!(read(&store, key(1)).await.succeeded_at, Some(1), "nobody else has signed in");
        let buckets = store.buckets.lock().unwrap();
        assert!(buckets.tried.len() <= 1000 && buckets.known.len() == 1);
    }

    #[tokio::test]
    async fn what_signs_in_moves_to_those_that_did() {
        let store = MemoryAttempts::new();
        write(&store, key(1), tried(1)).await;
        write(&store, key(1), Bucket { succeeded_at: Some(1), ..tried(2) }).await;
        write(&store, key(1), Bucket { succeeded_at: Some(1), ..tried(3) }).await;
        assert_eq!(read(&store, key(1)).await, Bucket { succeeded_at: Some(1), ..tried(3) });
        let buckets = store.buckets.lock().unwrap();
        assert_eq!((buckets.tried.len(), buckets.known.len()), (0, 1));
    }
}
