//! User names and passwords: an authenticator.
//!
//! [`Basic`] verifies them against a [`UserStore`]. [`Passwords`] has the rules, the hashing and the verification.
//! [`PasswordPool`] bounds the cost of hashing.

mod error;
#[cfg(any(feature = "_jwt", feature = "session"))]
mod fresh;
mod generate;
mod memory;
mod password_cache;
mod quote;
mod store;
#[cfg(test)]
mod tests;
mod user;
#[cfg(feature = "_jwt")]
mod user_tokens;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use poem::Request;

#[cfg(any(feature = "session", feature = "token-service"))]
pub(crate) use self::fresh::user_since;
#[cfg(feature = "account")]
pub(crate) use self::generate::random_text;
use self::password_cache::{CacheLookup, PasswordCache, Submitted};
#[cfg(feature = "_jwt")]
pub use self::user_tokens::UserTokens;
pub use self::{
    error::UserError,
    generate::generate_password,
    memory::MemoryUsers,
    quote::quote_name,
    store::{SignIn, UserStore},
    user::User,
};
pub use crate::password::{
    BreachCheck, HashStrength, MAX_PASSWORD_LEN, MIN_PASSWORD_LEN, PasswordError, PasswordPool, Passwords,
    hash_password,
};
use crate::{
    authenticate::{AuthenticationError, Authenticator, Context, Identity, Unavailable},
    client_ip::ClientAddress,
    credential::BasicCredentials,
    declared::SecurityScheme,
    password::Verified,
    throttle::{Attempt, MAX_NAME_LEN, Throttle},
};

const ISSUER: &str = "basic";
const CACHE_TTL: Duration = Duration::from_mins(1);
/// One text for a wrong name and a wrong password, in the log too: a user name may be a password that was typed into
/// the wrong field.
const REFUSED: &str = "user name or password";

/// Verifies user names and passwords against a store. Cheap to clone.
///
/// ```
/// use auth_runtime::{client_ip::ClientAddress, credential::BasicCredentials, users::{Basic, MemoryUsers}};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let password = "correct horse battery staple"; // from the environment, and not in the source
/// let basic = Basic::new(MemoryUsers::new().add("alice", password)?);
///
/// // The field of an `Auth` struct calls this for each request; a token endpoint calls it by itself.
/// let sent = BasicCredentials::new("alice", password);
/// assert_eq!(basic.verify(&sent, ClientAddress::UNKNOWN).await.unwrap().name(), "alice");
/// let wrong = BasicCredentials::new("alice", "another pass phrase");
/// assert!(basic.verify(&wrong, ClientAddress::UNKNOWN).await.is_err());
/// # Ok::<(), auth_runtime::users::UserError>(())
/// # }).unwrap();
/// ```
///
/// Attempts are limited by name and address before a password is hashed: see [`Throttle`]. An unknown user, a disabled
/// user and a wrong password get the same response after the same work. A user with an imported hash is the exception:
/// until the first sign-in replaces the hash, the time differs, and shows that the user exists.
///
/// In a debug build, a hash takes 1 to 2 seconds. Optimize it in `Cargo.toml` of the workspace:
///
/// ```toml
/// [profile.dev.package.argon2]
/// opt-level = 3
/// ```
///
/// # Cache
///
/// A verified password is cached for a minute for its address ([`cache_ttl`](Self::cache_ttl)). The cache holds a MAC
/// of the password, with a key of this process, and the stored hash. The store is asked for each request. So a user who
/// is deleted or disabled, or has a new password, is refused as soon as the store returns the change.
///
/// A wrong password evicts the cached one of its name and address until the attempt is counted. An attempt may not be
/// counted: the throttle rejects it, the store fails, or the request is dropped. Then the name is not cached for this
/// address for a quarter of an hour. So the cache confirms no guess that the throttle does not count.
///
/// # Limits
///
/// - Eavesdropping: Basic credentials are sent with each request, so serve them over TLS only.
/// - The limits of the [`Throttle`]. Behind a proxy, it needs the address of the client.
pub struct Basic<S = MemoryUsers>(Arc<Verifier<S>>);

struct Verifier<S> {
    store: Arc<S>,
    issuer: Arc<str>,
    passwords: Passwords,
    throttle: Throttle,
    cache: Option<Arc<PasswordCache>>,
}

impl<S: UserStore> Basic<S> {
    /// Verifies against this store.
    #[must_use]
    pub fn new(store: S) -> Self {
        Self(Arc::new(Verifier {
            passwords: store.passwords(),
            throttle: store.throttle(),
            store: Arc::new(store),
            issuer: ISSUER.into(),
            cache: PasswordCache::new(CACHE_TTL).map(Arc::new),
        }))
    }

    /// Sets the issuer of the identities, a name for the store (default: `basic`).
    ///
    /// Two stores need two names, because a user name may belong to different people in them.
    #[must_use]
    pub fn issuer(self, issuer: impl Into<String>) -> Self {
        self.with(|verifier| verifier.issuer = issuer.into().into())
    }

    /// Sets how long a verified password is cached (default: one minute). With zero, each request is verified.
    #[must_use]
    pub fn cache_ttl(self, ttl: Duration) -> Self {
        self.with(|verifier| verifier.cache = PasswordCache::new(ttl).map(Arc::new))
    }

    /// Sets how passwords are hashed and verified (default: as the [store](UserStore::passwords) says).
    #[must_use]
    pub fn passwords(self, passwords: Passwords) -> Self {
        self.with(|verifier| verifier.passwords = passwords)
    }

    /// Sets the limits of attempts (default: as the [store](UserStore::throttle) says).
    ///
    /// The store reports replaced passwords to its own throttle only: see [`Throttle::forget_addresses`].
    #[must_use]
    pub fn throttle(self, throttle: Throttle) -> Self {
        self.with(|verifier| verifier.throttle = throttle)
    }

    /// Sets the pool that computes hashes (default: that of the [passwords](Self::passwords)). Share one pool among all
    /// code that hashes.
    #[must_use]
    pub fn pool(self, pool: PasswordPool) -> Self {
        self.with(|verifier| verifier.passwords = verifier.passwords.clone().pool(pool))
    }

    /// Returns the store.
    #[cfg(any(feature = "session", feature = "token-service"))]
    pub(crate) fn store(&self) -> &Arc<S> {
        &self.0.store
    }

    /// Returns the issuer of the users.
    #[cfg(feature = "session")]
    pub(crate) fn issuer_name(&self) -> &Arc<str> {
        &self.0.issuer
    }

    fn with(self, change: impl FnOnce(&mut Verifier<S>)) -> Self {
        let mut verifier = Arc::unwrap_or_clone(self.0);
        change(&mut verifier);
        Self(Arc::new(verifier))
    }

    /// Returns the user with these credentials, sent from this address: for a sign-in form or a token endpoint.
    ///
    /// A user with a second factor is refused: the password alone is no sign-in. Call
    /// [`verify_first_factor`](Self::verify_first_factor) where the second factor is asked for next.
    ///
    /// ```
    /// use auth_runtime::{client_ip::ClientAddress, credential::BasicCredentials, users::{Basic, MemoryUsers}};
    /// use poem::{handler, http::StatusCode, web::Data};
    ///
    /// #[handler]
    /// async fn sign_in(client: ClientAddress, Data(users): Data<&Basic>) -> StatusCode {
    ///     let credentials = BasicCredentials::new("alice", "the password of the form");
    ///     match users.verify(&credentials, client).await {
    ///         Ok(_) => StatusCode::NO_CONTENT,
    ///         Err(error) if error.is_unavailable() => StatusCode::SERVICE_UNAVAILABLE,
    ///         Err(error) if error.retry_after().is_some() => StatusCode::TOO_MANY_REQUESTS,
    ///         Err(_) => StatusCode::UNAUTHORIZED,
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// [`AuthenticationError`] if the user is unknown or disabled, or has a second factor; if the password is wrong or
    /// has expired; if a limit is reached; or if the store or the [`PasswordPool`] is unavailable.
    pub async fn verify(
        &self,
        credentials: &BasicCredentials,
        client: ClientAddress,
    ) -> Result<User, AuthenticationError> {
        self.verify_first_factor(credentials, client).await.and_then(signed_in)
    }

    /// Returns the user with these credentials, also one with a [second factor](User::has_second_factor). **Ask for the
    /// second factor** before you sign the user in.
    ///
    /// # Errors
    /// As [`verify`](Self::verify), except for the second factor.
    pub async fn verify_first_factor(
        &self,
        credentials: &BasicCredentials,
        client: ClientAddress,
    ) -> Result<User, AuthenticationError> {
        let user = self.verify_at(credentials, client, now()?).await?;
        user.map_err(|_| AuthenticationError::invalid(REFUSED))
    }

    /// Returns the user, also one with a second factor, or else the attempt, which stays counted unless it is
    /// withdrawn.
    #[cfg(feature = "session")]
    pub(crate) async fn try_first_factor(
        &self,
        credentials: &BasicCredentials,
        client: ClientAddress,
    ) -> Result<Result<User, Option<Attempt>>, AuthenticationError> {
        self.verify_at(credentials, client, now()?).await
    }

    /// Returns the user, or else the counted attempt if a password was verified.
    async fn verify_at(
        &self,
        credentials: &BasicCredentials,
        client: ClientAddress,
        now: Duration,
    ) -> Result<Result<User, Option<Attempt>>, AuthenticationError> {
        let (username, password) = (credentials.username(), credentials.password());
        // Before any look-up, so the response does not depend on the user.
        // Names that are too long count together in the throttle, so none of them may be that of a user.
        let is_too_long = username.len() > MAX_NAME_LEN || password.len() > MAX_PASSWORD_LEN;
        if username.is_empty() || password.is_empty() || is_too_long {
            return Ok(Err(None));
        }
        let submitted = Submitted { username, password, client, now };
        let evicted = match self.0.look_up(&submitted) {
            CacheLookup::Hit(hash) => match self.0.user_with_hash(&submitted, &hash).await? {
                Some(user) => return Ok(Ok(user)),
                None => None,
            },
            CacheLookup::Evicted(verified) => Some(verified),
            CacheLookup::Miss => None,
        };
        // Boxed, so that the future of a cached password stays small.
        let user = Box::pin(self.0.sign_in(&submitted, evicted.is_some())).await?;
        if let (Err(_), Some(cache), Some(verified)) = (&user, &self.0.cache, evicted) {
            cache.restore(&submitted, verified);
        }
        Ok(user.map_err(Some))
    }
}

impl<S: UserStore> Verifier<S> {
    /// Looks for the password in the cache, and evicts another one.
    fn look_up(&self, submitted: &Submitted<'_>) -> CacheLookup {
        self.cache.as_ref().map_or(CacheLookup::Miss, |cache| cache.check(submitted))
    }

    /// Returns the user, if the stored hash still is this one of the cached password.
    ///
    /// It runs for cached passwords only. So the time of a query does not reveal which users exist.
    async fn user_with_hash(&self, submitted: &Submitted<'_>, hash: &str) -> Result<Option<User>, Unavailable> {
        let user = self.store.find(submitted.username).await?;
        Ok(user.filter(|user| has_hash(user, hash, submitted.now)))
    }

    /// Returns the user of a cached password, if the store knows the user without waiting. Another password evicts
    /// nothing here, so it must be verified.
    fn user_now(&self, submitted: &Submitted<'_>) -> Option<User> {
        let hash = self.cache.as_ref()?.peek(submitted)?;
        self.store.find_now(submitted.username).filter(|user| has_hash(user, &hash, submitted.now))
    }

    /// Counts an attempt, and returns the user if the password is right. If it is wrong, the attempt stays counted.
    async fn sign_in(
        &self,
        submitted: &Submitted<'_>,
        has_evicted: bool,
    ) -> Result<Result<User, Attempt>, AuthenticationError> {
        let attempt = self.throttle.attempt(submitted.client, submitted.username).await?;
        match self.compare(submitted, has_evicted).await {
            Ok(Some(user)) => {
                attempt.succeeded().await;
                Ok(Ok(user))
            }
            Ok(None) => Ok(Err(attempt)),
            Err(error) => {
                attempt.withdrawn().await;
                Err(error.into())
            }
        }
    }

    /// Returns the user if the password is right. It computes one hash, also for an unknown user.
    async fn compare(&self, submitted: &Submitted<'_>, has_evicted: bool) -> Result<Option<User>, Unavailable> {
        let user = self.store.find_at_sign_in(submitted.username).await?;
        let user = user.filter(|user| may_sign_in(user, submitted.now));
        let permit = self.passwords.permit().await?;
        // While this request waited, another one may have verified the same password.
        if let Some(hash) = self.cache.as_deref().and_then(|cache| cache.peek(submitted))
            && let Some(user) = self.user_with_hash(submitted, &hash).await?
        {
            return Ok(Some(user));
        }
        let hash = user.as_ref().map(|user| user.password_hash().to_owned());
        let verified = permit.verify(submitted.password.to_owned().into(), hash).await?;
        let Some(user) = user else { return Ok(None) };
        let rehashed = match verified {
            Verified::Right { rehashed } => rehashed,
            Verified::Wrong => return Ok(None),
            Verified::Unreadable(reason) => {
                tracing::error!(subject = ?user.subject(), reason, "password hash not readable; its user cannot sign in");
                return Ok(None);
            }
        };
        let hash = self.record(&user, rehashed).await;
        if let Some(cache) = &self.cache {
            cache.insert(submitted, hash.into(), has_evicted);
        }
        Ok(Some(user))
    }

    /// Lets the store record a sign-in, and returns the hash that it has now. An error is logged, and the user is let
    /// in.
    async fn record(&self, user: &User, rehashed: Option<String>) -> String {
        let verified = user.password_hash().to_owned();
        match self.store.signed_in(user, SignIn { verified: verified.clone(), rehashed: rehashed.clone() }).await {
            Ok(()) => rehashed.unwrap_or(verified),
            Err(error) => {
                tracing::warn!(subject = ?user.subject(), %error, "could not record the sign-in");
                verified
            }
        }
    }
}

/// Whether the user may sign in with the password of this stored hash.
fn has_hash(user: &User, hash: &str, now: Duration) -> bool {
    may_sign_in(user, now) && user.password_hash() == hash
}

fn may_sign_in(user: &User, now: Duration) -> bool {
    !user.is_disabled() && !user.is_password_expired(SystemTime::UNIX_EPOCH + now)
}

impl<S: UserStore> Authenticator for Basic<S> {
    type Credential = BasicCredentials;

    const CACHES_TEXTS: bool = true;

    fn cached(&self, text: &[u8], request: &Request, context: &Context) -> Option<Identity> {
        let (credentials, now) = (BasicCredentials::of_text(text)?, now().ok()?);
        let (username, password) = (credentials.username(), credentials.password());
        let submitted = Submitted { username, password, client: ClientAddress::of(request), now };
        let user = self.0.user_now(&submitted).map(signed_in)?.ok()?;
        Some(user.identity(*context, &self.0.issuer).at(now.as_secs()))
    }

    async fn authenticate(
        &self,
        credentials: BasicCredentials,
        context: &Context,
    ) -> Result<Identity, AuthenticationError> {
        let now = now()?;
        let user = self.verify_at(&credentials, context.client(), now).await?;
        let user = user.map_err(|_| AuthenticationError::invalid(REFUSED)).and_then(signed_in)?;
        // The password was sent with this request.
        Ok(user.identity(*context, &self.0.issuer).at(now.as_secs()))
    }

    fn mounted(&self, _: &'static SecurityScheme, context: &Context) {
        self.0.store.mounted(context);
    }

    fn is_throttled(&self) -> bool {
        self.0.throttle.is_on()
    }
}

/// Refuses a user who has proven one of two factors.
fn signed_in(user: User) -> Result<User, AuthenticationError> {
    if user.has_second_factor() {
        return Err(AuthenticationError::invalid("the second factor is missing"));
    }
    Ok(user)
}

/// Returns the time since 1970. With a clock before 1970, no entry of the cache can expire.
fn now() -> Result<Duration, AuthenticationError> {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_err(AuthenticationError::unavailable)
}

impl<S: UserStore + Default> Default for Basic<S> {
    fn default() -> Self {
        Self::new(S::default())
    }
}

#[cfg(any(feature = "session", feature = "token-service"))]
impl<S> Basic<S> {
    /// Returns the limits of attempts.
    pub(crate) fn limits(&self) -> &Throttle {
        &self.0.throttle
    }
}

impl<S> Clone for Basic<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S> Clone for Verifier<S> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            issuer: Arc::clone(&self.issuer),
            passwords: self.passwords.clone(),
            throttle: self.throttle.clone(),
            cache: self.cache.clone(),
        }
    }
}

impl<S> fmt::Debug for Basic<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Basic")
            .field("issuer", &self.0.issuer)
            .field("passwords", &self.0.passwords)
            .field("throttle", &self.0.throttle)
            .field("cache", &self.0.cache)
            .finish_non_exhaustive()
    }
}
