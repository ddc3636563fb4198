//! Where attempts are counted.

use std::{future::Future, pin::Pin, sync::Arc};

use super::{Bucket, Key};
use crate::authenticate::Unavailable;

/// What [`AttemptStore::update`] returns.
pub type Updating<'a> = Pin<Box<dyn Future<Output = Result<(), Unavailable>> + Send + 'a>>;

/// A store of what was tried: rows of a [`Bucket`] by their [`Key`]. One that several processes share bounds what is
/// tried at all of them together.
///
/// It only keeps rows; the rule is in `change`, which is told the time as well, in milliseconds since 1970. That is of a
/// clock that all processes share, such as the one of a database: with clocks that are minutes apart, each would forget
/// what was tried at the others. In a database it is one transaction: put in the rows that are not there, as an empty one
/// cannot be locked; select all of them for update, in the order of `keys`, and the time; call `change`; write those that
/// differ. Delete rows past [`Bucket::expires_at`] now and then.
///
/// ```
/// use std::{collections::HashMap, sync::Mutex, time::SystemTime};
/// use auth_runtime::throttle::{AttemptStore, Bucket, Key, Updating};
///
/// #[derive(Default)]
/// struct Rows(Mutex<HashMap<[u8; 32], Bucket>>);
///
/// impl AttemptStore for Rows {
///     fn update<'a>(
///         &'a self,
///         keys: &'a [Key],
///         change: &'a mut (dyn FnMut(&mut [Bucket], i64) + Send),
///     ) -> Updating<'a> {
///         Box::pin(async move {
///             let mut rows = self.0.lock().unwrap();
///             let mut buckets: Vec<Bucket> =
///                 keys.iter().map(|key| rows.get(key.as_bytes()).copied().unwrap_or_default()).collect();
///             let before = buckets.clone();
///             // All processes that share this are one.
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
    /// Loads the buckets of these keys ([`Bucket::default`] where there is none), lets `change` change them, and saves
    /// those that it has changed. The keys are sorted, and each is there once.
    ///
    /// Nobody else may change them in between. A store that finds out that somebody has, loads them again and calls
    /// `change` again; only the last call counts.
    ///
    /// # Errors
    /// [`Unavailable`] if that cannot be done now, which is a 503. Nothing was changed then.
    fn update<'a>(&'a self, keys: &'a [Key], change: &'a mut (dyn FnMut(&mut [Bucket], i64) + Send)) -> Updating<'a>;
}

impl<S: AttemptStore> AttemptStore for Arc<S> {
    fn update<'a>(&'a self, keys: &'a [Key], change: &'a mut (dyn FnMut(&mut [Bucket], i64) + Send)) -> Updating<'a> {
        S::update(self, keys, change)
    }
}
