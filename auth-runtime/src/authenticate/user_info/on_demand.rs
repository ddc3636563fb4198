//! User information, loaded by the first request that needs it, and shared with later ones.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::Mutex;

use super::{UserInfo, UserInfoError};

/// Future of user information.
pub type LoadingUserInfo<'a> = Pin<Box<dyn Future<Output = Result<UserInfo, UserInfoError>> + Send + 'a>>;

/// Source of the user information of one caller.
///
/// It holds what a request to the issuer needs, such as the caller's token, so it must not print itself.
///
/// ```
/// use std::sync::Arc;
/// use auth_runtime::authenticate::*;
///
/// /// The entry of one person in a directory.
/// struct Entry(String);
///
/// impl UserInfoSource for Entry {
///     fn load(&self) -> LoadingUserInfo<'_> {
///         Box::pin(async { UserInfo::new([("sub", self.0.as_str()), ("name", "Alice A.")]) })
///     }
/// }
///
/// fn describe(context: &Context) -> Identity {
///     context.identity("directory", "alice").user_info(Arc::new(Entry("alice".to_owned()))).build()
/// }
/// ```
pub trait UserInfoSource: Send + Sync + 'static {
    /// Loads the information. It must end in bounded time, as other requests wait for it.
    fn load(&self) -> LoadingUserInfo<'_>;
}

/// User information that is loaded once. Concurrent requests wait for the first. A failure is not kept.
pub(crate) struct OnDemand {
    source: Arc<dyn UserInfoSource>,
    loaded: OnceLock<UserInfo>,
    failures: AtomicU64,
    /// Held while loading; the last error.
    turn: Mutex<Option<UserInfoError>>,
}

impl OnDemand {
    pub(crate) fn new(source: Arc<dyn UserInfoSource>) -> Self {
        Self { source, loaded: OnceLock::new(), failures: AtomicU64::new(0), turn: Mutex::new(None) }
    }

    pub(in crate::authenticate) async fn get(&self, issuer: &str, subject: &str) -> Result<UserInfo, UserInfoError> {
        if let Some(info) = self.loaded.get() {
            return Ok(info.clone());
        }
        let failures = self.failures.load(Ordering::Acquire);
        let mut turn = self.turn.lock().await;
        if let Some(info) = self.loaded.get() {
            return Ok(info.clone());
        }
        match &*turn {
            // Another request failed while this one waited. Retrying one after the other would make a long queue.
            Some(error) if self.failures.load(Ordering::Acquire) != failures => Err(error.clone()),
            _ => {
                let loaded = self.load(issuer, subject).await;
                *turn = loaded.as_ref().err().cloned();
                loaded
            }
        }
    }

    async fn load(&self, issuer: &str, subject: &str) -> Result<UserInfo, UserInfoError> {
        let info = self.source.load().await.and_then(|info| info.of(subject));
        match &info {
            Ok(info) => drop(self.loaded.set(info.clone())),
            Err(error) => {
                match error {
                    // Not logged as a failure: this answer does not change.
                    UserInfoError::NotOffered => tracing::debug!(?issuer, ?subject, "no user information is offered"),
                    _ => tracing::warn!(?issuer, ?subject, error = ?error.to_string(), "no user information"),
                }
                self.failures.fetch_add(1, Ordering::Release);
            }
        }
        info
    }
}

/// Shows nothing of the source, which holds a credential.
impl fmt::Debug for OnDemand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnDemand").field("loaded", &self.loaded.get().is_some()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use tokio::task::JoinSet;

    use super::{LoadingUserInfo, OnDemand, UserInfo, UserInfoError, UserInfoSource};

    /// Fails this many times, then returns the caller.
    struct Source {
        failures: usize,
        calls: AtomicUsize,
    }

    impl UserInfoSource for Arc<Source> {
        fn load(&self) -> LoadingUserInfo<'_> {
            Box::pin(async {
                let call = self.calls.fetch_add(1, Ordering::SeqCst);
                // The other requests ask meanwhile.
                tokio::task::yield_now().await;
                if call < self.failures {
                    return Err(UserInfoError::unavailable("connection refused"));
                }
                UserInfo::new([("sub", "alice"), ("name", "Alice A.")])
            })
        }
    }

    fn on_demand(failures: usize) -> (Arc<Source>, Arc<OnDemand>) {
        let source = Arc::new(Source { failures, calls: AtomicUsize::new(0) });
        (Arc::clone(&source), Arc::new(OnDemand::new(Arc::new(source))))
    }

    async fn ask_at_once(on_demand: &Arc<OnDemand>, count: usize) -> Vec<bool> {
        let mut asking = JoinSet::new();
        for _ in 0..count {
            let on_demand = Arc::clone(on_demand);
            asking.spawn(async move { on_demand.get("issuer", "alice").await.is_ok() });
        }
        asking.join_all().await
    }

    #[tokio::test]
    async fn several_who_ask_at_once_are_one_call_and_so_are_those_who_ask_later() {
        let (source, on_demand) = on_demand(0);
        assert_eq!(ask_at_once(&on_demand, 20).await, [true; 20]);
        assert_eq!(on_demand.get("issuer", "alice").await.unwrap().name(), Some("Alice A."));
        assert_eq!(source.calls.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_failure_is_shared_by_those_who_wait_and_not_kept() {
        let (source, on_demand) = on_demand(1);
        assert_eq!(ask_at_once(&on_demand, 20).await, [false; 20]);
        assert_eq!(source.calls.load(Ordering::SeqCst), 1);
        assert!(on_demand.get("issuer", "alice").await.is_ok());
        assert_eq!(source.calls.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn somebody_who_stops_waiting_leaves_the_turn_to_the_next() {
        let (source, on_demand) = on_demand(0);
        let mut first = Box::pin(on_demand.get("issuer", "alice"));
        let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(first.as_mut().poll(cx).is_pending())).await;
        assert!(polled);
        drop(first);
        assert!(on_demand.get("issuer", "alice").await.is_ok());
        assert_eq!(source.calls.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn information_of_somebody_else_is_refused() {
        let (_, on_demand) = on_demand(0);
        let error = on_demand.get("issuer", "bob").await.unwrap_err();
        assert!(matches!(error, UserInfoError::Invalid(_)), "{error}");
        assert!(on_demand.loaded.get().is_none());
    }
}
