//! One connection to a server. It is replaced when it fails.

use std::{error::Error, fmt, future::Future, sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use redis::{AsyncConnectionConfig, Client, ErrorKind, RedisError, ServerErrorKind, aio::SendError};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout_at},
};

use super::{
    link::{Link, LinkState, Listeners},
    names::{channel, session_prefix},
    server::ServerInfo,
};
use crate::StoreError;

/// The connection of a store. All requests share it, and none waits for the answer of another.
///
/// The connection manager of the crate is not used: it returns the error of a failed reconnect to a request that comes
/// hours later, and never signs in again after a refused password.
pub(super) struct Connection {
    client: Client,
    /// The URL without user and password, for messages.
    server: String,
    /// The time limit of one answer, with the connect if there must be one.
    answer: Duration,
    prefix: String,
    listeners: Arc<Listeners>,
    current: ArcSwapOption<Link>,
    connecting: Mutex<()>,
}

impl Connection {
    /// Connects on first use.
    pub(super) fn new(client: Client, server: String, answer: Duration, prefix: String) -> Self {
        let (current, connecting) = (ArcSwapOption::empty(), Mutex::new(()));
        Self { client, server, answer, prefix, listeners: Arc::default(), current, connecting }
    }

    /// Calls a function when another process has published a change, and when messages may have been lost.
    pub(super) fn listen(&self, listener: impl Fn() + Send + Sync + 'static) {
        self.listeners.add(listener);
    }

    /// Does some work on the connection, within the time limit.
    pub(super) async fn run<T, F>(&self, work: impl FnOnce(Arc<Link>) -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, RedisError>>,
    {
        let end = Instant::now() + self.answer;
        let link = timeout_at(end, self.link()).await.map_err(|_| self.late())??;
        let asked = std::time::Instant::now();
        match timeout_at(end, work(Arc::clone(&link))).await {
            Ok(Ok(done)) => {
                link.state.prove(asked);
                Ok(done)
            }
            Ok(Err(error)) => {
                if is_broken(&error) {
                    link.state.close();
                }
                Err(self.failed(error))
            }
            Err(_) => {
                // The next request connects again, in case the network drops all packets of this connection.
                link.state.close();
                Err(self.late())
            }
        }
    }

    /// Connects, unless there is a connection.
    pub(super) async fn connect(&self) -> Result<(), StoreError> {
        timeout_at(Instant::now() + self.answer, self.link()).await.map_err(|_| self.late())?.map(drop)
    }

    /// Returns the connection, if it is open.
    pub(super) fn current(&self) -> Option<Arc<Link>> {
        self.current.load_full().filter(|link| !link.state.is_closed())
    }

    async fn link(&self) -> Result<Arc<Link>, StoreError> {
        if let Some(link) = self.current() {
            return Ok(link);
        }
        let _connecting = self.connecting.lock().await;
        if let Some(link) = self.current() {
            return Ok(link);
        }
        self.current.store(None);
        let link = Arc::new(self.open().await?);
        self.current.store(Some(Arc::clone(&link)));
        Ok(link)
    }

    async fn open(&self) -> Result<Link, StoreError> {
        let state = Arc::new(LinkState::new(session_prefix(&self.prefix), Arc::clone(&self.listeners)));
        let messages = Arc::clone(&state);
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.answer))
            .set_response_timeout(Some(self.answer))
            .set_push_sender(move |push| {
                messages.receive(push);
                Ok::<(), SendError>(())
            });
        let opened = self.client.get_multiplexed_async_connection_with_config(&config).await;
        let link = Link::new(opened.map_err(|error| self.refused(error))?, state);
        let info = redis::cmd("INFO").query_async::<String>(&mut link.connection()).await;
        self.check(&ServerInfo::parse(&info.map_err(|error| self.failed(error))?))?;
        let mut tracking = redis::cmd("CLIENT");
        tracking.arg("TRACKING").arg("ON").arg("OPTIN");
        tracking.query_async::<()>(&mut link.connection()).await.map_err(|error| self.failed(error))?;
        link.connection().subscribe(channel(&self.prefix)).await.map_err(|error| self.failed(error))?;
        // Messages that were sent meanwhile are lost.
        self.listeners.call();
        Ok(link)
    }

    fn check(&self, server: &ServerInfo) -> Result<(), StoreError> {
        if let Some(reason) = server.refusal() {
            return Err(StoreError::Setting(format!("the Redis server {} cannot be used: {reason}", self.server)));
        }
        if !server.is_persistent() {
            tracing::warn!(server = self.server, "Redis loses its state when it restarts; set `appendonly yes`");
        }
        Ok(())
    }

    /// Returns the error of a connect. An error of the server is named by its code, as its text may repeat the
    /// password.
    fn refused(&self, error: RedisError) -> StoreError {
        let server = &self.server;
        match error.code() {
            Some("WRONGPASS") => {
                StoreError::Setting(format!("Redis at {server} rejects the user or the password of its URL"))
            }
            Some("NOAUTH") => StoreError::Setting(format!("Redis at {server} needs a password in its URL")),
            Some(code) => self.failed_with(format!("the server answered {code} to the sign-in"), error),
            None if error.is_io_error() => self.failed(error),
            None => self.failed_with(error.category().to_owned(), error),
        }
    }

    fn failed(&self, error: RedisError) -> StoreError {
        self.failed_with(error.to_string(), error)
    }

    fn late(&self) -> StoreError {
        let text = format!("no answer within {:?}", self.answer);
        self.error(text, None)
    }

    fn failed_with(&self, text: String, error: RedisError) -> StoreError {
        self.error(text, Some(error))
    }

    fn error(&self, text: String, source: Option<RedisError>) -> StoreError {
        StoreError::Database(Box::new(ServerError { server: self.server.clone(), text, source }))
    }
}

/// Returns whether another connection may work: this one ended, or belongs to a server that is no longer the primary.
fn is_broken(error: &RedisError) -> bool {
    error.is_io_error()
        || matches!(
            error.kind(),
            ErrorKind::Parse
                | ErrorKind::AuthenticationFailed
                | ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown)
        )
        || error.code() == Some("NOAUTH")
}

/// An error of the client, with the server that it is about.
#[derive(Debug)]
struct ServerError {
    server: String,
    text: String,
    source: Option<RedisError>,
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redis at {}: {}", self.server, self.text)
    }
}

impl Error for ServerError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|error| error as _)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("server", &self.server).field("answer", &self.answer).finish_non_exhaustive()
    }
}
