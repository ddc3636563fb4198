//! The outcome of a change in the database and in Redis.

use crate::error::Failure;

/// A change that was made in the database, and made or attempted in Redis.
#[must_use = "Redis may have failed"]
pub(crate) struct Changed<T> {
    /// The results together, without that of a Redis that failed.
    pub(crate) done: T,
    failure: Option<Failure>,
}

impl<T> Changed<T> {
    /// Waits for Redis, if there is one, and joins the results.
    pub(super) async fn join(
        in_database: T,
        in_redis: Option<impl Future<Output = Result<T, Failure>>>,
        add: impl FnOnce(T, T) -> T,
    ) -> Self {
        let Some(in_redis) = in_redis else { return Self { done: in_database, failure: None } };
        match in_redis.await {
            Ok(in_redis) => Self { done: add(in_database, in_redis), failure: None },
            Err(failure) => Self { done: in_database, failure: Some(failure) },
        }
    }

    /// Returns the failure of Redis, if it failed. `sentence` says what was done.
    pub(crate) fn complete(self, sentence: &str) -> Result<(), Failure> {
        let done = || format!("{sentence} in the database, but Redis failed; run the command again");
        self.failure.map_or(Ok(()), |failure| Err(failure.after(done())))
    }

    /// Returns the failure of Redis as it is, for a change that did nothing in the database.
    pub(crate) fn nothing_done(self) -> Result<(), Failure> {
        self.failure.map_or(Ok(()), Err)
    }
}
