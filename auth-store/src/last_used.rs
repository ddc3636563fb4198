//! When keys were used last, without a write for each request.

use quick_cache::sync::Cache;

/// A key that is used all the time is written down once in so many seconds.
const INTERVAL: i64 = 60;

/// When each key was written down last, in this process.
pub(crate) struct LastUsed(Cache<Box<str>, i64>);

impl LastUsed {
    pub(crate) fn new(capacity: usize) -> Self {
        Self(Cache::new(capacity))
    }

    /// Whether it is time to write the key down, which the caller then does.
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
    fn r52_a_key_is_written_down_once_a_minute() {
        let used = LastUsed::new(10);
        for (now, is_due) in [(1000, true), (1000, false), (1059, false), (1060, true), (1119, false), (500, true)] {
            assert_eq!(used.is_due("a", now), is_due, "{now}");
        }
        assert!(used.is_due("b", 1000));
    }
}
