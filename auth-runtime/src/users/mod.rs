//! User names and passwords: one of the authenticators of the second step, credential to identity.
//!
//! [`Basic`] verifies them against a [`UserStore`]; [`Passwords`] says how they are judged, hashed and compared, and
//! [`PasswordPool`] bounds what that may cost.

mod error;
mod generate;
mod memory;
mod quote;
mod remembered;
mod store;
#[cfg(test)]
mod tests;
#[cfg(feature = "_jwt")]
mod tokens;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use self::remembered::{Proof, Remembered, Sent};
#[cfg(feature = "_jwt")]
pub use self::tokens::UserTokens;
pub use self::{
    error::UserError,
    generate::generate_password,
    memory::MemoryUsers,
    quote::quote_name,
    store::{SignIn, User, UserStore},
};
pub use crate::password::{
    BreachCheck, HashStrength, MAX_PASSWORD_LEN, MIN_PASSWORD_LEN, PasswordError, PasswordPool, Passwords,
    hash_password,
};
use crate::{
    authenticate::{AuthenticationError, Authenticator, Context, Identity, Unavailable},
    client_ip::ClientAddress,
    credential::BasicCredentials,
    password::Verified,
    throttle::Throttle,
};

const ISSUER: &str = "basic";
const REMEMBERED: Duration = Duration::from_mins(1);
/// One text for all that is wrong with a name or a password, in the log too: user names may be passwords typed into
/// the wrong field.
const REFUSED: &str = "user name or password";

/// Verifies user names and passwords against a store. Cheap to clone.
///
/// ```
/// use std::time::Duration;
/// use auth_runtime::users::{Basic, MemoryUsers};
///
/// let password = "correct horse battery staple"; // from the environment, and not in the source
/// let basic = Basic::new(MemoryUsers::new().add("alice", password)?).remember_for(Duration::from_secs(10));
/// assert!(!format!("{basic:?}").contains("argon2"));
/// # Ok::<(), auth_runtime::users::UserError>(())
/// ```
///
/// How much may be tried is bounded before a password is hashed, by name and address: see [`Throttle`]. An unknown
/// user, a disabled one and a wrong password get the same answer after the same work. A password that was verified is
/// remembered for a minute, for the address that it came from (as a MAC, with a key of this process, beside the stored
/// hash), but the store is asked each time: a user who is deleted or disabled, or has a new password, is so from the next
/// request on. Another one that comes from there takes it away until that has counted; if it does not, as the throttle
/// refuses it or nobody waits for the answer, each request costs a hash for a quarter of an hour.
///
/// # What it does not protect against
///
/// Eavesdropping: Basic credentials go with each request, so serve them over TLS only. And what the [`Throttle`] does not:
/// behind a proxy, it needs to know the address of the caller.
pub struct Basic<S = MemoryUsers>(Arc<Inner<S>>);

struct Inner<S> {
    store: Arc<S>,
    issuer: Arc<str>,
    passwords: Passwords,
    throttle: Throttle,
    remembered: Option<Arc<Remembered>>,
}

impl<S: UserStore> Basic<S> {
    /// Verifies against this store.
    #[must_use]
    pub fn new(store: S) -> Self {
        Self(Arc::new(Inner {
            passwords: store.passwords(),
            throttle: store.throttle(),
            store: Arc::new(store),
            issuer: ISSUER.into(),
            remembered: Remembered::new(REMEMBERED).map(Arc::new),
        }))
    }

    /// The issuer of the identities: a name for the store; `basic` unless set. Two stores need two names, as the same
    /// user name may stand for different people in them.
    #[must_use]
    pub fn issuer(self, issuer: impl Into<String>) -> Self {
        self.with(|inner| inner.issuer = issuer.into().into())
    }

    /// For how long a verified password is remembered: a minute unless set; zero to verify each time.
    #[must_use]
    pub fn remember_for(self, time: Duration) -> Self {
        self.with(|inner| inner.remembered = Remembered::new(time).map(Arc::new))
    }

    /// How passwords are hashed and verified; as the [store](UserStore::passwords) says unless set.
    #[must_use]
    pub fn passwords(self, passwords: Passwords) -> Self {
        self.with(|inner| inner.passwords = passwords)
    }

    /// How much may be tried; as the [store](UserStore::throttle) says unless set. Of another one than that of the store,
    /// the store does not [say](Throttle::forget_addresses) when a password is replaced.
    #[must_use]
    pub fn throttle(self, throttle: Throttle) -> Self {
        self.with(|inner| inner.throttle = throttle)
    }

    /// Where hashes are computed; a pool of its own unless set. Share one between all that hash.
    #[must_use]
    pub fn pool(self, pool: PasswordPool) -> Self {
        self.with(|inner| inner.passwords = inner.passwords.clone().pool(pool))
    }

    fn with(self, change: impl FnOnce(&mut Inner<S>)) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.0);
        change(&mut inner);
        Self(Arc::new(inner))
    }

    /// The user of these credentials, sent from this address: for a sign-in form or a token endpoint.
    ///
    /// ```
    /// use auth_runtime::{client_ip::ClientAddress, credential::BasicCredentials, users::{Basic, MemoryUsers}};
    /// use poem::{handler, http::StatusCode, web::Data};
    ///
    /// #[handler]
    /// async fn sign_in(client: ClientAddress, Data(users): Data<&Basic>) -> StatusCode {
    ///     let credentials = BasicCredentials::new("alice", "what came with the form");
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
    /// [`AuthenticationError`] if there is no such user, or they are disabled or have another password; if too much was
    /// tried; or if the store or the [`PasswordPool`] cannot tell now.
    pub async fn verify(
        &self,
        credentials: &BasicCredentials,
        client: ClientAddress,
    ) -> Result<User, AuthenticationError> {
        self.verify_at(credentials, client, now()?).await
    }

    async fn verify_at(
        &self,
        credentials: &BasicCredentials,
        client: ClientAddress,
        now: Duration,
    ) -> Result<User, AuthenticationError> {
        let (username, password) = (credentials.username(), credentials.password());
        // Said of what was sent, before any user is looked for.
        if username.is_empty() || password.is_empty() || password.len() > MAX_PASSWORD_LEN {
            return Err(AuthenticationError::invalid(REFUSED));
        }
        let sent = Sent { username, password, client, now };
        let taken = match self.0.recalled(&sent).await? {
            Ok(user) => return Ok(user),
            Err(taken) => taken,
        };
        // In a box of its own, so that the common path stays small.
        let signed_in = Box::pin(self.0.sign_in(&sent, taken.is_some())).await?;
        if let (None, Some(seen), Some(proof)) = (&signed_in, &self.0.remembered, taken) {
            seen.put_back(&sent, proof);
        }
        signed_in.ok_or_else(|| AuthenticationError::invalid(REFUSED))
    }
}

impl<S: UserStore> Inner<S> {
    /// The user whose password is remembered; if it is another one, what was remembered, which is taken away until that has
    /// counted.
    async fn recalled(&self, sent: &Sent<'_>) -> Result<Result<User, Option<Proof>>, Unavailable> {
        let Some(seen) = &self.remembered else { return Ok(Err(None)) };
        match seen.compare(sent) {
            Ok(hash) => Ok(self.known(sent, &hash).await?.ok_or(None)),
            Err(taken) => Ok(Err(taken)),
        }
    }

    /// The user whose password was verified a moment ago, with this hash, as the store has them now. Of others nothing is
    /// asked: how long that takes would tell who there is.
    async fn known(&self, sent: &Sent<'_>, hash: &str) -> Result<Option<User>, Unavailable> {
        let user = self.store.find(sent.username).await?;
        Ok(user.filter(|user| may_sign_in(user, sent.now) && user.password_hash() == hash))
    }

    /// The user whose password this is, if there may be one more attempt; `None` if it is not, which has counted.
    async fn sign_in(&self, sent: &Sent<'_>, has_taken: bool) -> Result<Option<User>, AuthenticationError> {
        let attempt = self.throttle.attempt(sent.client, sent.username).await?;
        match self.compare(sent, has_taken).await {
            Ok(Some(user)) => {
                attempt.succeeded().await;
                Ok(Some(user))
            }
            Ok(None) => Ok(None),
            Err(error) => {
                attempt.withdrawn().await;
                Err(error.into())
            }
        }
    }

    /// The user whose password this is. One hash is computed, whether there is such a user or not.
    async fn compare(&self, sent: &Sent<'_>, has_taken: bool) -> Result<Option<User>, Unavailable> {
        let user = self.store.find_at_sign_in(sent.username).await?.filter(|user| may_sign_in(user, sent.now));
        let permit = self.passwords.permit().await?;
        // Another request of the same caller may have been first.
        let remembered = self.remembered.as_deref().and_then(|seen| seen.hash(sent));
        if let Some(hash) = remembered
            && let Some(user) = self.known(sent, &hash).await?
        {
            return Ok(Some(user));
        }
        let hash = user.as_ref().map(|user| user.password_hash().to_owned());
        let verified = permit.verify(sent.password.to_owned().into(), hash).await?;
        let (Some(user), Verified::Right { rehashed }) = (user, verified) else { return Ok(None) };
        let kept = self.write_down(&user, rehashed).await;
        if let Some(seen) = &self.remembered {
            seen.insert(sent, &kept, has_taken);
        }
        Ok(Some(user))
    }

    /// Lets the store write down a sign-in; gives the hash that it has now. That it could not is no reason to keep the
    /// user out.
    async fn write_down(&self, user: &User, rehashed: Option<String>) -> String {
        let old = user.password_hash().to_owned();
        match self.store.signed_in(user, SignIn { verified: old.clone(), rehashed: rehashed.clone() }).await {
            Ok(()) => rehashed.unwrap_or(old),
            Err(error) => {
                tracing::warn!(subject = ?user.subject(), %error, "the sign-in cannot be written down");
                old
            }
        }
    }
}

fn may_sign_in(user: &User, now: Duration) -> bool {
    !user.is_disabled() && !user.is_password_expired(SystemTime::UNIX_EPOCH + now)
}

impl<S: UserStore> Authenticator for Basic<S> {
    type Credential = BasicCredentials;

    async fn authenticate(
        &self,
        credentials: BasicCredentials,
        context: &Context,
    ) -> Result<Identity, AuthenticationError> {
        let now = now()?;
        let user = self.verify_at(&credentials, context.client(), now).await?;
        // The password came with this request.
        Ok(user.identity(*context, &self.0.issuer).at(now.as_secs()))
    }

    fn is_throttled(&self) -> bool {
        self.0.throttle.is_on()
    }
}

/// The time since 1970. With a clock that cannot be right nobody can tell what is remembered for how long.
fn now() -> Result<Duration, AuthenticationError> {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_err(AuthenticationError::unavailable)
}

impl<S: UserStore + Default> Default for Basic<S> {
    fn default() -> Self {
        Self::new(S::default())
    }
}

impl<S> Clone for Basic<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S> Clone for Inner<S> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            issuer: Arc::clone(&self.issuer),
            passwords: self.passwords.clone(),
            throttle: self.throttle.clone(),
            remembered: self.remembered.clone(),
        }
    }
}

impl<S> fmt::Debug for Basic<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Basic")
            .field("issuer", &self.0.issuer)
            .field("passwords", &self.0.passwords)
            .field("throttle", &self.0.throttle)
            .field("remembered", &self.0.remembered)
            .finish_non_exhaustive()
    }
}
