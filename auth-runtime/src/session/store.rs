//! The store of sessions.

use std::{future::Future, sync::Arc};

use super::record::Session;
use crate::authenticate::Unavailable;

/// A store of sessions: [`MemorySessions`](super::MemorySessions), or a database that several processes share.
///
/// [`Sessions`](super::Sessions) has the rules: when a session ends, and what its token is. The store keeps the
/// records. A record can be stored as JSON: it implements the traits of `serde`.
pub trait SessionStore: Send + Sync + 'static {
    /// Returns the session with this identifier; `None` if it has ended or never existed.
    ///
    /// It is called for each request, unless [`find_now`](Self::find_now) returns the session. A store with a cache
    /// should document how soon it stops returning a session that another process has ended. It should return a session
    /// as soon as another process has inserted it: until then, a request gets 401, and the response deletes the cookie.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer: 503.
    fn find(&self, id: &str) -> impl Future<Output = Result<Option<Arc<Session>>, Unavailable>> + Send;

    /// Returns the session, if the store knows it without waiting (default: `None`, and the store is asked with
    /// [`find`](Self::find)).
    ///
    /// It returns what [`find`](Self::find) would return, or `None`. It must not block.
    fn find_now(&self, id: &str) -> Option<Arc<Session>> {
        let _ = id;
        None
    }

    /// Returns the session, bypassing any cache (default: [`find`](Self::find)): another process may have recorded a
    /// later request.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer: 503.
    fn find_current(&self, id: &str) -> impl Future<Output = Result<Option<Arc<Session>>, Unavailable>> + Send {
        self.find(id)
    }

    /// Adds a session and ends the replaced session, in one atomic step.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer: the user is not signed in.
    fn insert(
        &self,
        session: Arc<Session>,
        replaced: Option<&str>,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Ends a session. Returns whether it existed.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer.
    fn end(&self, id: &str) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Ends all sessions of a user, except one if it is set. Returns the number of ended sessions.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer.
    fn end_all(
        &self,
        issuer: &str,
        subject: &str,
        except: Option<&str>,
    ) -> impl Future<Output = Result<u64, Unavailable>> + Send;

    /// Returns the sessions of a user, in any order.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer.
    fn list(&self, issuer: &str, subject: &str) -> impl Future<Output = Result<Vec<Arc<Session>>, Unavailable>> + Send;

    /// Records the time of the last request of a session, in seconds since 1970. Each process calls it at most once a
    /// minute for each session. It must not block: a store that writes should spawn a task.
    fn touch(&self, id: &str, now: u64);
}

impl<S: SessionStore> SessionStore for Arc<S> {
    async fn find(&self, id: &str) -> Result<Option<Arc<Session>>, Unavailable> {
        S::find(self, id).await
    }

    fn find_now(&self, id: &str) -> Option<Arc<Session>> {
        S::find_now(self, id)
    }

    async fn find_current(&self, id: &str) -> Result<Option<Arc<Session>>, Unavailable> {
        S::find_current(self, id).await
    }

    async fn insert(&self, session: Arc<Session>, replaced: Option<&str>) -> Result<(), Unavailable> {
        S::insert(self, session, replaced).await
    }

    async fn end(&self, id: &str) -> Result<bool, Unavailable> {
        S::end(self, id).await
    }

    async fn end_all(&self, issuer: &str, subject: &str, except: Option<&str>) -> Result<u64, Unavailable> {
        S::end_all(self, issuer, subject, except).await
    }

    async fn list(&self, issuer: &str, subject: &str) -> Result<Vec<Arc<Session>>, Unavailable> {
        S::list(self, issuer, subject).await
    }

    fn touch(&self, id: &str, now: u64) {
        S::touch(self, id, now);
    }
}
