//! The store, and the state that its clones share.

#[cfg(feature = "postgres")]
use std::sync::OnceLock;
#[cfg(feature = "token-service")]
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{fmt, sync::Arc};

#[cfg(feature = "token-service")]
use auth_runtime::jwt::StaleHandle;
use auth_runtime::{declared::DeclaredNames, throttle::Throttle, users::Passwords};
#[cfg(feature = "postgres")]
use tokio::task::AbortHandle;

#[cfg(feature = "token-service")]
use crate::sql::sweep::SweptAt;
use crate::{
    api_keys::last_used::LastUsed, cache::StoreCache, shared_state::session_cache::SessionState,
    sql::database::Database,
};

/// Users and API keys in a database. Clones are cheap and share connections and cache.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use auth_runtime::prelude::*;
/// use auth_store::{NewUser, SqlUsers};
///
/// let users = SqlUsers::connect("sqlite::memory:").await?;
/// let password = "correct horse battery staple"; // typed by the user, never in the source
/// users.add(NewUser::new("alice").password(password).roles(["Viewer"])).await?;
///
/// let basic = Basic::new(users.clone());
/// let keys = ApiKeys::new(users);
/// # Ok::<(), auth_store::StoreError>(()) }).unwrap();
/// ```
///
/// A new store has no users and no keys. Names are compared after [`normalize_name`](crate::normalize_name).
///
/// As a field of an `Auth`, its type is named like any other store:
///
/// ```
/// use auth_runtime::{jwt::TokenIssuer, prelude::*, users::UserTokens};
/// use auth_store::{SqlUsers, StoreError};
///
/// permissions! { pub enum Permission { View = "view" } }
/// roles! { pub enum Role: Permission { Viewer = "Viewer" => [View] } }
///
/// #[derive(Auth, Clone)]
/// #[auth(permissions = Permission, roles = Role)]
/// struct Auth {
///     #[scheme(bearer)]
///     token: UserTokens<SqlUsers>,
///     #[scheme(basic)]
///     password: Basic<SqlUsers>,
///     #[scheme(api_key(header = "X-API-Key"))]
///     key: ApiKeys<SqlUsers>,
/// }
///
/// async fn auth(url: &str, issuer: &TokenIssuer) -> Result<Auth, Box<dyn std::error::Error>> {
///     let users: SqlUsers = SqlUsers::options().declared_by::<Auth>().connect(url).await?;
///     Ok(Auth {
///         token: UserTokens::new(issuer.verifier(), users.clone())?,
///         password: Basic::new(users.clone()).issuer("users"),
///         key: ApiKeys::new(users).issuer("users"),
///     })
/// }
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let issuer = TokenIssuer::hs256("0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa")?.issuer("users").audience("api");
/// let auth = auth("sqlite::memory:", &issuer).await?;
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
///
/// # Freshness
///
/// Known users and keys cost no query: they are cached. Only the last use of a key is written, once a minute. A change
/// by this store or a clone takes effect with the next request. A change by another process takes effect within 5 s
/// ([`SqlOptions::freshness`](crate::SqlOptions::freshness)). On PostgreSQL, a notice makes it take effect within a
/// second (`LISTEN`), unless PgBouncer is in transaction mode. Each change of a known user or key raises one version
/// number. The store polls it every 5 s, on a connection of its own. If the poll fails, the cache is not used, and the
/// answer is 503. After a change by hand, raise the number as well (`UPDATE auth_epoch SET epoch = epoch + 1`);
/// otherwise the change takes effect within ten minutes.
///
/// # Guessing
///
/// The database counts attempts for all processes together ([`Throttle`]). It stores hashes of names and addresses.
/// With a [secret key](Passwords::secret_key) for passwords the hashes reveal nothing; without one they can be
/// brute-forced. All processes need the same key. A new key starts new counts.
///
/// # What it does not protect against
///
/// An attacker with write access to the database can become any user. An attacker with read access has the password
/// hashes; [`Passwords::secret_key`] binds them to a key outside of the database. On Unix, a new SQLite file is
/// readable for its owner only; the mode of an existing file is left alone.
#[derive(Clone)]
pub struct SqlUsers(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) database: Database,
    pub(crate) cache: StoreCache,
    pub(crate) sessions: SessionState,
    pub(crate) passwords: Passwords,
    pub(crate) throttle: Throttle,
    pub(crate) tables: Option<&'static DeclaredNames>,
    pub(crate) last_used: LastUsed,
    #[cfg(feature = "token-service")]
    pub(crate) swept: SweptAt,
    #[cfg(feature = "token-service")]
    pub(crate) swept_revocations: SweptAt,
    /// The lists of revocations and the rings of signing keys in this process.
    #[cfg(feature = "token-service")]
    pub(crate) readers: StaleReaders,
    /// The task that listens to changes by other processes.
    #[cfg(feature = "postgres")]
    pub(crate) listener: OnceLock<AbortHandle>,
}

/// What is read again after a change.
#[cfg(feature = "token-service")]
#[derive(Debug, Default)]
pub(crate) struct StaleReaders(Mutex<Vec<StaleHandle>>);

#[cfg(feature = "token-service")]
impl StaleReaders {
    pub(crate) fn add(&self, reader: StaleHandle) {
        self.lock().push(reader);
    }

    pub(crate) fn mark(&self) {
        self.lock().iter().for_each(StaleHandle::mark_stale);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<StaleHandle>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(feature = "postgres")]
impl Shared {
    /// Makes the next request read what another process may have changed.
    pub(crate) fn notice_change(&self) {
        self.cache.notice_change();
        self.sessions.cache.notice_change();
        #[cfg(feature = "token-service")]
        self.readers.mark();
    }
}

#[cfg(feature = "postgres")]
impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(task) = self.listener.get() {
            task.abort();
        }
    }
}

impl SqlUsers {
    /// Returns the rules for passwords and hashes of this store.
    #[must_use]
    pub fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    /// Closes the connections after their current statements. Later statements fail.
    pub async fn close(&self) {
        #[cfg(feature = "postgres")]
        if let Some(task) = self.0.listener.get() {
            task.abort();
        }
        self.0.database.close().await;
    }
}

impl fmt::Debug for SqlUsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlUsers")
            .field("database", &self.0.database)
            .field("cache", &self.0.cache)
            .finish_non_exhaustive()
    }
}
