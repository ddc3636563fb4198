//! The task in the background. Each issuer has one, and no other code calls the issuer for keys.

use std::{
    future::pending,
    sync::Arc,
    time::{Duration, SystemTime},
};

use arc_swap::ArcSwapOption;
use tokio::{sync::watch, task::JoinSet};

use super::{
    endpoint::Endpoint,
    fetch::{Failure, Fetcher},
    refresh::{Published, fetch},
    schedule::{Demand, Report, after_failures, after_success},
    settings::RemoteKeys,
    unusable_keys::UnusableKeys,
};
use crate::jwt::{
    error::JwtError,
    key::{jwk::PublishedSet, named::NamedKey},
    key_set::KeySet,
};

/// How many names of keys an event shows.
const SHOWN: usize = 8;
/// The shortest time between two reads of a store that reports its changes.
const BETWEEN_CHANGES: Duration = Duration::from_millis(500);

/// Keeps the keys of an issuer up to date for as long as it runs.
pub(super) struct Refresher {
    pub(super) settings: Arc<RemoteKeys>,
    pub(super) fetcher: Fetcher,
    pub(super) keys: Arc<KeySet>,
    pub(super) user_info: Arc<ArcSwapOption<Endpoint>>,
    pub(super) unusable: Arc<UnusableKeys>,
    pub(super) problem: Arc<ArcSwapOption<JwtError>>,
    pub(super) report: watch::Sender<Report>,
    pub(super) demand: watch::Receiver<Demand>,
    pub(super) state: State,
}

/// The result of the last fetches.
#[derive(Default)]
pub(super) struct State {
    /// The keys that the issuer listed last, and the time (since 1970).
    listed: Vec<NamedKey>,
    listed_at: Duration,
    failures: u32,
}

impl Refresher {
    /// Runs until the last handle is dropped.
    pub(super) async fn run(mut self) {
        loop {
            self.report.send_modify(|report| report.is_fetching = true);
            // Requests until now wait for this fetch.
            self.demand.mark_unchanged();
            let pause = self.refresh().await;
            self.report.send_modify(|report| report.end(self.state.failures == 0));
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                asked = self.demand.changed() => if asked.is_err() { return },
                () = changed(&self.settings) => {}
            }
        }
    }

    /// Fetches once, and says in how long to do so again.
    async fn refresh(&mut self) -> Duration {
        let fetched = self.fetch().await.and_then(|published| Ok((published, now()?)));
        match fetched.and_then(|(published, now)| self.take(published, now)) {
            Ok(fresh_for) => after_success(fresh_for, self.settings.ttl),
            Err(failure) => self.failed(&failure),
        }
    }

    /// In a task of its own: a fetcher of the application may panic, and must not end this task.
    async fn fetch(&self) -> Result<Published, Failure> {
        let (settings, fetcher) = (Arc::clone(&self.settings), self.fetcher.clone());
        // It ends with the set, and the set with this task.
        let mut fetching = JoinSet::new();
        fetching.spawn(async move { fetch(&settings, &fetcher).await });
        match fetching.join_next().await {
            Some(Ok(result)) => result,
            _ => Err(Failure::Panic),
        }
    }

    /// Replaces the keys, and returns for how long the issuer says that they are fresh.
    fn take(&mut self, published: Published, now: Duration) -> Result<Option<Duration>, Failure> {
        let Published { set: PublishedSet { keys, unusable }, user_info, fresh_for } = published;
        self.unusable.replace(unusable, !keys.is_empty(), self.settings.name());
        if keys.is_empty() {
            return Err(Failure::NoKeys);
        }
        self.log_changes(&keys);
        self.keys.replace(keys.clone(), now + self.settings.ttl + self.settings.stale_for);
        self.user_info.store(user_info.map(Arc::new));
        self.problem.store(None);
        self.state = State { listed: keys, listed_at: now, failures: 0 };
        Ok(fresh_for)
    }

    fn failed(&mut self, failure: &Failure) -> Duration {
        self.state.failures = self.state.failures.saturating_add(1);
        self.problem.store(Some(Arc::new(failure.explained(self.settings.name()))));
        if matches!(failure, Failure::NoKeys) {
            // The issuer answers and does not list the keys, so there is no grace as for one that is down.
            self.keys.replace(self.state.listed.clone(), self.state.listed_at + self.settings.ttl);
        }
        let again = after_failures(self.state.failures, getrandom::u32().unwrap_or_default());
        tracing::warn!(
            issuer = ?self.settings.name(),
            failures = self.state.failures,
            error = ?failure.to_string(),
            ?again,
            "key fetch failed"
        );
        again
    }

    fn log_changes(&self, keys: &[NamedKey]) {
        let added = keys.iter().filter(|key| !contains(&self.state.listed, key));
        let added = added.inspect(|key| key.warn_if_weak(self.settings.name())).count();
        let withdrawn = self.state.listed.iter().filter(|key| !contains(keys, key)).count();
        if added + withdrawn > 0 {
            let kids: Vec<_> = keys.iter().take(SHOWN).map(|key| key.kid.as_deref().unwrap_or_default()).collect();
            let issuer = self.settings.name();
            tracing::info!(?issuer, added, withdrawn, count = keys.len(), ?kids, "keys changed");
        }
    }
}

/// Waits for a change in the store of the keys, and for some time since the last read: many changes cost one read.
async fn changed(settings: &RemoteKeys) {
    match &settings.changes {
        Some(changes) => {
            tokio::time::sleep(BETWEEN_CHANGES).await;
            changes.marked().await;
        }
        None => pending().await,
    }
}

fn contains(keys: &[NamedKey], key: &NamedKey) -> bool {
    keys.contains(key)
}

/// The time since 1970.
fn now() -> Result<Duration, Failure> {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_err(|_| Failure::Clock)
}
