//! Limits how often the last use of a key is written.

use quick_cache::sync::Cache;

/// The seconds between two writes for one key.
const INTERVAL: i64 = 60;

/// The time of the last write for each key, in this process.
pub(crate) struct LastUsed(Cache<Box<str>, i64>);

impl LastUsed {
    pub(crate) fn new(capacity: usize) -> Self {
        Self(Cache::new(capacity))
    }

    /// Returns whether a write is due, and records it as done.
    pub(crate) fn is_due(&self, id: &str, now: i64) -> bool {
        if self.0.get(id).is_some_and(|last| last <= now && now < last + INTERVAL) {
            return false;
        }
        self.0.insert(id.into(), now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::LastUsed;

    #[test]
    fn r52_use_of_a_key_is_written_once_a_minute() {
        let used = LastUsed::new(10);
        for (now, is_due) in [(1000, true), (1000, false), (1059, false), (1060, true), (1119, false), (500, true)] {
            assert_eq!(used.is_due("a", now), is_due, "{now}");
        }
        assert!(used.is_due("b", 1000));
    }
}
