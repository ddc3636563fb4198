//! Buckets from which nothing is given back: for as long as one is full, this process need not ask the store again. A flood
//! of wrong keys would be one of writes.

use std::{sync::Arc, time::Instant};

use quick_cache::sync::Cache;

use super::{Key, limits::Full};

const CAPACITY: usize = 10_000;

/// Those that were found full, and when. Clones share it.
#[derive(Clone)]
pub(super) struct Closed(Arc<Cache<Key, (Full, Instant)>>);

impl Closed {
    pub(super) fn insert(&self, key: Key, full: Full) {
        self.0.insert(key, (full, Instant::now()));
    }

    /// How full it is now, if it still is.
    pub(super) fn full(&self, key: &Key) -> Option<Full> {
        let (full, since) = self.0.get(key)?;
        full.after(since.elapsed())
    }
}

impl Default for Closed {
    fn default() -> Self {
        Self(Arc::new(Cache::new(CAPACITY)))
    }
}
