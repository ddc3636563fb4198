//! The settings of a store, and its connection.

#[cfg(feature = "postgres")]
use std::sync::OnceLock;
use std::{fmt, sync::Arc, time::Duration};

use auth_runtime::{
    declared::DeclaredNames,
    guard::AuthConfig,
    throttle::{AttemptStore, Throttle},
    users::Passwords,
};

use crate::{
    SqlUsers, StoreError,
    api_keys::last_used::LastUsed,
    cache::{FRESHNESS, StoreCache},
    shared_state::{attempts::SqlAttempts, session_cache::SessionState},
    sql::{
        database::{Database, Limits},
        url::{DatabaseUrl, MissingFile},
    },
    store::Shared,
    users::declared_names,
};
#[cfg(feature = "token-service")]
use crate::{sql::sweep::SweptAt, store::StaleReaders};

/// Settings of a [`SqlUsers`], created by [`SqlUsers::options`].
///
/// ```
/// use std::time::Duration;
/// use auth_store::{SqlOptions, SqlUsers};
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let options: SqlOptions = SqlUsers::options().max_connections(4).freshness(Duration::from_secs(2));
/// let users: SqlUsers = options.connect("sqlite::memory:").await?;
/// assert_eq!(users.count().await?, 0);
/// # Ok::<(), auth_store::StoreError>(()) }).unwrap();
/// ```
#[derive(Clone)]
#[must_use = "call `connect`"]
pub struct SqlOptions {
    limits: Limits,
    freshness: Duration,
    cache_capacity: usize,
    passwords: Passwords,
    throttle: Option<Throttle>,
    tables: Option<&'static DeclaredNames>,
    migrate: bool,
    file: MissingFile,
}

impl Default for SqlOptions {
    fn default() -> Self {
        let limits = Limits { max_connections: 10, acquire: Duration::from_secs(3), answer: Duration::from_secs(10) };
        Self {
            limits,
            freshness: FRESHNESS,
            cache_capacity: 10_000,
            passwords: Passwords::default(),
            throttle: None,
            tables: None,
            migrate: true,
            file: MissingFile::Create,
        }
    }
}

impl SqlOptions {
    /// Sets the maximum number of connections; default 10, at least 1. One more connection polls for changes, and on
    /// PostgreSQL another one listens for them. SQLite in memory has a single connection.
    pub fn max_connections(mut self, count: u32) -> Self {
        self.limits.max_connections = count.max(1);
        self
    }

    /// Sets the maximum time to wait for a connection; default 3 s. After that the answer is 503.
    pub fn acquire_timeout(mut self, time: Duration) -> Self {
        self.limits.acquire = time;
        self
    }

    /// Sets the maximum time of a query or a change, retries included; default 10 s. After that the answer is 503.
    pub fn answer_timeout(mut self, time: Duration) -> Self {
        self.limits.answer = time;
        self
    }

    /// Sets the interval at which the store polls for changes by other processes; default 5 s, at most a minute.
    /// Changes of users and keys by this process take effect at once.
    pub fn freshness(mut self, bound: Duration) -> Self {
        self.freshness = bound.min(Duration::from_mins(1));
        self
    }

    /// Sets how many users, keys and sessions are cached; default 10,000 of each.
    pub fn cache_capacity(mut self, count: usize) -> Self {
        self.cache_capacity = count;
        self
    }

    /// Sets the rules for passwords, and how they are hashed and verified; default [`Passwords::default`].
    pub fn passwords(mut self, passwords: Passwords) -> Self {
        self.passwords = passwords;
        self
    }

    /// Counts attempts in another store, such as `RedisStore` (feature `redis`); default: in this database.
    pub fn attempts(mut self, store: impl AttemptStore) -> Self {
        self.throttle = Some(Throttle::shared(store));
        self
    }

    /// Checks names of roles and permissions against the declarations of an `Auth`. Undeclared names in the database
    /// are logged at start, and undeclared names in a change are refused. By default any name is accepted.
    pub fn declared_by<A: AuthConfig>(self) -> Self {
        self.tables(A::declared_names())
    }

    /// Checks names like [`declared_by`](Self::declared_by), without an `Auth`.
    pub fn tables(mut self, tables: &'static DeclaredNames) -> Self {
        self.tables = Some(tables);
        self
    }

    /// Sets whether [`connect`](Self::connect) creates and updates the tables; default true. Several processes may
    /// start at once. If false, `connect` fails until [`SqlUsers::migrate`] has run.
    pub fn migrate(mut self, migrate: bool) -> Self {
        self.migrate = migrate;
        self
    }

    /// Sets whether a missing SQLite file is created, unless the URL has a `mode`; default true. If false, a mistyped
    /// name is an error instead of an empty database.
    pub fn make_file(mut self, make: bool) -> Self {
        self.file = if make { MissingFile::Create } else { MissingFile::Refuse };
        self
    }

    /// Connects to a database: `sqlite:users.db` (a missing file is created), `sqlite::memory:`,
    /// `postgres://user@host/database` or `mysql://user@host/database`.
    ///
    /// Without `?sslmode=verify-full` (PostgreSQL) or `?ssl-mode=VERIFY_IDENTITY` (MariaDB, MySQL), an attacker in the
    /// network can impersonate the server. Unknown parameters are refused.
    ///
    /// # Errors
    /// [`StoreError::Setting`] if the URL is invalid, or a pooler cannot carry prepared statements;
    /// [`StoreError::Database`]; [`StoreError::Schema`] if the tables belong to another version.
    pub async fn connect(self, url: &str) -> Result<SqlUsers, StoreError> {
        let store = self.clone().connect_lazily(url)?;
        if self.migrate {
            store.migrate().await?;
        } else {
            store.check_schema().await?;
        }
        declared_names::warn_of_unknown(&store).await?;
        Ok(store)
    }

    /// Creates the store without connecting: neither the tables nor the names in them are checked.
    ///
    /// # Errors
    /// [`StoreError::Setting`] if the URL is invalid.
    pub fn connect_lazily(self, url: &str) -> Result<SqlUsers, StoreError> {
        let database = Database::new(DatabaseUrl::parse(url, self.file)?, self.limits);
        let in_database = || Throttle::shared(SqlAttempts::new(database.clone()));
        let mut throttle = self.throttle.unwrap_or_else(in_database);
        if let Some(key) = self.passwords.derived_key(b"auth-runtime: names that were tried") {
            throttle = throttle.secret(key).map_err(|error| StoreError::Setting(error.to_string()))?;
        }
        Ok(SqlUsers(Arc::new(Shared {
            throttle,
            database,
            cache: StoreCache::new(self.freshness, self.cache_capacity),
            sessions: SessionState::new(self.freshness, self.cache_capacity),
            passwords: self.passwords,
            tables: self.tables,
            last_used: LastUsed::new(self.cache_capacity),
            #[cfg(feature = "token-service")]
            swept: SweptAt::default(),
            #[cfg(feature = "token-service")]
            swept_revocations: SweptAt::default(),
            #[cfg(feature = "token-service")]
            readers: StaleReaders::default(),
            #[cfg(feature = "postgres")]
            listener: OnceLock::new(),
        })))
    }
}

/// Connecting.
impl SqlUsers {
    /// Returns the default settings.
    pub fn options() -> SqlOptions {
        SqlOptions::default()
    }

    /// Connects with the default settings; see [`SqlOptions::connect`].
    ///
    /// # Errors
    /// The errors of [`SqlOptions::connect`].
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::options().connect(url).await
    }
}

impl fmt::Debug for SqlOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlOptions")
            .field("limits", &self.limits)
            .field("freshness", &self.freshness)
            .finish_non_exhaustive()
    }
}
