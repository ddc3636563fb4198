//! Keys that an issuer publishes: fetched in the background, and kept up to date.
//!
//! [`RemoteKeys`] says where they are (`settings.rs`). A task (`task.rs`) fetches them (`refresh.rs`) when its schedule
//! says so (`schedule.rs`), and puts them where tokens are verified (`key_set.rs`, beside this folder). A verifier
//! holds the handle [`Remote`].

mod discovery;
mod endpoint;
#[cfg(test)]
mod fake;
pub(super) mod fetch;
mod freshness;
#[cfg(feature = "http-client")]
mod http;
#[cfg(all(test, feature = "http-client"))]
mod loopback;
mod refresh;
mod schedule;
pub(super) mod settings;
mod task;
#[cfg(test)]
mod tests;
mod unusable_keys;
mod user_info;

use std::{fmt, sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use secrecy::SecretString;
use tokio::{runtime::Handle, sync::watch, task::AbortHandle, time::Instant};

#[cfg(feature = "http-client")]
pub use self::http::HttpFetcher;
use self::{
    endpoint::Endpoint,
    fetch::Fetcher,
    schedule::{Ask, Demand, Report},
    settings::KeyLocation,
    task::{Refresher, State},
    unusable_keys::UnusableKeys,
    user_info::FromIssuer,
};
pub(crate) use self::{endpoint::PlainHttp, settings::RemoteKeys};
use super::{
    algorithm::Algorithm,
    error::JwtError,
    key_set::{Candidates, KeySet},
};
use crate::authenticate::UserInfoSource;

/// The handle of the task that keeps an issuer's keys up to date; the task ends with it.
pub(super) struct Remote {
    settings: Arc<RemoteKeys>,
    fetcher: Fetcher,
    user_info: Arc<ArcSwapOption<Endpoint>>,
    unusable: Arc<UnusableKeys>,
    /// Why the last fetch failed.
    problem: Arc<ArcSwapOption<JwtError>>,
    reports: watch::Receiver<Report>,
    demand: watch::Sender<Demand>,
    task: AbortHandle,
}

/// The result of asking for newer keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Renewal {
    /// A fetch has brought keys since.
    Done,
    /// There was a fetch a moment ago.
    TooSoon,
    /// The fetch brought none.
    Failed,
}

/// Why there is no key for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoKey {
    /// The issuer has none of that name and algorithm.
    Unknown,
    /// The issuer could not be asked.
    Unavailable,
}

impl Remote {
    /// Starts the task and its first fetch.
    ///
    /// # Errors
    /// [`JwtError::NoRuntime`] outside of a Tokio runtime; [`JwtError::NoFetcher`] or [`JwtError::HttpClient`] if there
    /// is nothing to fetch with.
    pub(super) fn start(settings: RemoteKeys, keys: Arc<KeySet>) -> Result<Arc<Self>, JwtError> {
        let runtime = Handle::try_current().map_err(|_| JwtError::NoRuntime)?;
        let (fetcher, settings) = (settings.make_fetcher()?, Arc::new(settings));
        let (user_info, problem) = (Arc::new(ArcSwapOption::empty()), Arc::new(ArcSwapOption::empty()));
        let unusable = Arc::new(UnusableKeys::default());
        let (report, reports) = watch::channel(Report::FIRST);
        let (demand, demands) = watch::channel(Demand::default());
        let refresher = Refresher {
            settings: Arc::clone(&settings),
            fetcher: fetcher.clone(),
            keys,
            user_info: Arc::clone(&user_info),
            unusable: Arc::clone(&unusable),
            problem: Arc::clone(&problem),
            report,
            demand: demands,
            state: State::default(),
        };
        let task = runtime.spawn(refresher.run()).abort_handle();
        Ok(Arc::new(Self { settings, fetcher, user_info, unusable, problem, reports, demand, task }))
    }

    /// Asks for newer keys, and waits for the fetch under way or starts one. All requests share at most one fetch per
    /// cooldown.
    pub(super) async fn renew(&self) -> Renewal {
        let mut reports = self.reports.clone();
        let seen = *reports.borrow();
        match self.ask(seen) {
            Ask::TooSoon => Renewal::TooSoon,
            Ask::Wait | Ask::Start => match reports.wait_for(|report| report.finished > seen.finished).await {
                Ok(report) if report.succeeded => Renewal::Done,
                // Or the runtime of the task is gone.
                Ok(_) | Err(_) => Renewal::Failed,
            },
        }
    }

    fn ask(&self, seen: Report) -> Ask {
        let mut ask = Ask::Wait;
        self.demand.send_if_modified(|demand| {
            ask = demand.ask(seen, Instant::now(), self.settings.cooldown);
            ask == Ask::Start
        });
        ask
    }

    /// Waits until a fetch has come to an end.
    pub(super) async fn first_fetch(&self) {
        let mut reports = self.reports.clone();
        // An error says that the runtime of the task is gone.
        let _ = reports.wait_for(|report| report.finished > 0).await;
    }

    /// Returns why the last fetch failed; `None` if it did not, or has not come to an end.
    pub(super) fn problem(&self) -> Option<Arc<JwtError>> {
        self.problem.load_full()
    }

    /// Returns the error for a task that ended before its first fetch did.
    pub(super) fn ended(&self) -> JwtError {
        let reason = "the runtime that fetches them has ended".to_owned();
        JwtError::KeysNotFetched { issuer: self.settings.name().to_owned(), reason }
    }

    /// The name of the issuer, where it is known.
    pub(super) fn issuer(&self) -> Option<&str> {
        self.settings.issuer()
    }

    /// Returns the source of the user information for this token; `None` for an issuer that was not discovered.
    pub(super) fn user_info(&self, token: &str) -> Option<Arc<dyn UserInfoSource>> {
        match self.settings.source {
            KeyLocation::KeySet(_) => None,
            KeyLocation::Discovery { .. } => Some(Arc::new(FromIssuer {
                endpoint: Arc::clone(&self.user_info),
                fetcher: self.fetcher.clone(),
                limits: self.settings.limits,
                token: SecretString::from(token),
            })),
        }
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// The keys that a token of this algorithm and key name may be signed with at a time (since 1970), after the issuer was
/// asked once more: at least one.
///
/// If there is none, the token is wrong only if the issuer was asked after the token came, and has keys. Within the
/// cooldown it is not asked, and may have published the key meanwhile: another caller's junk must not turn a good token
/// into a 401.
pub(super) async fn renewed(
    keys: &KeySet,
    remote: &Remote,
    algorithm: Algorithm,
    kid: Option<&str>,
    now: Duration,
) -> Result<Candidates, NoKey> {
    if is_secret(algorithm) {
        // No issuer publishes a secret, so the call is saved.
        return Err(NoKey::Unknown);
    }
    let renewal = remote.renew().await;
    let found = keys.candidates(algorithm, kid, now);
    if found.is_empty() {
        remote.unusable.asked_for(kid, remote.settings.name());
    }
    match renewal {
        _ if !found.is_empty() => Ok(found),
        Renewal::Done if keys.are_there(now) => Err(NoKey::Unknown),
        _ => Err(NoKey::Unavailable),
    }
}

fn is_secret(algorithm: Algorithm) -> bool {
    matches!(algorithm, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512)
}
