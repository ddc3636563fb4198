//! Rate limits and lockouts for attempts to authenticate, applied before a credential is verified.
//!
//! [`Throttle`] is the entry point. This page has its rules.
//!
//! # Buckets
//!
//! Each attempt with a name and a password is counted in three buckets before the password is hashed:
//!
//! | bucket | limit (default) | when the limit is reached |
//! |---|---|---|
//! | one name from one address | 5 attempts | one attempt after each lockout; the first last 1, 2 and 4 minutes, the next two 8 minutes each, and all later ones 15 |
//! | one address | 25 attempts | one attempt per minute |
//! | one name | 41 attempts | one attempt per six minutes: at most 50 in any hour |
//!
//! 1. If one of the buckets is full, the request gets 429 with `Retry-After`, whether or not the password is right. It
//!    is counted in none of them, so retrying does not extend a lockout.
//! 2. If the password is right, the attempt is refunded, and the bucket of the name and address is emptied. Only
//!    failures stay counted.
//! 3. If the password was not verified, for example because the pool of hashes was full, the attempt is refunded.
//! 4. An attempt whose request is dropped stays counted, like a failure.
//! 5. Wrong API keys, client secrets and refresh tokens have no name. They are counted after verification, in a second
//!    bucket for each address.
//! 6. Unknown session cookies are counted there as well. Once this process has found that bucket full, a cookie that it
//!    has not seen gets 429 before it is looked up.
//!
//! Names are compared without letter case, accents and invisible characters, whether the user exists or not. An IPv6
//! network of 2^64 addresses counts as one address.
//!
//! # Known addresses
//!
//! An address is known for a name for 30 days after a sign-in. The bucket of the name is shared by all unknown
//! addresses; each known address has a bucket of its own. So **no attacker can lock a user out of a known address** by
//! guessing from elsewhere.
//!
//! If a user replaces the password, all addresses but that of the request become unknown: other people may have known
//! the former one. If an administrator replaces it, all addresses become unknown.
//!
//! From unknown addresses, an attacker gets at most 50 attempts an hour at one name. From each known address that the
//! attacker shares with the user, there are at most 50 more. With one such address, these are the 100 of ASVS 4.0,
//! 2.2.1.
//!
//! # Queues
//!
//! Attempts with one name from one address run one after the other in each process. From one address, as many attempts
//! run at once as a third of its limit. The others wait. A queue has room for 1000 attempts; more requests get 429. So
//! a burst of requests with the right password is not throttled, and a burst of guesses gets no more attempts than
//! guesses one by one.
//!
//! # Stores
//!
//! The buckets are in memory, or in an [`AttemptStore`] that several processes share. A store that fails makes the
//! request fail with 503: no attempt is verified that is not counted. If only the refund fails, the caller is let in.

mod bucket;
mod error;
mod exhausted_cache;
mod key;
mod limiter;
mod limits;
mod memory;
mod queue;
mod store;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

#[cfg(feature = "basic")]
pub(crate) use self::key::MAX_NAME_LEN;
pub use self::{
    bucket::Bucket,
    error::ThrottleError,
    key::BucketKey,
    limiter::Attempt,
    store::{AttemptStore, UpdateFuture},
};
use self::{key::KeyDerivation, limiter::RateLimiter, limits::Limits, memory::MemoryAttempts};
use crate::{
    authenticate::{AuthenticationError, Unavailable},
    client_ip::ClientAddress,
};

/// A rate limit for failed attempts to authenticate. Cheap to clone: clones count together.
///
/// The [module documentation](self) has its rules. Tokens and API keys that are right are never throttled. A cached
/// password is not throttled for its address, unless guesses from there evict it.
///
/// ```
/// use auth_runtime::throttle::Throttle;
///
/// // For a service with many people behind one address.
/// let throttle = Throttle::in_memory().per_address(100)?;
///
/// let error = Throttle::in_memory().per_name(1000).unwrap_err();
/// assert_eq!(error.to_string(), "1000 attempts per name are out of range: set 10 to 100");
/// # Ok::<(), auth_runtime::throttle::ThrottleError>(())
/// ```
///
/// An authenticator of your own counts before it verifies, and reports success:
///
/// ```
/// use auth_runtime::{authenticate::*, credential::BasicCredentials, throttle::Throttle};
///
/// #[derive(Clone)]
/// struct Directory {
///     throttle: Throttle,
/// }
///
/// impl Authenticator for Directory {
///     type Credential = BasicCredentials;
///
///     async fn authenticate(
///         &self,
///         credentials: BasicCredentials,
///         context: &Context,
///     ) -> Result<Identity, AuthenticationError> {
///         let attempt = self.throttle.attempt(context.client(), credentials.username()).await?;
///         // Ask the directory here.
///         if credentials.password() != "correct horse" {
///             return Err(AuthenticationError::invalid("user name or password"));
///         }
///         attempt.succeeded().await;
///         Ok(context.identity("directory", credentials.username()).build())
///     }
///
///     fn is_throttled(&self) -> bool {
///         self.throttle.is_on()
///     }
/// }
/// ```
///
/// # What it does not protect against
///
/// - Password spraying: a few guesses at many names from many addresses. Require long passwords.
/// - A user at an unknown address while an attacker guesses their password. They share the hourly limit, and the user
///   may have to wait.
/// - A wrong client address. Until [`TrustedProxies`](crate::client_ip::TrustedProxies) are configured, all callers
///   behind a proxy share its address, and one attacker locks out the others.
/// - Users who share an address with an attacker. They share its limits, and the attacker can find out that a name has
///   signed in there.
/// - In memory, a restart, and attempts at other processes: use [`shared`](Self::shared). At most 100 000 buckets
///   without a sign-in are kept, so an attacker with thousands of addresses can evict some.
#[derive(Clone)]
pub struct Throttle(Option<Arc<RateLimiter>>);

impl Throttle {
    /// Counts in the memory of this process.
    #[must_use]
    pub fn in_memory() -> Self {
        Self(Some(Arc::new(RateLimiter::new(MemoryAttempts::new()))))
    }

    /// Counts in a store that several processes share.
    #[must_use]
    pub fn shared(store: impl AttemptStore) -> Self {
        Self(Some(Arc::new(RateLimiter::shared(store))))
    }

    pub(crate) const fn off() -> Self {
        Self(None)
    }

    /// Sets how many attempts one name has from one address before the first lockout: 1 to 10 (default: 5).
    ///
    /// # Errors
    /// [`ThrottleError::Range`] if the number is out of range.
    pub fn per_name_and_address(self, attempts: u32) -> Result<Self, ThrottleError> {
        let pair = Limits::pair(attempts)?;
        Ok(self.with(|limiter| limiter.limits.pair = pair))
    }

    /// Sets how many attempts one address has in any minute: 1 to 1000 (default: 25).
    ///
    /// When they are used up, a 25th of them, rounded up, comes back in each minute. A third of them may be
    /// verified at once in this process, and others wait.
    ///
    /// # Errors
    /// [`ThrottleError::Range`] if the number is out of range.
    pub fn per_address(self, attempts: u32) -> Result<Self, ThrottleError> {
        let address = Limits::address(attempts)?;
        Ok(self.with(|limiter| limiter.limits.address = address))
    }

    /// Sets how many attempts one name has in any hour, from all unknown addresses: 10 to 100 (default: 50; ASVS 4.0,
    /// 2.2.1). At most four fifths of them, plus one, may be used at once. After that, a fifth of
    /// them comes back in each hour.
    ///
    /// # Errors
    /// [`ThrottleError::Range`] if the number is out of range.
    pub fn per_name(self, attempts: u32) -> Result<Self, ThrottleError> {
        let name = Limits::name(attempts)?;
        Ok(self.with(|limiter| limiter.limits.name = name))
    }

    /// Sets the secret for the [`BucketKey`]s: at least 32 bytes, the same in all processes (default: none). With it, a
    /// reader of the store cannot brute-force the names.
    ///
    /// # Errors
    /// [`ThrottleError::ShortSecret`] if the secret is shorter.
    pub fn secret(self, secret: impl AsRef<[u8]>) -> Result<Self, ThrottleError> {
        let keys = KeyDerivation::new(secret.as_ref())?;
        Ok(self.with(|limiter| limiter.keys = keys))
    }

    /// Sets the limits for what users rarely do: 3 attempts with one name from one address, and 10 with one name in any
    /// hour. Names count apart from those of sign-ins; addresses count together.
    #[cfg(feature = "account")]
    pub(crate) fn for_rare_attempts(self) -> Self {
        self.with(|limiter| {
            limiter.limits = limiter.limits.for_rare_attempts();
            limiter.keys = limiter.keys.clone().for_other_names();
        })
    }

    fn with(self, change: impl FnOnce(&mut RateLimiter)) -> Self {
        Self(self.0.map(|limiter| {
            let mut limiter = Arc::unwrap_or_clone(limiter);
            change(&mut limiter);
            Arc::new(limiter)
        }))
    }

    /// Returns whether attempts are counted.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Counts an attempt with this name, before the password is verified. Report the outcome to the [`Attempt`].
    ///
    /// It waits in a queue until earlier attempts are dropped (see [Queues](self#queues)). If you cache verified
    /// passwords, look into the cache again afterwards.
    ///
    /// # Errors
    /// [`AuthenticationError::throttled`] if a limit is reached; [`AuthenticationError::unavailable`] if the store does
    /// not answer.
    pub async fn attempt(&self, client: ClientAddress, name: &str) -> Result<Attempt, AuthenticationError> {
        match &self.0 {
            Some(limiter) => Arc::clone(limiter).attempt(client, name).await,
            None => Ok(Attempt::uncounted()),
        }
    }

    /// Makes all addresses unknown for this name. Call it when the password was replaced, or the name has another user.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer.
    pub async fn forget_addresses(&self, name: &str) -> Result<(), Unavailable> {
        match &self.0 {
            Some(limiter) => limiter.forget_addresses(name).await,
            None => Ok(()),
        }
    }

    /// Makes this address known for the name, and ends its lockout. Call it when the user has replaced the password by
    /// a link in a mail: such a second channel opens a locked account (ASVS 6.3.1).
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer.
    pub async fn proven_elsewhere(&self, client: ClientAddress, name: &str) -> Result<(), Unavailable> {
        match &self.0 {
            Some(limiter) => limiter.proven_elsewhere(client, name).await,
            None => Ok(()),
        }
    }

    /// Rejects an address without room for one more [failure](Self::failed), before a credential without a name is
    /// looked up.
    #[cfg(feature = "session")]
    pub(crate) async fn check_failures(&self, client: ClientAddress) -> Result<(), AuthenticationError> {
        match &self.0 {
            Some(limiter) => limiter.check_failures(client).await,
            None => Ok(()),
        }
    }

    /// Counts a wrong credential that has no name, such as an API key. Right credentials are never throttled.
    ///
    /// # Errors
    /// As [`attempt`](Self::attempt), to be returned in place of the error of the credential. The limit is that of an
    /// address.
    pub async fn failed(&self, client: ClientAddress) -> Result<(), AuthenticationError> {
        match &self.0 {
            Some(limiter) => limiter.failed(client).await,
            None => Ok(()),
        }
    }
}

impl Default for Throttle {
    /// Counts in memory.
    fn default() -> Self {
        Self::in_memory()
    }
}

impl fmt::Debug for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = self.0.as_ref().map(|limiter| limiter.limits);
        f.debug_struct("Throttle").field("limits", &limits).finish_non_exhaustive()
    }
}
