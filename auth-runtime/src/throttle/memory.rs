//! The buckets of one process, in its memory.

use std::{
    future::ready,
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use quick_cache::unsync::Cache;

use super::{AttemptStore, Bucket, BucketKey, UpdateFuture};
use crate::authenticate::Unavailable;

const CAPACITY: usize = 100_000;

/// A bounded number of buckets in memory.
///
/// When there are too many, buckets that were used once are evicted first. An attacker needs thousands of addresses to
/// evict a bucket in use: each new bucket costs an attempt, and an address has few of them. Buckets with a sign-in, and
/// names with a replaced password, have a cache of their own. Attempts without a password cannot evict these.
pub(super) struct MemoryAttempts {
    buckets: Mutex<Buckets>,
    /// Replaced in tests.
    clock: Box<dyn Fn() -> SystemTime + Send + Sync>,
}

struct Buckets {
    tried: Cache<BucketKey, Bucket>,
    known: Cache<BucketKey, Bucket>,
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

    /// Returns the time since 1970. A clock before 1970 is wrong, so the store is unavailable.
    fn now(&self) -> Result<i64, Unavailable> {
        let since = (self.clock)().duration_since(SystemTime::UNIX_EPOCH).map_err(Unavailable::new)?;
        i64::try_from(since.as_millis()).map_err(Unavailable::new)
    }

    fn change(&self, keys: &[BucketKey], change: &mut dyn FnMut(&mut [Bucket], i64)) -> Result<(), Unavailable> {
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
    fn load(&self, key: &BucketKey) -> Bucket {
        self.known.get(key).or_else(|| self.tried.get(key)).copied().unwrap_or_default()
    }

    fn save(&mut self, key: BucketKey, bucket: Bucket) {
        if bucket.succeeded_at.is_some() {
            self.tried.remove(&key);
            self.known.insert(key, bucket);
        } else {
            self.tried.insert(key, bucket);
        }
    }
}

impl AttemptStore for MemoryAttempts {
    fn update<'a>(
        &'a self,
        keys: &'a [BucketKey],
        change: &'a mut (dyn FnMut(&mut [Bucket], i64) + Send),
    ) -> UpdateFuture<'a> {
        Box::pin(ready(self.change(keys, change)))
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::{AttemptStore, Bucket, BucketKey, MemoryAttempts};
    use crate::{client_ip::ClientAddress, throttle::key::KeyDerivation};

    fn key(number: u32) -> BucketKey {
        let address = IpAddr::V4(Ipv4Addr::from_bits(number));
        KeyDerivation::default().failure(ClientAddress::from(address))
    }

    async fn write(store: &MemoryAttempts, key: BucketKey, bucket: Bucket) {
        store.update(&[key], &mut |buckets, _| buckets[0] = bucket).await.unwrap();
    }

    async fn read(store: &MemoryAttempts, key: BucketKey) -> Bucket {
        let mut read = Bucket::default();
        store.update(&[key], &mut |buckets, _| read = buckets[0]).await.unwrap();
        read
    }

    fn tried(times: i64) -> Bucket {
        Bucket { empty_at: times, last: times, succeeded_at: None }
    }

    #[tokio::test]
    async fn changed_buckets_are_kept_and_unchanged_ones_are_not() {
        let store = MemoryAttempts::new();
        write(&store, key(1), tried(1)).await;
        assert_eq!(read(&store, key(1)).await, tried(1));
        assert_eq!(read(&store, key(2)).await, Bucket::default());
        assert_eq!(store.buckets.lock().unwrap().tried.len(), 1);
    }

    #[tokio::test]
    async fn r76_the_number_of_buckets_is_bounded_and_a_flood_evicts_none_in_use() {
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
        assert_eq!(read(&store, key(1)).await.succeeded_at, Some(1), "no other address has signed in");
        let buckets = store.buckets.lock().unwrap();
        assert!(buckets.tried.len() <= 1000 && buckets.known.len() == 1);
    }

    #[tokio::test]
    async fn a_sign_in_moves_the_bucket_to_the_known_ones() {
        let store = MemoryAttempts::new();
        write(&store, key(1), tried(1)).await;
        write(&store, key(1), Bucket { succeeded_at: Some(1), ..tried(2) }).await;
        write(&store, key(1), Bucket { succeeded_at: Some(1), ..tried(3) }).await;
        assert_eq!(read(&store, key(1)).await, Bucket { succeeded_at: Some(1), ..tried(3) });
        let buckets = store.buckets.lock().unwrap();
        assert_eq!((buckets.tried.len(), buckets.known.len()), (0, 1));
    }
}
