//! The limits, and what is counted in which of them.

use std::{ops::RangeInclusive, time::Duration};

use super::{
    Bucket, ThrottleError,
    bucket::{HOUR, Limit, MINUTE},
    key::Kind,
};
use crate::{authenticate::AuthenticationError, client_ip::ClientAddress};

#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) pair: Limit,
    pub(super) address: Limit,
    pub(super) name: Limit,
}

impl Default for Limits {
    fn default() -> Self {
        Self { pair: Limit::backing_off(5), address: a_minute(25), name: an_hour(50) }
    }
}

const fn a_minute(attempts: u32) -> Limit {
    Limit::in_any(MINUTE, attempts, attempts.div_ceil(25))
}

const fn an_hour(attempts: u32) -> Limit {
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
        in_range("per address", attempts, 1..=1000).map(a_minute)
    }

    pub(super) fn name(attempts: u32) -> Result<Limit, ThrottleError> {
        in_range("per name", attempts, 10..=100).map(an_hour)
    }

    const fn of(&self, kind: Kind) -> &Limit {
        match kind {
            Kind::Pair => &self.pair,
            Kind::Address | Kind::Failure => &self.address,
            Kind::Name | Kind::Own => &self.name,
        }
    }

    /// Counts an attempt in all buckets that it belongs in, or in none of them if one is full.
    pub(super) fn count(&self, kinds: &[Kind], buckets: &mut [Bucket], now: i64) -> Result<Counted, Full> {
        for (kind, bucket) in kinds.iter().zip(&mut *buckets) {
            *bucket = bucket.settled(now, self.of(*kind));
            if *kind == Kind::Name {
                *bucket = bucket.begun_by(now);
            }
        }
        let find = |wanted| kinds.iter().zip(&*buckets).find_map(|(kind, bucket)| (*kind == wanted).then_some(*bucket));
        let after = find(Kind::Name).and_then(|name| name.succeeded_at);
        let is_known = find(Kind::Pair).is_some_and(|pair| pair.is_known(after, now));
        let mut counted = buckets.to_vec();
        let mut full: Option<Full> = None;
        for (kind, bucket) in kinds.iter().zip(&mut counted).filter(|(kind, _)| kind.counts(is_known)) {
            match bucket.attempt(now, self.of(*kind)) {
                Ok(next) => *bucket = next,
                Err(wait) => full = full.max(Some(Full { wait, kind: *kind })),
            }
        }
        full.map_or(Ok(Counted { is_known, at: now }), Err).inspect(|_| buckets.copy_from_slice(&counted))
    }

    /// Takes an attempt back; of one that has succeeded, all that the pair had used up.
    pub(super) fn give_back(&self, kinds: &[Kind], buckets: &mut [Bucket], counted: Counted, now: i64, end: End) {
        for (kind, bucket) in kinds.iter().zip(buckets) {
            if kind.counts(counted.is_known) {
                *bucket = match (kind, end) {
                    // When it came: the password may be another one by now.
                    (Kind::Pair, End::Succeeded) => Bucket::succeeded(bucket.succeeded_by(now).max(counted.at)),
                    (Kind::Pair, End::Replaced) => Bucket::succeeded(now.saturating_add(1)),
                    (kind, _) => bucket.given_back(counted.at, now, self.of(*kind)),
                };
            }
            if (*kind, end) == (Kind::Name, End::Replaced) {
                *bucket = bucket.begins_at(now);
            }
        }
    }
}

/// What an attempt that is taken back has turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The password was right.
    Succeeded,
    /// It was right, and is another one now.
    Replaced,
    /// Nobody has looked at it.
    Withdrawn,
}

/// What there is to know of an attempt when it is over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    /// Whether the name was known to sign in from the address.
    is_known: bool,
    at: i64,
}

impl Kind {
    /// Whether an attempt is counted there; of a name that is known at its address, apart from those from elsewhere.
    fn counts(self, is_known: bool) -> bool {
        match self {
            Self::Name => !is_known,
            Self::Own => is_known,
            Self::Pair | Self::Address | Self::Failure => true,
        }
    }
}

/// A bucket without room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Full {
    wait: Duration,
    kind: Kind,
}

impl Full {
    /// Of those who wait until the attempt before theirs is over.
    pub(super) const fn of_turns(kind: Kind) -> Self {
        Self { wait: Duration::from_secs(1), kind }
    }

    /// The same some time later; `None` if there is room again.
    pub(super) fn after(self, passed: Duration) -> Option<Self> {
        let wait = self.wait.checked_sub(passed).filter(|wait| !wait.is_zero())?;
        Some(Self { wait, ..self })
    }

    /// The log is told who it was and why, but no name: it may be a password, typed into the wrong field.
    pub(super) fn refuse(self, client: ClientAddress) -> AuthenticationError {
        let hint = if client.is_internal() { ": if this is a proxy, it is none of the `TrustedProxies`" } else { "" };
        tracing::warn!(%client, limit = self.kind.as_str(), wait = ?self.wait, "throttled{hint}");
        AuthenticationError::throttled(self.wait)
    }
}
