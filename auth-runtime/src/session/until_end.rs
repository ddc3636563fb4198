//! Waits for the end of a session.

use std::time::Duration;

use super::{sessions::Sessions, store::SessionStore};
use crate::{authenticate::Unavailable, users::UserStore};

/// How often the session is looked up, in a store that caches it.
const INTERVAL: Duration = Duration::from_secs(1);
/// How often in a row the store may fail.
const FAILURES: u32 = 10;

impl<U: UserStore, S: SessionStore> Sessions<U, S> {
    /// Waits until a session ends, for any reason. Use it to close an open event stream or WebSocket together with the
    /// session.
    ///
    /// The future completes within a second after this process learns of the end. If the store fails ten times in a
    /// row, with a second in between, the session counts as ended. Waiting does not count as a request, so the idle
    /// limit still applies, up to a minute early.
    ///
    /// ```
    /// use std::time::Duration;
    /// use auth_runtime::{prelude::*, session::MemorySessions, users::MemoryUsers};
    /// use futures_util::{StreamExt, stream};
    /// use poem::{handler, web::{Data, sse::{Event, SSE}}};
    ///
    /// # #[derive(Auth, Clone)]
    /// # struct Auth { #[scheme(cookie = "__Host-session")] session: Browsers }
    /// type Browsers = Sessions<MemoryUsers, MemorySessions>;
    ///
    /// #[protected]
    /// #[handler]
    /// fn ticks(caller: Principal<Auth>, Data(sessions): Data<&Browsers>) -> SSE {
    ///     let (sessions, id) = (sessions.clone(), caller.session_id().unwrap_or_default().to_owned());
    ///     let ticks = stream::unfold((), |()| async {
    ///         tokio::time::sleep(Duration::from_secs(5)).await;
    ///         Some((Event::message("tick"), ()))
    ///     });
    ///     SSE::new(ticks.take_until(async move { sessions.until_end(&id).await }).boxed())
    /// }
    /// ```
    pub async fn until_end(&self, id: &str) {
        let mut failures = 0;
        while failures < FAILURES {
            match self.has_ended(id).await {
                Ok(true) => return,
                Ok(false) => failures = 0,
                Err(_) => failures += 1,
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    async fn has_ended(&self, id: &str) -> Result<bool, Unavailable> {
        let now = self.now()?;
        let session = match self.0.store.find(id).await? {
            // A stream is open while another process or tab keeps the session alive.
            Some(session) if !self.0.is_live(&session, now).await? => self.0.store.find_current(id).await?,
            session => session,
        };
        match session {
            Some(session) => Ok(!self.0.is_live(&session, now).await?),
            None => Ok(true),
        }
    }
}
