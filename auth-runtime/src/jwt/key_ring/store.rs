//! The records of signing keys, and where they are kept.

use std::{fmt, future::Future, sync::Arc, time::SystemTime};

use crate::{authenticate::Unavailable, jwt::stale::StaleHandle};

/// A signing key as a store keeps it. Its times are in whole seconds.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKeyRecord {
    /// The name of the key: its thumbprint (RFC 7638), the `kid` of its tokens.
    pub id: String,
    /// Since when the key is published.
    pub published_at: SystemTime,
    /// From when on the key signs.
    pub signs_from: SystemTime,
    /// When the key was retired.
    pub retired_at: Option<SystemTime>,
    /// The sealed private key; empty once the key is retired.
    pub sealed: Vec<u8>,
}

impl SigningKeyRecord {
    /// Returns a record without a private key. Times are cut to whole seconds.
    #[must_use]
    pub fn new(id: impl Into<String>, published_at: SystemTime, signs_from: SystemTime) -> Self {
        let (published_at, signs_from) = (whole(published_at), whole(signs_from));
        Self { id: id.into(), published_at, signs_from, retired_at: None, sealed: Vec::new() }
    }
}

/// Returns the seconds since 1970.
pub(super) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn whole(time: SystemTime) -> SystemTime {
    SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds(time))
}

/// Without the private key, though it is sealed.
impl fmt::Debug for SigningKeyRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKeyRecord")
            .field("id", &self.id)
            .field("published_at", &self.published_at)
            .field("signs_from", &self.signs_from)
            .field("retired_at", &self.retired_at)
            .finish_non_exhaustive()
    }
}

/// A store of signing keys. Private keys reach it sealed. `SqlUsers` and `RedisStore` of the crate `auth-store`
/// implement it.
pub trait SigningKeyStore: Send + Sync + 'static {
    /// Returns all keys in the order in which they were added.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer.
    fn keys(&self) -> impl Future<Output = Result<Vec<SigningKeyRecord>, Unavailable>> + Send;

    /// Adds a key if the key with the id `newest` was added last; with `None`, if there is no key. Returns whether it
    /// was added. Of several processes that add a key at once, one succeeds.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer.
    fn add(
        &self,
        key: &SigningKeyRecord,
        newest: Option<&str>,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Marks a key as retired, and deletes its private key. A key that is retired already keeps the earlier time. An
    /// unknown id changes nothing.
    ///
    /// `remaining` is another key, which signs instead. If it does not exist or is retired, nothing changes, and the
    /// result is `false`. So if two processes retire the last two keys at once, one succeeds.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer.
    fn retire(
        &self,
        id: &str,
        at: SystemTime,
        remaining: Option<&str>,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Deletes a key, unless it was added last: [`add`](Self::add) names that one. An unknown id changes nothing.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer.
    fn remove(&self, id: &str) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Takes a handle, to be called after a change by any process (default: drops it).
    ///
    /// Without a call, the keys are read again after 24 seconds.
    fn notify(&self, ring: StaleHandle) {
        let _ = ring;
    }
}

impl<S: SigningKeyStore> SigningKeyStore for Arc<S> {
    async fn keys(&self) -> Result<Vec<SigningKeyRecord>, Unavailable> {
        S::keys(self).await
    }

    async fn add(&self, key: &SigningKeyRecord, newest: Option<&str>) -> Result<bool, Unavailable> {
        S::add(self, key, newest).await
    }

    async fn retire(&self, id: &str, at: SystemTime, remaining: Option<&str>) -> Result<bool, Unavailable> {
        S::retire(self, id, at, remaining).await
    }

    async fn remove(&self, id: &str) -> Result<(), Unavailable> {
        S::remove(self, id).await
    }

    fn notify(&self, ring: StaleHandle) {
        S::notify(self, ring);
    }
}
