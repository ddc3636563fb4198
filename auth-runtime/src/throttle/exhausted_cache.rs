//! A cache of the exhausted buckets of a shared store.
//!
//! Nothing is refunded to these buckets, so an exhausted one stays so until its wait is over. The cache answers until
//! then: without it, a flood of wrong API keys would be a flood of writes.

use std::{sync::Arc, time::Instant};

use quick_cache::sync::Cache;

use super::{BucketKey, limits::LimitReached};

const CAPACITY: usize = 10_000;

/// The buckets that were found exhausted, with the time. Clones share the cache.
#[derive(Clone)]
pub(super) struct ExhaustedCache(Arc<Cache<BucketKey, (LimitReached, Instant)>>);

impl ExhaustedCache {
    pub(super) fn insert(&self, key: BucketKey, limit: LimitReached) {
        self.0.insert(key, (limit, Instant::now()));
    }

    /// Returns the limit with the wait that is left; `None` if the bucket has room again.
    pub(super) fn get(&self, key: &BucketKey) -> Option<LimitReached> {
        let (limit, since) = self.0.get(key)?;
        limit.after(since.elapsed())
    }
}

impl Default for ExhaustedCache {
    fn default() -> Self {
        Self(Arc::new(Cache::new(CAPACITY)))
    }
}
