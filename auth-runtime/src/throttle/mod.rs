//! How much may be tried, before anything is verified: between a credential and the authenticator that would verify it.
//!
//! [`Throttle`] counts in the buckets of an [`AttemptStore`]; `bucket.rs` has the rule.

mod bucket;
mod closed;
mod counter;
mod key;
mod limits;
mod memory;
mod store;
#[cfg(test)]
mod tests;
mod turn;

use std::{fmt, sync::Arc};

pub use self::{
    bucket::Bucket,
    counter::Attempt,
    key::Key,
    store::{AttemptStore, Updating},
};
use self::{counter::Counter, key::KeyMaker, limits::Limits, memory::MemoryAttempts};
use crate::{
    authenticate::{AuthenticationError, Unavailable},
    client_ip::ClientAddress,
};

/// Limits that cannot be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ThrottleError {
    /// A number that is too small to be used, or too large to protect.
    #[error("{given} attempts {per} are out of range: set {least} to {most}")]
    Range {
        /// What is limited.
        per: &'static str,
        /// What was given.
        given: u32,
        /// The lowest number.
        least: u32,
        /// The highest number.
        most: u32,
    },
    /// Too short to be hard to guess.
    #[error("the secret of a throttle needs at least 32 bytes, this one has {length}")]
    ShortSecret {
        /// How many it has.
        length: usize,
    },
}

/// Bounds how often callers may fail to prove who they are. Cheap to clone: clones count together.
///
/// | what is counted | unless set | when it is used up |
/// |---|---|---|
/// | attempts with one name from one address | 5 | pauses of 1, 2, 4, 8, 8, 15, 15, .. minutes, each before one more attempt |
/// | attempts from one address | 25 in any minute | one comes back each minute |
/// | attempts with one name, from all addresses | 50 in any hour | one comes back every six minutes |
///
/// What is beyond is answered 429 with `Retry-After`, before a password is hashed. It does not count, so nobody stays
/// out longer by asking again. The right password takes its attempt back, and all that the name has used up from this
/// address; so only failures are left. Names count in one spelling, whether there is such a user or not. An IPv6
/// network of 2^64 addresses is one address.
///
/// **Nobody can lock the owner of a name out of the addresses that they come from** by guessing elsewhere: one from
/// which the name has signed in within 30 days, with the password that it has, has the hourly limit for itself. What
/// others use up does not count there, and what is tried from there does not count for others. So at most 50 attempts an
/// hour reach a name from elsewhere, and 50 from each address that it is known at: together the 100 of ASVS 4.0, 2.2.1,
/// where the owner shares one with whoever guesses. Tokens and API keys that are right are never throttled, nor are
/// passwords that are remembered for the address they come from, as long as nobody there guesses on.
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
/// To use it for a kind of credential of your own, count before you verify, and tell if it was right:
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
/// - Guesses at many names from many addresses, a few each. Long passwords do.
/// - Who comes from an address that is new to their name while somebody guesses it: they share the hourly limit, and may
///   have to wait until that stops.
/// - A wrong address. Behind a proxy, all callers come from the proxy until
///   [`TrustedProxies`](crate::client_ip::TrustedProxies) say otherwise: they share the limit of one address, and whoever
///   guesses keeps the others from signing in.
/// - Callers who share an address with whoever guesses: they share its limits, and it can be found out that a name has
///   signed in there.
/// - In memory, a restart, and what is tried at other processes: [`shared`](Self::shared) counts for all of them. And
///   100 000 buckets are kept, so thousands of addresses at once can have others forgotten.
#[derive(Clone)]
pub struct Throttle(Option<Arc<Counter>>);

impl Throttle {
    /// Counts in the memory of this process.
    #[must_use]
    pub fn in_memory() -> Self {
        Self(Some(Arc::new(Counter::new(MemoryAttempts::new()))))
    }

    /// Counts in a store that several processes share.
    #[must_use]
    pub fn shared(store: impl AttemptStore) -> Self {
        Self(Some(Arc::new(Counter::shared(store))))
    }

    pub(crate) const fn off() -> Self {
        Self(None)
    }

    /// How many attempts one name has from one address before the pauses begin: 5 unless set, up to 10.
    ///
    /// # Errors
    /// [`ThrottleError::Range`] if it is out of range.
    pub fn per_name_and_address(self, attempts: u32) -> Result<Self, ThrottleError> {
        let pair = Limits::pair(attempts)?;
        Ok(self.with(|counter| counter.limits.pair = pair))
    }

    /// How many attempts one address has in any minute: 25 unless set, up to 1000. When they are used up, a 25th of them
    /// comes back in each minute. A third of them may be verified at once at this process, and others wait: attempts count
    /// until the right password takes them back.
    ///
    /// # Errors
    /// [`ThrottleError::Range`] if it is out of range.
    pub fn per_address(self, attempts: u32) -> Result<Self, ThrottleError> {
        let address = Limits::address(attempts)?;
        Ok(self.with(|counter| counter.limits.address = address))
    }

    /// How many attempts one name has in any hour, from all addresses: 50 unless set, up to 100 (ASVS 4.0, 2.2.1). When
    /// they are used up, a fifth of them comes back in each hour.
    ///
    /// # Errors
    /// [`ThrottleError::Range`] if it is out of range.
    pub fn per_name(self, attempts: u32) -> Result<Self, ThrottleError> {
        let name = Limits::name(attempts)?;
        Ok(self.with(|counter| counter.limits.name = name))
    }

    /// A secret of at least 32 bytes for the [`Key`]s, the same at all processes; none unless set. With it, who reads
    /// the store cannot try out which names were used.
    ///
    /// # Errors
    /// [`ThrottleError::ShortSecret`] if it is shorter.
    pub fn secret(self, secret: impl AsRef<[u8]>) -> Result<Self, ThrottleError> {
        let keys = KeyMaker::new(secret.as_ref())?;
        Ok(self.with(|counter| counter.keys = keys))
    }

    fn with(self, change: impl FnOnce(&mut Counter)) -> Self {
        Self(self.0.map(|counter| {
            let mut counter = Arc::unwrap_or_clone(counter);
            change(&mut counter);
            Arc::new(counter)
        }))
    }

    /// Whether anything is counted.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Counts an attempt of somebody of this name, before the password is looked at. Tell whether it was right.
    ///
    /// Attempts of one name from one address are made one after the other, at this process, and those of one address a
    /// third of its limit at once: this waits until one before is over, which is when its [`Attempt`] is dropped. So
    /// callers who send the right password many times at once are not throttled, up to 1000 of them; if what was
    /// verified is remembered, look again whether it is by then.
    ///
    /// # Errors
    /// [`AuthenticationError::throttled`] if too much was tried; [`AuthenticationError::unavailable`] if the store
    /// cannot tell.
    pub async fn attempt(&self, client: ClientAddress, name: &str) -> Result<Attempt, AuthenticationError> {
        match &self.0 {
            Some(counter) => Arc::clone(counter).attempt(client, name).await,
            None => Ok(Attempt::uncounted()),
        }
    }

    /// Says that the password of this name is another one, or the name another user's: from now on no address is known as
    /// one of the owner's, until the right password comes from there. Whoever knew the one before may have come from many.
    ///
    /// # Errors
    /// [`Unavailable`] if the store cannot tell.
    pub async fn forget_addresses(&self, name: &str) -> Result<(), Unavailable> {
        match &self.0 {
            Some(counter) => counter.forget_addresses(name).await,
            None => Ok(()),
        }
    }

    /// Counts a failure, after the credential was found wrong, where there is no name to count by: an API key or a code
    /// that nobody can be in doubt about. Whoever sends the right one never waits.
    ///
    /// # Errors
    /// As [`attempt`](Self::attempt), to be said in place of what was wrong. The limit is that of an address.
    pub async fn failed(&self, client: ClientAddress) -> Result<(), AuthenticationError> {
        match &self.0 {
            Some(counter) => counter.failed(client).await,
            None => Ok(()),
        }
    }
}

impl Default for Throttle {
    /// In memory.
    fn default() -> Self {
        Self::in_memory()
    }
}

impl fmt::Debug for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = self.0.as_ref().map(|counter| counter.limits);
        f.debug_struct("Throttle").field("limits", &limits).finish_non_exhaustive()
    }
}
