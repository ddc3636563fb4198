//! How a store is connected.

use std::{fmt, sync::Arc, time::Duration};

use auth_runtime::{declared::DeclaredNames, guard::AuthConfig, throttle::Throttle, users::Passwords};

use crate::{
    SqlUsers, StoreError,
    attempts::SqlAttempts,
    cache::{FRESHNESS, StoreCache},
    database::{Bounds, Database},
    database_url::{DatabaseUrl, File},
    last_used::LastUsed,
    names,
    store::Shared,
};

/// Settings of a [`SqlUsers`]; made by [`SqlUsers::options`].
#[derive(Clone)]
#[must_use = "call `connect`"]
pub struct SqlOptions {
    bounds: Bounds,
    freshness: Duration,
    cache_capacity: usize,
    passwords: Passwords,
    tables: Option<&'static DeclaredNames>,
    migrate: bool,
    file: File,
}

impl Default for SqlOptions {
    fn default() -> Self {
        let bounds = Bounds { max_connections: 10, acquire: Duration::from_secs(3), answer: Duration::from_secs(10) };
        Self {
            bounds,
            freshness: FRESHNESS,
            cache_capacity: 10_000,
            passwords: Passwords::default(),
            tables: None,
            migrate: true,
            file: File::Made,
        }
    }
}

impl SqlOptions {
    /// How many connections there may be at once; 10 unless set, at least one. SQLite in memory has one.
    pub fn max_connections(mut self, count: u32) -> Self {
        self.bounds.max_connections = count.max(1);
        self
    }

    /// How long may be waited for a connection; 3 s unless set. After that the answer is 503.
    pub fn acquire_timeout(mut self, time: Duration) -> Self {
        self.bounds.acquire = time;
        self
    }

    /// How long may be waited for the database to do what it is asked; 10 s unless set. After that the answer is 503.
    pub fn answer_timeout(mut self, time: Duration) -> Self {
        self.bounds.answer = time;
        self
    }

    /// For how long users and keys that were read count without asking whether something has changed, if it was changed
    /// by another process; 5 s unless set, at most a minute. What this process changes counts at once.
    pub fn freshness(mut self, bound: Duration) -> Self {
        self.freshness = bound.min(Duration::from_mins(1));
        self
    }

    /// How many users, and how many keys, are remembered; 10,000 of each unless set.
    pub fn cache_capacity(mut self, count: usize) -> Self {
        self.cache_capacity = count;
        self
    }

    /// How passwords are judged, hashed and verified.
    pub fn passwords(mut self, passwords: Passwords) -> Self {
        self.passwords = passwords;
        self
    }

    /// Checks names of roles and permissions against what this `Auth` declares: those that are in the database are named
    /// in a warning at start, and others are refused when they are written. Without it every name is taken.
    pub fn declared_by<A: AuthConfig>(self) -> Self {
        self.tables(A::declared_names())
    }

    /// The same for tables without an `Auth`.
    pub fn tables(mut self, tables: &'static DeclaredNames) -> Self {
        self.tables = Some(tables);
        self
    }

    /// Whether tables are made and brought up to date when the store is connected, which is safe if several processes
    /// start at once. True unless set; if not, connecting fails unless [`SqlUsers::migrate`] was run.
    pub fn migrate(mut self, migrate: bool) -> Self {
        self.migrate = migrate;
        self
    }

    /// Whether a file of SQLite that is not there is made, unless the URL says it by `mode=`. True unless set; if not, a
    /// name that was mistyped is an error, and no empty database.
    pub fn make_file(mut self, make: bool) -> Self {
        self.file = if make { File::Made } else { File::Missed };
        self
    }

    /// Connects: `sqlite:users.db` (a file, made if it is not there), `sqlite::memory:`, `postgres://user@host/database`,
    /// `mysql://user@host/database`.
    ///
    /// Unless the URL says `?sslmode=verify-full` (PostgreSQL) or `?ssl-mode=VERIFY_IDENTITY` (MariaDB, MySQL), whoever is
    /// on the way to the server can pass for it. A parameter that is not known is refused.
    ///
    /// # Errors
    /// [`StoreError`] if the URL cannot be read, the database does not answer, or its tables are of another version.
    pub async fn connect(self, url: &str) -> Result<SqlUsers, StoreError> {
        let store = self.clone().connect_lazily(url)?;
        if self.migrate {
            store.migrate().await?;
        } else {
            store.check_schema().await?;
        }
        names::warn_of_unknown(&store).await?;
        Ok(store)
    }

    /// The same without asking the database anything yet: neither its tables nor the names in it are looked at.
    ///
    /// # Errors
    /// [`StoreError::Setting`] if the URL cannot be read.
    pub fn connect_lazily(self, url: &str) -> Result<SqlUsers, StoreError> {
        let database = Database::new(DatabaseUrl::parse(url, self.file)?, self.bounds);
        let mut throttle = Throttle::shared(SqlAttempts::new(database.clone()));
        if let Some(key) = self.passwords.derived_key(b"auth-runtime: names that were tried") {
            throttle = throttle.secret(key).map_err(|error| StoreError::Setting(error.to_string()))?;
        }
        Ok(SqlUsers(Arc::new(Shared {
            throttle,
            database,
            cache: StoreCache::new(self.freshness, self.cache_capacity),
            passwords: self.passwords,
            tables: self.tables,
            last_used: LastUsed::new(self.cache_capacity),
        })))
    }
}

/// Connecting.
impl SqlUsers {
    /// Settings, if others than the defaults are needed.
    pub fn options() -> SqlOptions {
        SqlOptions::default()
    }

    /// Connects with the defaults: [`SqlOptions::connect`].
    ///
    /// # Errors
    /// [`StoreError`] if the URL cannot be read, the database does not answer, or its tables are of another version.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::options().connect(url).await
    }
}

impl fmt::Debug for SqlOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlOptions")
            .field("bounds", &self.bounds)
            .field("freshness", &self.freshness)
            .finish_non_exhaustive()
    }
}
