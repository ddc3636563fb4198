//! The rate limiter: counts attempts in a store, and refunds them.

use std::{fmt, sync::Arc};

use super::{
    AttemptStore, Bucket, BucketKey,
    exhausted_cache::ExhaustedCache,
    key::{AttemptKeys, BucketKind, KeyDerivation},
    limits::{LimitReached, Limits, Outcome, Receipt},
    queue::{AttemptPermit, AttemptQueues},
};
use crate::{
    authenticate::{AuthenticationError, Unavailable},
    client_ip::ClientAddress,
};

const BY_ADDRESS: BucketKind = BucketKind::Address { has_name: true };
const UNNAMED: BucketKind = BucketKind::Address { has_name: false };

#[derive(Clone)]
pub(super) struct RateLimiter {
    pub(super) limits: Limits,
    pub(super) keys: KeyDerivation,
    pub(super) store: Arc<dyn AttemptStore>,
    queues: AttemptQueues,
    exhausted: Option<ExhaustedCache>,
}

impl RateLimiter {
    pub(super) fn new(store: impl AttemptStore) -> Self {
        Self {
            limits: Limits::default(),
            keys: KeyDerivation::default(),
            store: Arc::new(store),
            queues: AttemptQueues::default(),
            exhausted: None,
        }
    }

    /// Counts in a store that is slower than the memory of this process.
    pub(super) fn shared(store: impl AttemptStore) -> Self {
        Self { exhausted: Some(ExhaustedCache::default()), ..Self::new(store) }
    }

    pub(super) async fn attempt(
        self: Arc<Self>,
        client: ClientAddress,
        name: &str,
    ) -> Result<Attempt, AuthenticationError> {
        let keys = self.keys.attempt(client, name);
        // All requests take the permits in this order, so there is no deadlock.
        let mut permits = Vec::with_capacity(2);
        let queues = [(BucketKind::Pair, keys.pair, 1), (BY_ADDRESS, keys.address, self.limits.address.at_once())];
        for (kind, key, at_once) in queues {
            let permit = self.queues.permit(key, at_once).await;
            permits.push(permit.ok_or_else(|| LimitReached::of_queue(kind).refuse(client))?);
        }
        let receipt = self.update(&keys.sorted, |buckets, now| self.limits.count(&keys.kinds, buckets, now)).await?;
        let receipt = receipt.map_err(|limit| limit.refuse(client))?;
        Ok(Attempt(Some(CountedAttempt { limiter: self, keys, receipt, _permits: permits })))
    }

    pub(super) async fn failed(&self, client: ClientAddress) -> Result<(), AuthenticationError> {
        let key = self.keys.failure(client);
        if let Some(limit) = self.exhausted.as_ref().and_then(|cache| cache.get(&key)) {
            return Err(limit.refuse(client));
        }
        let counted = self.update(&[key], |buckets, now| self.limits.count(&[UNNAMED], buckets, now)).await?;
        let refuse = |limit: LimitReached| {
            self.exhausted.iter().for_each(|cache| cache.insert(key, limit));
            limit.refuse(client)
        };
        counted.map(drop).map_err(refuse)
    }

    /// Rejects an address without room for one more failure. It does not ask a shared store, but relies on the last
    /// refusal that this process has cached.
    #[cfg(feature = "session")]
    pub(super) async fn check_failures(&self, client: ClientAddress) -> Result<(), AuthenticationError> {
        let key = self.keys.failure(client);
        let reached = match &self.exhausted {
            Some(cache) => cache.get(&key),
            None => {
                let count = |buckets: &[Bucket], now| self.limits.count(&[UNNAMED], &mut buckets.to_vec(), now);
                self.update(&[key], |buckets, now| count(buckets, now).err()).await?
            }
        };
        reached.map_or(Ok(()), |limit| Err(limit.refuse(client)))
    }

    pub(super) async fn forget_addresses(&self, name: &str) -> Result<(), Unavailable> {
        let forget = |buckets: &mut [Bucket], now| {
            for name in buckets {
                *name = name.forgetting_addresses(now);
            }
        };
        self.update(&[self.keys.name(name)], forget).await
    }

    pub(super) async fn proven_elsewhere(&self, client: ClientAddress, name: &str) -> Result<(), Unavailable> {
        let keys = self.keys.attempt(client, name);
        let prove = |buckets: &mut [Bucket], now: i64| {
            for (kind, bucket) in keys.kinds.iter().zip(buckets) {
                if *kind == BucketKind::Pair {
                    // Later than the time up to which addresses were forgotten.
                    *bucket = Bucket::signed_in(now.saturating_add(1));
                }
            }
        };
        self.update(&keys.sorted, prove).await
    }

    /// Changes buckets and returns the result of the change. A store that never calls the change is unavailable.
    async fn update<T: Send>(
        &self,
        keys: &[BucketKey],
        mut change: impl FnMut(&mut [Bucket], i64) -> T + Send,
    ) -> Result<T, Unavailable> {
        let mut result = None;
        let mut change = |buckets: &mut [Bucket], now| {
            result = (buckets.len() == keys.len()).then(|| change(buckets, now));
        };
        self.store.update(keys, &mut change).await?;
        result.ok_or_else(|| Unavailable::new("the store of attempts has not loaded the buckets"))
    }
}

/// A counted attempt. It stays counted as a failure unless one of its methods is called.
#[must_use = "an attempt without an outcome counts as a failure"]
pub struct Attempt(Option<CountedAttempt>);

struct CountedAttempt {
    limiter: Arc<RateLimiter>,
    keys: AttemptKeys,
    receipt: Receipt,
    _permits: Vec<AttemptPermit>,
}

impl Attempt {
    /// Returns an attempt that is not counted.
    pub(super) const fn uncounted() -> Self {
        Self(None)
    }

    /// Refunds the attempt, because the password was right.
    ///
    /// It also empties the bucket of the name and address. The buckets of the address and of the name keep their
    /// failures. The address is known for the name for the next 30 days. If the store is unavailable, the attempt stays
    /// counted and the caller is let in.
    pub async fn succeeded(self) {
        self.end(Outcome::Succeeded).await;
    }

    /// Refunds the attempt, because the password was right and was replaced.
    ///
    /// It does the same as [`succeeded`](Self::succeeded), and all other addresses become unknown.
    pub async fn replaced(self) {
        self.end(Outcome::Replaced).await;
    }

    /// Refunds the attempt, because the password was not verified: for example, no thread was free to hash it.
    pub async fn withdrawn(self) {
        self.end(Outcome::Withdrawn).await;
    }

    async fn end(self, outcome: Outcome) {
        let Some(attempt) = self.0 else { return };
        if let Err(error) = attempt.end(outcome).await {
            let error = error.to_string();
            tracing::warn!(?error, ?outcome, "could not update the throttle; the attempt stays counted");
        }
    }
}

impl CountedAttempt {
    async fn end(&self, outcome: Outcome) -> Result<(), Unavailable> {
        let Self { limiter, keys, receipt, .. } = self;
        let limits = limiter.limits;
        let refund = |buckets: &mut [Bucket], now| limits.refund(&keys.kinds, buckets, *receipt, now, outcome);
        limiter.update(&keys.sorted, refund).await
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").finish_non_exhaustive()
    }
}
