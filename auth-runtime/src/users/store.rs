//! Where users come from.

use std::{
    fmt,
    future::{Future, ready},
    sync::Arc,
    time::SystemTime,
};

use super::{Passwords, UserError};
use crate::{
    authenticate::{Context, Identity, IdentityCache, Owner, Unavailable},
    throttle::Throttle,
};

/// A store of users and their password hashes.
///
/// ```
/// use auth_runtime::{authenticate::Unavailable, users::{User, UserStore}};
///
/// struct Sql;
///
/// impl UserStore for Sql {
///     async fn find(&self, username: &str) -> Result<Option<User>, Unavailable> {
///         // select .. from users where name = ?
///         let (hash, epoch) = ("$argon2id$v=19$m=19456,t=2,p=1$..", 7);
///         Ok((username == "alice").then(|| User::new("alice", hash).roles(["Viewer"]).credential_epoch(epoch)))
///     }
/// }
/// ```
///
/// Whoever replaces a password says so to the [throttle](Self::throttle): by
/// [`Attempt::replaced`](crate::throttle::Attempt::replaced), or [`Throttle::forget_addresses`] for somebody else.
pub trait UserStore: Send + Sync + 'static {
    /// The user of this name; `None` if there is none. It is asked for each request, so what changes in the store
    /// counts from the next request on. A store that remembers users says for how long.
    ///
    /// The name of the [`User`] is the one that the store has, whatever spelling was sent. Compare
    /// names byte by byte, after a normalization such as RFC 8265 if they may be typed otherwise: what may be
    /// tried is counted by the name as it was sent, without letter case, accents and what cannot be seen, and a collation
    /// that takes still more spellings for one name lets each of them be guessed by itself.
    ///
    /// # Errors
    /// [`Unavailable`] if that cannot be told now, which is a 503.
    fn find(&self, username: &str) -> impl Future<Output = Result<Option<User>, Unavailable>> + Send;

    /// Returns the user of this [subject](User::with_subject); `None` if there is none. `UserTokens` calls
    /// it for each token. The default finds users whose subject is their name; a store that sets subjects overrides it.
    ///
    /// # Errors
    /// [`Unavailable`] if that cannot be told now, which is a 503.
    fn find_by_subject(&self, subject: &str) -> impl Future<Output = Result<Option<User>, Unavailable>> + Send {
        self.find(subject)
    }

    /// [`find`](Self::find), asked when a password is about to be hashed: as it is now, and after the same work for a user that is
    /// there as for one that is not. The default is [`find`](Self::find), for stores without a cache.
    ///
    /// # Errors
    /// [`Unavailable`] if that cannot be told now, which is a 503.
    fn find_at_sign_in(&self, username: &str) -> impl Future<Output = Result<Option<User>, Unavailable>> + Send {
        self.find(username)
    }

    /// A user has proved who they are by their password, which was hashed for it. A store may write that down; it does
    /// nothing unless it says so.
    ///
    /// # Errors
    /// [`Unavailable`] if it could not, which is logged: the user is let in.
    fn signed_in(&self, user: &User, sign_in: SignIn) -> impl Future<Output = Result<(), Unavailable>> + Send {
        let _ = (user, sign_in);
        ready(Ok(()))
    }

    /// How passwords of this store are hashed and verified. The defaults, unless the store has others.
    fn passwords(&self) -> Passwords {
        Passwords::default()
    }

    /// How much may be tried with names of this store. In memory of this process, unless the store counts for several.
    fn throttle(&self) -> Throttle {
        Throttle::default()
    }
}

/// What there is to write down when a user has signed in.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct SignIn {
    /// The hash by which the password was verified.
    pub verified: String,
    /// The hash to keep in place of [`verified`](Self::verified), if that is weaker than those that are made today. **Only
    /// in place of that one**: if it is another one by now, the user has got another password meanwhile.
    pub rehashed: Option<String>,
}

/// Without the hashes.
impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn").field("is_rehashed", &self.rehashed.is_some()).finish_non_exhaustive()
    }
}

impl<S: UserStore> UserStore for Arc<S> {
    async fn find(&self, username: &str) -> Result<Option<User>, Unavailable> {
        S::find(self, username).await
    }

    async fn find_by_subject(&self, subject: &str) -> Result<Option<User>, Unavailable> {
        S::find_by_subject(self, subject).await
    }

    async fn find_at_sign_in(&self, username: &str) -> Result<Option<User>, Unavailable> {
        S::find_at_sign_in(self, username).await
    }

    async fn signed_in(&self, user: &User, sign_in: SignIn) -> Result<(), Unavailable> {
        S::signed_in(self, user, sign_in).await
    }

    fn passwords(&self) -> Passwords {
        S::passwords(self)
    }

    fn throttle(&self) -> Throttle {
        S::throttle(self)
    }
}

/// A user as a store knows them. Cheap to clone.
#[derive(Clone)]
pub struct User(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    name: String,
    subject: Option<String>,
    display_name: Option<String>,
    password_hash: String,
    roles: Vec<String>,
    permissions: Vec<String>,
    disabled: bool,
    password_expires_at: Option<SystemTime>,
    credential_epoch: u64,
    identity: IdentityCache,
}

impl User {
    /// Creates a user from the user name and the hash of the password, which [`Passwords::check_hash`] must accept. A user
    /// whose hash is invalid or empty cannot sign in.
    ///
    /// The subject is the name unless the store [sets another](Self::with_subject).
    #[must_use]
    pub fn new(name: impl Into<String>, password_hash: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            name: name.into(),
            subject: None,
            display_name: None,
            password_hash: password_hash.into(),
            roles: Vec::new(),
            permissions: Vec::new(),
            disabled: false,
            password_expires_at: None,
            credential_epoch: 0,
            identity: IdentityCache::default(),
        }))
    }

    /// A user with this password, of which only the hash is kept. See [`Passwords::hash_now`] for its cost.
    ///
    /// # Errors
    /// [`UserError`] if name or password are not accepted.
    pub fn with_password(name: impl Into<String>, password: &str) -> Result<Self, UserError> {
        let name = name.into();
        check_name(&name)?;
        let hash = Passwords::new().hash_now(password, &name)?;
        Ok(Self::new(name, hash))
    }

    /// Sets the subject of the identity: an identifier that never changes and is never given to another person (OpenID
    /// Connect Core 1.0, section 2). The name is the subject unless set, which is safe only if names are never reused.
    ///
    /// ```
    /// use auth_runtime::users::User;
    ///
    /// let user = User::new("alice", "").with_subject("7f9c2ba4e88f827d616045507605853e");
    /// assert_eq!((user.name(), user.subject()), ("alice", "7f9c2ba4e88f827d616045507605853e"));
    /// assert_eq!(User::new("alice", "").subject(), "alice");
    /// ```
    #[must_use]
    pub fn with_subject(self, subject: impl Into<String>) -> Self {
        self.with(|user| user.subject = Some(subject.into()))
    }

    /// Gives a name for people to read.
    #[must_use]
    pub fn display_name(self, name: impl Into<String>) -> Self {
        self.with(|user| user.display_name = Some(name.into()))
    }

    /// Gives roles, besides those that the user has.
    #[must_use]
    pub fn roles<T: Into<String>>(self, roles: impl IntoIterator<Item = T>) -> Self {
        self.with(|user| user.roles.extend(roles.into_iter().map(Into::into)))
    }

    /// Gives permissions, besides those that the user has and those of the roles.
    #[must_use]
    pub fn permissions<T: Into<String>>(self, permissions: impl IntoIterator<Item = T>) -> Self {
        self.with(|user| user.permissions.extend(permissions.into_iter().map(Into::into)))
    }

    /// Whether the user is kept out, whatever the password.
    #[must_use]
    pub fn disabled(self, disabled: bool) -> Self {
        self.with(|user| user.disabled = disabled)
    }

    /// From when on the password is no longer good; never unless set. For one that somebody else has chosen.
    #[must_use]
    pub fn password_expires_at(self, time: SystemTime) -> Self {
        self.with(|user| user.password_expires_at = Some(time))
    }

    /// A number that is another one after each change that ends the user's tokens: a new password, or that the user was
    /// disabled. 0 unless set, with which [`UserTokens`](super::UserTokens) outlive a password.
    #[must_use]
    pub fn credential_epoch(self, epoch: u64) -> Self {
        self.with(|user| user.credential_epoch = epoch)
    }

    /// The name by which the user signs in.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The subject of the identity.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.0.subject.as_deref().unwrap_or(&self.0.name)
    }

    /// Whether the user is kept out.
    #[must_use]
    pub fn is_disabled(&self) -> bool {
        self.0.disabled
    }

    /// Whether the password is past its time.
    #[must_use]
    pub fn is_password_expired(&self, now: SystemTime) -> bool {
        self.0.password_expires_at.is_some_and(|end| end <= now)
    }

    /// The number that tokens of the user must have been given; and sessions, if an application keeps them: one from
    /// another epoch is over.
    #[must_use]
    pub fn current_epoch(&self) -> u64 {
        self.0.credential_epoch
    }

    /// The name for people to read, if there is one.
    #[must_use]
    pub fn readable_name(&self) -> Option<&str> {
        self.0.display_name.as_deref()
    }

    /// The names of the user's roles, declared or not.
    #[must_use]
    pub fn role_names(&self) -> &[String] {
        &self.0.roles
    }

    /// The names of the user's own permissions, declared or not.
    #[must_use]
    pub fn permission_names(&self) -> &[String] {
        &self.0.permissions
    }

    /// The hash of the password, as the store has it.
    #[must_use]
    pub fn password_hash(&self) -> &str {
        &self.0.password_hash
    }

    /// Who this is to an application.
    pub(super) fn identity(&self, context: Context, issuer: &Arc<str>) -> Identity {
        // Subject and name as the store writes them, even if it accepts other spellings.
        let owner = Owner {
            subject: self.subject(),
            username: Some(self.name()),
            display_name: self.readable_name(),
            roles: self.role_names(),
            permissions: self.permission_names(),
            limits: None,
        };
        self.0.identity.of(owner, context, issuer)
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        inner.identity.clear();
        change(inner);
        self
    }
}

/// Without the hash.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("subject", &self.subject())
            .field("name", &self.0.name)
            .field("display_name", &self.0.display_name)
            .field("roles", &self.0.roles)
            .field("permissions", &self.0.permissions)
            .field("disabled", &self.0.disabled)
            .finish_non_exhaustive()
    }
}

/// A name that can be sent: not empty, no colon (RFC 7617, section 2), and no control characters.
pub(super) fn check_name(name: &str) -> Result<(), UserError> {
    if name.is_empty() || name.contains(|character: char| character == ':' || character.is_control()) {
        return Err(UserError::Name(name.to_owned()));
    }
    Ok(())
}
