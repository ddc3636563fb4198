//! The settings of a store, and its connection.

use std::{fmt, sync::Arc, time::Duration};

use super::{
    connection::Connection,
    link::Link,
    store::{RedisStore, Shared},
    url::client,
};
use crate::{StoreError, describe_url};

/// Settings of a [`RedisStore`], created by [`RedisStore::options`].
///
/// ```no_run
/// use std::time::Duration;
/// use auth_store::RedisStore;
///
/// # async fn example() -> Result<(), auth_store::StoreError> {
/// let options = RedisStore::options().key_prefix("shop:auth:").answer_timeout(Duration::from_secs(1));
/// let redis: RedisStore = options.connect("redis://:password@127.0.0.1:6379/0").await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use = "call `connect`"]
pub struct RedisOptions {
    prefix: String,
    answer: Duration,
    root_certificates: Option<Vec<u8>>,
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self { prefix: "auth:".to_owned(), answer: Duration::from_secs(2), root_certificates: None }
    }
}

impl RedisOptions {
    /// Sets the text before the name of each key; default `auth:`. Processes with one prefix share their state.
    pub fn key_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets the maximum time of one operation, retries and connect included; default 2 s. After that the answer is 503.
    pub fn answer_timeout(mut self, time: Duration) -> Self {
        self.answer = time;
        self
    }

    /// Sets the certificate authorities that are trusted for a `rediss://` URL, as PEM; default: those of the system.
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates = Some(pem.into());
        self
    }

    /// Connects to a server: `redis://user:password@host:6379/0` or, with TLS, `rediss://..`. The path is the number of
    /// the database; default 0.
    ///
    /// TLS uses the cryptography that the process has installed for `rustls`. If there is none, AWS-LC is installed.
    ///
    /// # Errors
    /// [`StoreError::Setting`] if the URL is invalid, the password is missing or wrong, or the server is too old or may
    /// evict keys; [`StoreError::Database`] if the server does not answer.
    pub async fn connect(self, url: &str) -> Result<RedisStore, StoreError> {
        let store = self.connect_lazily(url)?;
        store.0.connection.connect().await?;
        Ok(store)
    }

    /// Creates the store without connecting. A server that is refused then makes requests fail with 503.
    ///
    /// # Errors
    /// [`StoreError::Setting`] if the URL is invalid.
    pub fn connect_lazily(self, url: &str) -> Result<RedisStore, StoreError> {
        let client = client(url, self.root_certificates.as_deref())?;
        let connection = Connection::new(client, describe_url(url), self.answer, self.prefix.clone());
        Ok(RedisStore(Arc::new(Shared { connection, prefix: self.prefix })))
    }
}

/// Connecting.
impl RedisStore {
    /// Returns the default settings.
    pub fn options() -> RedisOptions {
        RedisOptions::default()
    }

    /// Connects with the default settings; see [`RedisOptions::connect`].
    ///
    /// # Errors
    /// The errors of [`RedisOptions::connect`].
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::options().connect(url).await
    }

    /// Waits until the server answers, and connects if needed. Call it before a change of several stores: a wrong
    /// password then shows before the first of them is changed.
    ///
    /// ```no_run
    /// use auth_store::{RedisStore, SqlUsers};
    ///
    /// # async fn example(users: SqlUsers, redis: RedisStore) -> Result<(), auth_store::StoreError> {
    /// redis.ready().await?;
    /// users.end_sessions_of("alice").await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Setting`] if the password is missing or wrong, or the server is too old or may evict keys;
    /// [`StoreError::Database`] if the server does not answer.
    pub async fn ready(&self) -> Result<(), StoreError> {
        // The minimal user of the guide may send this command, and not `PING`.
        let asking = async |link: Arc<Link>| redis::cmd("TIME").query_async(&mut link.connection()).await;
        self.0.connection.run(asking).await
    }
}

impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisOptions")
            .field("prefix", &self.prefix)
            .field("answer", &self.answer)
            .finish_non_exhaustive()
    }
}
