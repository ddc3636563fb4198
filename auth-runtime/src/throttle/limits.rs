//! The limits, and the rule which buckets an attempt is counted in.

use std::{ops::RangeInclusive, time::Duration};

use super::{
    Bucket, ThrottleError,
    bucket::{HOUR, Limit, MINUTE},
    key::BucketKind,
};
use crate::{authenticate::AuthenticationError, client_ip::ClientAddress};

/// One limit for each kind of bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) pair: Limit,
    pub(super) address: Limit,
    pub(super) name: Limit,
}

impl Default for Limits {
    fn default() -> Self {
        Self { pair: Limit::backing_off(5), address: per_minute(25), name: per_hour(50) }
    }
}

const fn per_minute(attempts: u32) -> Limit {
    Limit::in_any(MINUTE, attempts, attempts.div_ceil(25))
}

const fn per_hour(attempts: u32) -> Limit {
    Limit::in_any(HOUR, attempts, attempts.div_ceil(5))
}

fn in_range(per: &'static str, given: u32, range: RangeInclusive<u32>) -> Result<u32, ThrottleError> {
    let (least, most) = (*range.start(), *range.end());
    if range.contains(&given) { Ok(given) } else { Err(ThrottleError::Range { per, given, least, most }) }
}

impl Limits {
    pub(super) fn pair(attempts: u32) -> Result<Limit, ThrottleError> {
        in_range("per name and address", attempts, 1..=10).map(Limit::backing_off)
    }

    pub(super) fn address(attempts: u32) -> Result<Limit, ThrottleError> {
        in_range("per address", attempts, 1..=1000).map(per_minute)
    }

    pub(super) fn name(attempts: u32) -> Result<Limit, ThrottleError> {
        in_range("per name", attempts, 10..=100).map(per_hour)
    }

    #[cfg(feature = "account")]
    pub(super) fn for_rare_attempts(self) -> Self {
        Self { pair: Limit::backing_off(3), name: per_hour(10), ..self }
    }

    const fn of(&self, kind: BucketKind) -> &Limit {
        match kind {
            BucketKind::Pair => &self.pair,
            BucketKind::Address { .. } => &self.address,
            BucketKind::Name { .. } => &self.name,
        }
    }

    /// Counts an attempt in all its buckets, or in none of them if one is full.
    pub(super) fn count(
        &self,
        kinds: &[BucketKind],
        buckets: &mut [Bucket],
        now: i64,
    ) -> Result<Receipt, LimitReached> {
        for (kind, bucket) in kinds.iter().zip(&mut *buckets) {
            *bucket = bucket.repaired(now, self.of(*kind));
            if *kind == SHARED_NAME {
                *bucket = bucket.without_future_reset(now);
            }
        }
        let find = |wanted| kinds.iter().zip(&*buckets).find_map(|(kind, bucket)| (*kind == wanted).then_some(*bucket));
        let reset_at = find(SHARED_NAME).and_then(|name| name.succeeded_at);
        let is_known = find(BucketKind::Pair).is_some_and(|pair| pair.is_known(reset_at, now));
        let mut counted = buckets.to_vec();
        let mut reached: Option<LimitReached> = None;
        for (kind, bucket) in kinds.iter().zip(&mut counted).filter(|(kind, _)| kind.counts(is_known)) {
            match bucket.count(now, self.of(*kind)) {
                Ok(next) => *bucket = next,
                Err(wait) => reached = reached.max(Some(LimitReached { wait, kind: *kind })),
            }
        }
        reached.map_or(Ok(Receipt { is_known, at: now }), Err).inspect(|_| buckets.copy_from_slice(&counted))
    }

    /// Refunds an attempt. A sign-in empties the bucket of the pair.
    pub(super) fn refund(
        &self,
        kinds: &[BucketKind],
        buckets: &mut [Bucket],
        receipt: Receipt,
        now: i64,
        outcome: Outcome,
    ) {
        for (kind, bucket) in kinds.iter().zip(buckets) {
            if kind.counts(receipt.is_known) {
                *bucket = match (kind, outcome) {
                    // The time of the attempt: meanwhile the password may have been replaced.
                    (BucketKind::Pair, Outcome::Succeeded) => {
                        Bucket::signed_in(bucket.last_sign_in(now).max(receipt.at))
                    }
                    (BucketKind::Pair, Outcome::Replaced) => Bucket::signed_in(now.saturating_add(1)),
                    (kind, _) => bucket.refunded(receipt.at, now, self.of(*kind)),
                };
            }
            if (*kind, outcome) == (SHARED_NAME, Outcome::Replaced) {
                *bucket = bucket.forgetting_addresses(now);
            }
        }
    }
}

/// The bucket that all unknown addresses share for one name.
const SHARED_NAME: BucketKind = BucketKind::Name { is_known: false };

/// How an attempt ended that is refunded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The password was right.
    Succeeded,
    /// The password was right, and was replaced.
    Replaced,
    /// The password was not verified.
    Withdrawn,
}

/// The record of a counted attempt, which a refund needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Receipt {
    /// Whether the address was known for the name.
    is_known: bool,
    at: i64,
}

impl BucketKind {
    /// Returns whether an attempt from a known or an unknown address is counted in this bucket.
    fn counts(self, from_known: bool) -> bool {
        match self {
            Self::Name { is_known } => is_known == from_known,
            Self::Pair | Self::Address { .. } => true,
        }
    }
}

/// A limit without room for one more attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LimitReached {
    wait: Duration,
    kind: BucketKind,
}

impl LimitReached {
    /// Returns the limit of a full queue.
    pub(super) const fn of_queue(kind: BucketKind) -> Self {
        Self { wait: Duration::from_secs(1), kind }
    }

    /// Returns the limit some time later; `None` if there is room again.
    pub(super) fn after(self, passed: Duration) -> Option<Self> {
        let wait = self.wait.checked_sub(passed).filter(|wait| !wait.is_zero())?;
        Some(Self { wait, ..self })
    }

    /// Logs the refusal and returns the error. The log gets no name, because it may be a password in the wrong field.
    pub(super) fn refuse(self, client: ClientAddress) -> AuthenticationError {
        let hint = if client.is_internal() { ": if this is a proxy, add it to `TrustedProxies`" } else { "" };
        tracing::warn!(%client, limit = self.kind.as_str(), wait = ?self.wait, "throttled{hint}");
        AuthenticationError::throttled(self.wait)
    }
}
