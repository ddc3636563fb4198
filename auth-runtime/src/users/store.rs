//! Where users come from.

use std::{fmt, future::Future, sync::Arc};

use super::{Passwords, UserError};
use crate::authenticate::{Context, Identity, KnownIdentity, Owner, Unavailable};

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
///         let hash = "$argon2id$v=19$m=19456,t=2,p=1$..";
///         Ok((username == "alice").then(|| User::new("alice", hash).roles(["Viewer"])))
///     }
/// }
/// ```
pub trait UserStore: Send + Sync + 'static {
    /// The user of this name; `None` if there is none. It is asked for each request, so what changes in the store
    /// counts from the next request on.
    ///
    /// # Errors
    /// [`Unavailable`] if that cannot be told now, which is a 503.
    fn find(&self, username: &str) -> impl Future<Output = Result<Option<User>, Unavailable>> + Send;
}

impl<S: UserStore> UserStore for Arc<S> {
    async fn find(&self, username: &str) -> Result<Option<User>, Unavailable> {
        S::find(self, username).await
    }
}

/// A user as a store knows them. Cheap to clone.
#[derive(Clone)]
pub struct User(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    name: String,
    display_name: Option<String>,
    password_hash: String,
    roles: Vec<String>,
    permissions: Vec<String>,
    disabled: bool,
    identity: KnownIdentity,
}

impl User {
    /// A user of this name, which becomes the subject of the identity, with the hash of their password in a form that
    /// [`Passwords::check_hash`] takes. A hash that is none (such as an empty one) lets nobody in.
    #[must_use]
    pub fn new(name: impl Into<String>, password_hash: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            name: name.into(),
            display_name: None,
            password_hash: password_hash.into(),
            roles: Vec::new(),
            permissions: Vec::new(),
            disabled: false,
            identity: KnownIdentity::default(),
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

    /// The name by which the user signs in.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether the user is kept out.
    #[must_use]
    pub fn is_disabled(&self) -> bool {
        self.0.disabled
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

    pub(super) fn password_hash(&self) -> &str {
        &self.0.password_hash
    }

    /// Who this is to an application.
    pub(super) fn identity(&self, context: Context, issuer: &Arc<str>) -> Identity {
        // The name as the store writes it: one person, one subject, even if the store takes other spellings.
        let owner = Owner {
            subject: self.name(),
            display_name: self.readable_name(),
            roles: self.role_names(),
            permissions: self.permission_names(),
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
