//! Counts attempts in a store, and takes them back.

use std::{fmt, sync::Arc};

use super::{
    AttemptStore, Bucket, Key,
    closed::Closed,
    key::{KeyMaker, Keys, Kind},
    limits::{Counted, End, Full, Limits},
    turn::{Turn, Turns},
};
use crate::{
    authenticate::{AuthenticationError, Unavailable},
    client_ip::ClientAddress,
};

#[derive(Clone)]
pub(super) struct Counter {
    pub(super) limits: Limits,
    pub(super) keys: KeyMaker,
    pub(super) store: Arc<dyn AttemptStore>,
    turns: Turns,
    closed: Option<Closed>,
}

impl Counter {
    pub(super) fn new(store: impl AttemptStore) -> Self {
        Self {
            limits: Limits::default(),
            keys: KeyMaker::default(),
            store: Arc::new(store),
            turns: Turns::default(),
            closed: None,
        }
    }

    /// In a store that takes longer than the memory of this process.
    pub(super) fn shared(store: impl AttemptStore) -> Self {
        Self { closed: Some(Closed::default()), ..Self::new(store) }
    }

    pub(super) async fn attempt(
        self: Arc<Self>,
        client: ClientAddress,
        name: &str,
    ) -> Result<Attempt, AuthenticationError> {
        let keys = self.keys.attempt(client, name);
        // All wait in this order, so nobody waits for somebody who waits for them.
        let mut turns = Vec::with_capacity(2);
        let queues = [(Kind::Pair, keys.pair, 1), (Kind::Address, keys.address, self.limits.address.at_once())];
        for (kind, key, at_once) in queues {
            let turn = self.turns.turn(key, at_once).await;
            turns.push(turn.ok_or_else(|| Full::of_turns(kind).refuse(client))?);
        }
        let counted = self.update(&keys.sorted, |buckets, now| self.limits.count(&keys.kinds, buckets, now)).await?;
        let counted = counted.map_err(|full| full.refuse(client))?;
        Ok(Attempt(Some(Open { counter: self, keys, counted, _turns: turns })))
    }

    pub(super) async fn failed(&self, client: ClientAddress) -> Result<(), AuthenticationError> {
        let key = self.keys.failure(client);
        if let Some(full) = self.closed.as_ref().and_then(|closed| closed.full(&key)) {
            return Err(full.refuse(client));
        }
        let counted = self.update(&[key], |buckets, now| self.limits.count(&[Kind::Failure], buckets, now)).await?;
        let full = |full: Full| {
            self.closed.iter().for_each(|closed| closed.insert(key, full));
            full.refuse(client)
        };
        counted.map(drop).map_err(full)
    }

    pub(super) async fn forget_addresses(&self, name: &str) -> Result<(), Unavailable> {
        let begin = |buckets: &mut [Bucket], now| {
            for name in buckets {
                *name = name.begins_at(now);
            }
        };
        self.update(&[self.keys.name(name)], begin).await
    }

    /// Has buckets changed, and says what came of it. A store that does not ask has not let anybody in.
    async fn update<T: Send>(
        &self,
        keys: &[Key],
        mut change: impl FnMut(&mut [Bucket], i64) -> T + Send,
    ) -> Result<T, Unavailable> {
        let mut said = None;
        let mut change = |buckets: &mut [Bucket], now| {
            said = (buckets.len() == keys.len()).then(|| change(buckets, now));
        };
        self.store.update(keys, &mut change).await?;
        said.ok_or_else(|| Unavailable::new("the store of attempts has not loaded them"))
    }
}

/// An attempt that was counted: it is a failure unless it is told otherwise.
#[must_use = "an attempt of which nothing is told counts as a failure"]
pub struct Attempt(Option<Open>);

/// An attempt that is not over.
struct Open {
    counter: Arc<Counter>,
    keys: Keys,
    counted: Counted,
    _turns: Vec<Turn>,
}

impl Attempt {
    /// Where nothing is counted.
    pub(super) const fn uncounted() -> Self {
        Self(None)
    }

    /// The password was right: the attempt does not count, nor do those before it of this name from this address, which
    /// is known as one of the owner's from now on.
    ///
    /// A store that cannot be told is no reason to keep the caller out: the attempt then goes on to count.
    pub async fn succeeded(self) {
        self.end(End::Succeeded).await;
    }

    /// The password was right, and is another one now: as [`succeeded`](Self::succeeded), and no other address is known
    /// as one of the owner's any more.
    pub async fn replaced(self) {
        self.end(End::Replaced).await;
    }

    /// Nobody has looked at the password, as when there was no room to hash it: the attempt does not count.
    pub async fn withdrawn(self) {
        self.end(End::Withdrawn).await;
    }

    async fn end(self, end: End) {
        let Some(open) = self.0 else { return };
        if let Err(error) = open.end(end).await {
            let error = error.to_string();
            tracing::warn!(?error, ?end, "an attempt goes on to count, and addresses are known as before");
        }
    }
}

impl Open {
    async fn end(&self, end: End) -> Result<(), Unavailable> {
        let Self { counter, keys, counted, .. } = self;
        let limits = counter.limits;
        counter.update(&keys.sorted, |buckets, now| limits.give_back(&keys.kinds, buckets, *counted, now, end)).await
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").finish_non_exhaustive()
    }
}
