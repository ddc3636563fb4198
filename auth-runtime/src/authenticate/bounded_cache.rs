//! A bounded cache of what was verified before.

use foldhash::quality::RandomState;
use quick_cache::{
    UnitWeighter,
    sync::{Cache, DefaultLifecycle},
};

/// A bounded cache.
///
/// Its hash is fast, and not made to withstand keys that an attacker chooses. So insert only what was verified.
pub(crate) type BoundedCache<K, V> = Cache<K, V, UnitWeighter, RandomState>;

/// Returns an empty cache for this many entries.
pub(crate) fn bounded_cache<K, V>(capacity: usize) -> BoundedCache<K, V>
where
    K: std::hash::Hash + Eq,
    V: Clone,
{
    Cache::with(capacity, capacity as u64, UnitWeighter, RandomState::default(), DefaultLifecycle::default())
}
