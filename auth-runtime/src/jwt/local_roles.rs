//! Tokens of an issuer, with roles and permissions from a store of the application.

use std::{collections::hash_map::RandomState, fmt, future::Future, hash::Hash, sync::Arc, time::Duration};

use quick_cache::{
    Equivalent, UnitWeighter,
    sync::{Cache, DefaultLifecycle},
};
use tokio::time::Instant;

use super::verifier::Jwt;
use crate::{
    authenticate::{AuthenticationError, Authenticator, Context, Identity, Unavailable},
    credential::BearerToken,
    declared::DeclaredNames,
};

const TTL: Duration = Duration::from_secs(5);
const LONGEST_TTL: Duration = Duration::from_mins(5);
const CAPACITY: usize = 10_000;

/// A store of the roles and permissions of callers that an issuer authenticates.
///
/// ```
/// use auth_runtime::{authenticate::Unavailable, jwt::{Jwt, JwtError, LocalAccess, LocalRoles, RoleStore}};
///
/// /// A table with the columns `issuer`, `subject` and `role`.
/// struct Members;
///
/// impl RoleStore for Members {
///     async fn find(&self, issuer: &str, subject: &str) -> Result<Option<LocalAccess>, Unavailable> {
///         // select role from members where issuer = ? and subject = ?
///         let is_alice = (issuer, subject) == ("https://issuer.example", "user1");
///         Ok(is_alice.then(|| LocalAccess::new().roles(["Administrator"])))
///     }
/// }
///
/// fn tokens(jwt: Jwt) -> LocalRoles<Members> {
///     jwt.with_local_roles(Members)
/// }
/// ```
pub trait RoleStore: Send + Sync + 'static {
    /// Returns the roles and permissions of a caller. `None` says that the store does not know the caller: no roles.
    ///
    /// Issuer **and** subject identify a caller. The same subject at another issuer is another person.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer. The status is 503.
    fn find(
        &self,
        issuer: &str,
        subject: &str,
    ) -> impl Future<Output = Result<Option<LocalAccess>, Unavailable>> + Send;
}

impl<S: RoleStore> RoleStore for Arc<S> {
    async fn find(&self, issuer: &str, subject: &str) -> Result<Option<LocalAccess>, Unavailable> {
        S::find(self, issuer, subject).await
    }
}

/// The roles and permissions that a store has for a caller: none unless added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "return it from `RoleStore::find`"]
pub struct LocalAccess {
    roles: Vec<String>,
    permissions: Vec<String>,
}

impl LocalAccess {
    /// Returns no roles and no permissions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds roles, with their permissions. A name that the application does not declare grants nothing.
    pub fn roles<T: Into<String>>(mut self, roles: impl IntoIterator<Item = T>) -> Self {
        self.roles.extend(roles.into_iter().map(Into::into));
        self
    }

    /// Adds permissions.
    pub fn permissions<T: Into<String>>(mut self, permissions: impl IntoIterator<Item = T>) -> Self {
        self.permissions.extend(permissions.into_iter().map(Into::into));
        self
    }

    fn identity(&self, caller: &Identity, context: Context) -> Identity {
        let mut identity = context.identity(caller.issuer(), caller.subject());
        self.roles.iter().for_each(|role| identity.add_role(role));
        self.permissions.iter().for_each(|permission| identity.add_permission(permission));
        identity.build()
    }
}

/// Verifies tokens of an issuer, and takes roles and permissions from a store of the application. Cheap to clone.
///
/// [`Jwt::with_local_roles`] makes one. The store's answer for a caller counts for five seconds
/// ([`cache_ttl`](Self::cache_ttl)), and never longer: when the store does not answer after that, the status is 503. Up
/// to 10 000 callers are cached.
pub struct LocalRoles<S> {
    jwt: Jwt,
    store: Arc<S>,
    ttl: Duration,
    known: Arc<Known>,
}

type Known = Cache<Caller, Answer, UnitWeighter, RandomState>;

fn cache() -> Arc<Known> {
    let known = Cache::with(CAPACITY, CAPACITY as u64, UnitWeighter, RandomState::new(), DefaultLifecycle::default());
    Arc::new(known)
}

/// A caller of the cache.
#[derive(PartialEq, Eq, Hash)]
struct Caller {
    issuer: String,
    subject: String,
}

/// A caller that is looked for. Its hash is that of a [`Caller`], as a `str` has the hash of a `String`.
#[derive(Hash)]
struct CallerName<'a> {
    issuer: &'a str,
    subject: &'a str,
}

impl Equivalent<Caller> for CallerName<'_> {
    fn equivalent(&self, caller: &Caller) -> bool {
        (self.issuer, self.subject) == (&*caller.issuer, &*caller.subject)
    }
}

/// The roles and permissions that the store had at a time.
#[derive(Clone)]
struct Answer {
    identity: Identity,
    /// The tables of the bits in the identity.
    names: &'static DeclaredNames,
    /// When the store was asked, and not when it answered: a change in between may not be in the answer.
    asked: Instant,
}

impl Jwt {
    /// Takes roles and permissions of the callers from a store of this application, and none from the tokens.
    ///
    /// Everything else stays: issuer, subject, claims, scopes, sign-in time and
    /// [`user_info`](crate::authenticate::Principal::user_info). See [`RoleStore`] for an example.
    ///
    /// It is for tokens of other issuers. A token that [`TokenIssuer`](super::TokenIssuer) has limited to some
    /// permissions would lose the limit; `UserTokens` keeps it.
    #[must_use]
    pub fn with_local_roles<S: RoleStore>(self, store: S) -> LocalRoles<S> {
        LocalRoles { jwt: self, store: Arc::new(store), ttl: TTL, known: cache() }
    }
}

impl<S: RoleStore> LocalRoles<S> {
    /// Sets how long the answer of the store counts (default: five seconds; at most five minutes; zero asks for each
    /// request).
    #[must_use]
    pub fn cache_ttl(self, ttl: Duration) -> Self {
        Self { ttl: ttl.min(LONGEST_TTL), known: cache(), ..self }
    }

    /// Returns the verifier of the tokens.
    #[must_use]
    pub fn jwt(&self) -> &Jwt {
        &self.jwt
    }

    async fn access_of(&self, caller: &Identity, context: Context) -> Result<Identity, Unavailable> {
        let Self { store, ttl, known, .. } = self;
        let (issuer, subject, asked) = (caller.issuer(), caller.subject(), Instant::now());
        let names = context.declared_names();
        let counts = |answer: &Answer| std::ptr::eq(answer.names, names) && asked < answer.asked + *ttl;
        if let Some(answer) = known.get(&CallerName { issuer, subject }).filter(counts) {
            return Ok(answer.identity);
        }
        let access = store.find(issuer, subject).await?.unwrap_or_default();
        let identity = access.identity(caller, context);
        let caller = Caller { issuer: issuer.to_owned(), subject: subject.to_owned() };
        known.insert(caller, Answer { identity: identity.clone(), names, asked });
        Ok(identity)
    }
}

impl<S: RoleStore> Authenticator for LocalRoles<S> {
    type Credential = BearerToken;

    async fn authenticate(&self, token: BearerToken, context: &Context) -> Result<Identity, AuthenticationError> {
        let caller = self.jwt.authenticate(token, context).await?;
        let access = self.access_of(&caller, *context).await?;
        Ok(caller.with_roles_of(&access))
    }
}

impl<S> Clone for LocalRoles<S> {
    fn clone(&self) -> Self {
        let Self { jwt, store, ttl, known } = self;
        Self { jwt: jwt.clone(), store: Arc::clone(store), ttl: *ttl, known: Arc::clone(known) }
    }
}

impl<S> fmt::Debug for LocalRoles<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalRoles").field("jwt", &self.jwt).field("ttl", &self.ttl).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        time::Duration,
    };

    use tokio::time::sleep;

    use super::{LocalAccess, LocalRoles, RoleStore};
    use crate::{
        authenticate::{Context, Identity, Unavailable},
        declared::DeclaredNames,
        jwt::Jwt,
    };

    static TABLES: DeclaredNames = DeclaredNames {
        permissions: &["view", "edit"],
        roles: &["Viewer", "Administrator"],
        scopes: &[],
        role_permissions: &[&[0b1], &[0b11]],
    };
    const SECRET: &str = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";

    /// A store with a state: 0 knows no caller, 1 knows an administrator, 2 is down.
    #[derive(Default)]
    struct Members {
        state: AtomicUsize,
        asked: AtomicUsize,
        takes: Duration,
    }

    impl RoleStore for Members {
        async fn find(&self, issuer: &str, subject: &str) -> Result<Option<LocalAccess>, Unavailable> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let state = self.state.load(Ordering::Relaxed);
            sleep(self.takes).await;
            let is_known = (issuer, subject) == ("https://issuer.example", "alice");
            let access = || LocalAccess::new().roles(["Administrator", "unknown"]).permissions(["view"]);
            match state {
                2 => Err(Unavailable::new("connection refused")),
                state => Ok((state == 1 && is_known).then(access)),
            }
        }
    }

    fn local(store: &Arc<Members>) -> LocalRoles<Arc<Members>> {
        let jwt = Jwt::hs256(SECRET).unwrap().issuer("https://issuer.example").audience("entries");
        jwt.with_local_roles(Arc::clone(store))
    }

    fn caller(issuer: &str) -> Identity {
        Context::new(&TABLES).identity(issuer, "alice").role("Viewer").scope("a").build()
    }

    async fn roles(local: &LocalRoles<Arc<Members>>, issuer: &str) -> Result<u64, Unavailable> {
        let caller = caller(issuer);
        let access = local.access_of(&caller, Context::new(&TABLES)).await?;
        let caller = caller.with_roles_of(&access);
        assert_eq!(caller.scope(), "a");
        Ok(caller.role_words().first().copied().unwrap_or_default())
    }

    #[tokio::test(start_paused = true)]
    async fn roles_are_those_of_the_store_and_none_of_the_token() {
        let store = Arc::new(Members::default());
        let local = local(&store);
        assert_eq!(roles(&local, "https://issuer.example").await.unwrap(), 0);
        store.state.store(1, Ordering::Relaxed);
        sleep(Duration::from_secs(5)).await;
        assert_eq!(roles(&local, "https://issuer.example").await.unwrap(), 0b10);
        // The same subject of another issuer is another caller.
        assert_eq!(roles(&local, "https://evil.example").await.unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_answer_of_the_store_counts_for_five_seconds_from_the_question_on() {
        let store = Arc::new(Members { takes: Duration::from_secs(2), ..Members::default() });
        store.state.store(1, Ordering::Relaxed);
        let local = local(&store);
        assert_eq!(roles(&local, "https://issuer.example").await.unwrap(), 0b10);
        // Alice loses the role while the answer is under way, at the earliest.
        store.state.store(0, Ordering::Relaxed);
        sleep(Duration::from_millis(2_999)).await;
        assert_eq!(roles(&local, "https://issuer.example").await.unwrap(), 0b10);
        assert_eq!(store.asked.load(Ordering::Relaxed), 1);
        sleep(Duration::from_millis(1)).await;
        assert_eq!(roles(&local, "https://issuer.example").await.unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_is_down_is_unavailable_and_not_a_caller_without_roles() {
        let store = Arc::new(Members::default());
        store.state.store(1, Ordering::Relaxed);
        let local = local(&store);
        assert!(roles(&local, "https://issuer.example").await.is_ok());
        store.state.store(2, Ordering::Relaxed);
        assert!(roles(&local, "https://issuer.example").await.is_ok());
        sleep(Duration::from_secs(5)).await;
        assert!(roles(&local, "https://issuer.example").await.is_err());
        let local = local.cache_ttl(Duration::ZERO);
        store.state.store(1, Ordering::Relaxed);
        for asked in [3, 4] {
            assert!(roles(&local, "https://issuer.example").await.is_ok());
            assert_eq!(store.asked.load(Ordering::Relaxed), asked);
        }
    }
}
