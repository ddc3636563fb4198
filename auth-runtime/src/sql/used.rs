//! When keys were used last, without a write for each request.

use quick_cache::sync::Cache;

use super::{SqlUsers, StoreError, time::now};

/// A key that is used all the time is written down once in so many seconds.
const INTERVAL: i64 = 60;

/// When each key was written down last, in this process.
pub(super) struct LastUsed(Cache<Box<str>, i64>);

impl LastUsed {
    pub(super) fn new(capacity: usize) -> Self {
        Self(Cache::new(capacity))
    }

    /// Whether it is time to write the key down, which the caller then does.
    fn is_due(&self, id: &str, now: i64) -> bool {
        if self.0.get(id).is_some_and(|last| last <= now && now < last + INTERVAL) {
            return false;
        }
        self.0.insert(id.into(), now);
        true
    }
}

impl SqlUsers {
    /// Writes down that a key was used, beside the request. A failure is logged: it is no reason to refuse anybody.
    pub(super) fn note_use(&self, id: &str) {
        let now = now();
        if !self.0.used.is_due(id, now) {
            return;
        }
        let (store, id) = (self.clone(), id.to_owned());
        tokio::spawn(async move {
            if let Err(error) = store.write_use(&id, now).await {
                tracing::warn!(%error, id, "the last use of an API key cannot be written down");
            }
        });
    }

    async fn write_use(&self, id: &str, now: i64) -> Result<(), StoreError> {
        let database = &self.0.database;
        // Another process may have written a later time.
        let sql =
            "UPDATE auth_api_key SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)";
        let query = database.query(sql).bind(now).bind(id.to_owned()).bind(now);
        database.within(query.execute(database.pool())).await?;
        Ok(())
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
