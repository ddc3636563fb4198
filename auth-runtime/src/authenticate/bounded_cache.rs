//! A bounded cache of verified credentials.

use foldhash::quality::RandomState;
use quick_cache::{
    UnitWeighter,
    sync::{Cache, DefaultLifecycle},
};

/// A bounded cache.
///
/// Its hash is fast, but an attacker who chooses keys can make them collide. So insert verified credentials only.
pub(crate) type BoundedCache<K, V> = Cache<K, V, UnitWeighter, RandomState>;

/// Returns an empty cache for this many entries.
pub(crate) fn bounded_cache<K, V>(capacity: usize) -> BoundedCache<K, V>
where
    K: std::hash::Hash + Eq,
    V: Clone,
{
    Cache::with(capacity, capacity as u64, UnitWeighter, RandomState::default(), DefaultLifecycle::default())
}
