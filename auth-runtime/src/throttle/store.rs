//! The trait of the stores that keep buckets.

use std::{future::Future, pin::Pin, sync::Arc};

use super::{Bucket, BucketKey};
use crate::authenticate::Unavailable;

/// The future that [`AttemptStore::update`] returns.
pub type UpdateFuture<'a> = Pin<Box<dyn Future<Output = Result<(), Unavailable>> + Send + 'a>>;

/// A store of [`Bucket`]s by their [`BucketKey`]. Processes that share a store count together.
///
/// The store keeps rows; the rule is in `change`. It gets the time in milliseconds since 1970, of one clock that all
/// processes share, such as that of the database. Clocks that are minutes apart would drop each other's counts.
///
/// In a database, an update is one transaction:
///
/// 1. Insert the missing rows, as a missing row cannot be locked.
/// 2. Select all rows for update in the order of `keys`, and the time.
/// 3. Call `change`.
/// 4. Write the rows that differ.
///
/// Delete rows past [`Bucket::expires_at`] now and then.
///
/// ```
/// use std::{collections::HashMap, sync::Mutex, time::SystemTime};
/// use auth_runtime::throttle::{AttemptStore, Bucket, BucketKey, UpdateFuture};
///
/// #[derive(Default)]
/// struct Rows(Mutex<HashMap<[u8; 32], Bucket>>);
///
/// impl AttemptStore for Rows {
///     fn update<'a>(
///         &'a self,
///         keys: &'a [BucketKey],
///         change: &'a mut (dyn FnMut(&mut [Bucket], i64) + Send),
///     ) -> UpdateFuture<'a> {
///         Box::pin(async move {
///             let mut rows = self.0.lock().unwrap();
///             let mut buckets: Vec<Bucket> =
///                 keys.iter().map(|key| rows.get(key.as_bytes()).copied().unwrap_or_default()).collect();
///             let before = buckets.clone();
///             // All tasks share the clock of this process.
///             let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
///             change(&mut buckets, i64::try_from(now).unwrap());
///             for (key, (before, after)) in keys.iter().zip(before.iter().zip(buckets)) {
///                 if *before != after {
///                     rows.insert(*key.as_bytes(), after);
///                 }
///             }
///             Ok(())
///         })
///     }
/// }
/// ```
pub trait AttemptStore: Send + Sync + 'static {
    /// Loads the buckets of these keys, lets `change` change them, and saves those that differ.
    ///
    /// A key without a row has a [`Bucket::default`]. The keys are sorted, and each is there once. No other caller may
    /// change these buckets in between. A store that finds a conflict loads them again and calls `change` again; only
    /// the last call counts.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer; the caller gets a 503. Nothing was changed then.
    fn update<'a>(
        &'a self,
        keys: &'a [BucketKey],
        change: &'a mut (dyn FnMut(&mut [Bucket], i64) + Send),
    ) -> UpdateFuture<'a>;
}

impl<S: AttemptStore> AttemptStore for Arc<S> {
    fn update<'a>(
        &'a self,
        keys: &'a [BucketKey],
        change: &'a mut (dyn FnMut(&mut [Bucket], i64) + Send),
    ) -> UpdateFuture<'a> {
        S::update(self, keys, change)
    }
}
