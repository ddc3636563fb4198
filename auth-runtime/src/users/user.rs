//! A user of a store.

use std::{fmt, sync::Arc, time::SystemTime};

use super::{Passwords, UserError};
use crate::authenticate::{Context, Identity, IdentityBuilder, IdentityCache};

/// A user of a store. Cheap to clone.
#[derive(Clone)]
pub struct User(Arc<UserFields>);

#[derive(Clone)]
struct UserFields {
    name: String,
    subject: Option<String>,
    display_name: Option<String>,
    password_hash: String,
    roles: Vec<String>,
    permissions: Vec<String>,
    disabled: bool,
    password_expires_at: Option<SystemTime>,
    credential_epoch: u64,
    email: Option<String>,
    is_email_verified: bool,
    has_second_factor: bool,
    identity: IdentityCache,
}

impl User {
    /// Creates a user from the user name and the hash of the password, which [`Passwords::check_hash`] must accept. A
    /// user whose hash is invalid or empty cannot sign in.
    ///
    /// The subject is the name unless the store [sets another](Self::with_subject).
    #[must_use]
    pub fn new(name: impl Into<String>, password_hash: impl Into<String>) -> Self {
        Self(Arc::new(UserFields {
            name: name.into(),
            subject: None,
            display_name: None,
            password_hash: password_hash.into(),
            roles: Vec::new(),
            permissions: Vec::new(),
            disabled: false,
            password_expires_at: None,
            credential_epoch: 0,
            email: None,
            is_email_verified: false,
            has_second_factor: false,
            identity: IdentityCache::default(),
        }))
    }

    /// Creates a user with this password. It hashes the password: see [`Passwords::hash_now`] for the cost.
    ///
    /// The rules are those of [`Passwords::new`], without a breach check. For a password that a person chooses, call
    /// [`Passwords::hash`] and [`User::new`].
    ///
    /// # Errors
    /// [`UserError`] if the name or the password is not accepted.
    pub fn with_password(name: impl Into<String>, password: &str) -> Result<Self, UserError> {
        let name = name.into();
        check_name(&name)?;
        let hash = Passwords::new().hash_now(password, &name)?;
        Ok(Self::new(name, hash))
    }

    /// Sets the subject of the identity: an identifier that never changes and is never given to another person (OpenID
    /// Connect Core 1.0, section 2). Default: the name, which is safe only if names are never reused.
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

    /// Sets a name for people to read.
    #[must_use]
    pub fn display_name(self, name: impl Into<String>) -> Self {
        self.with(|user| user.display_name = Some(name.into()))
    }

    /// Adds roles: their names, or values of the table, as in `.roles([Role::Viewer])`.
    #[must_use]
    pub fn roles<T: Into<String>>(self, roles: impl IntoIterator<Item = T>) -> Self {
        self.with(|user| user.roles.extend(roles.into_iter().map(Into::into)))
    }

    /// Adds permissions to those of the roles: their names, or values of the table.
    #[must_use]
    pub fn permissions<T: Into<String>>(self, permissions: impl IntoIterator<Item = T>) -> Self {
        self.with(|user| user.permissions.extend(permissions.into_iter().map(Into::into)))
    }

    /// Sets whether the user is disabled (default: no). A disabled user cannot sign in.
    #[must_use]
    pub fn disabled(self, disabled: bool) -> Self {
        self.with(|user| user.disabled = disabled)
    }

    /// Sets when the password expires (default: never). Use it for a password that an administrator chose.
    #[must_use]
    pub fn password_expires_at(self, time: SystemTime) -> Self {
        self.with(|user| user.password_expires_at = Some(time))
    }

    /// Sets the version of the credentials (default: 0). A token or session is valid only with the version that it was
    /// issued with.
    ///
    /// Increase it with each new password, and when the user is disabled. Without that, tokens
    /// (see [`UserTokens`](super::UserTokens)) and sessions from before a new password stay valid.
    #[must_use]
    pub fn credential_epoch(self, epoch: u64) -> Self {
        self.with(|user| user.credential_epoch = epoch)
    }

    /// Sets the e-mail address, which is not verified (default: none).
    #[must_use]
    pub fn with_email(self, address: impl Into<String>) -> Self {
        self.with(|user| (user.email, user.is_email_verified) = (Some(address.into()), false))
    }

    /// Sets an e-mail address that is known to be the user's. Mail to reset the password goes there, so any reader of
    /// this mail can set a new password.
    #[must_use]
    pub fn with_verified_email(self, address: impl Into<String>) -> Self {
        self.with(|user| (user.email, user.is_email_verified) = (Some(address.into()), true))
    }

    /// Sets whether sign-ins of the user need a second factor (default: no). [`Basic`](super::Basic) then refuses the
    /// password alone.
    #[must_use]
    pub fn with_second_factor(self, has_second_factor: bool) -> Self {
        self.with(|user| user.has_second_factor = has_second_factor)
    }

    /// Returns the name for signing in.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Returns the subject of the identity.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.0.subject.as_deref().unwrap_or(&self.0.name)
    }

    /// Returns whether the user is disabled.
    #[must_use]
    pub fn is_disabled(&self) -> bool {
        self.0.disabled
    }

    /// Returns whether the password has expired.
    #[must_use]
    pub fn is_password_expired(&self, now: SystemTime) -> bool {
        self.0.password_expires_at.is_some_and(|end| end <= now)
    }

    /// Returns the version of the credentials. Tokens and sessions with another version are refused. An application can
    /// end sessions of its own in the same way.
    #[must_use]
    pub fn current_epoch(&self) -> u64 {
        self.0.credential_epoch
    }

    /// Returns the e-mail address, verified or not.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    /// Returns the e-mail address, if it is verified.
    #[must_use]
    pub fn verified_email(&self) -> Option<&str> {
        self.email().filter(|_| self.0.is_email_verified)
    }

    /// Returns whether sign-ins of the user need a second factor.
    #[must_use]
    pub fn has_second_factor(&self) -> bool {
        self.0.has_second_factor
    }

    /// Returns the name for people to read, if there is one.
    #[must_use]
    pub fn readable_name(&self) -> Option<&str> {
        self.0.display_name.as_deref()
    }

    /// Returns the names of the user's roles, declared or not.
    #[must_use]
    pub fn role_names(&self) -> &[String] {
        &self.0.roles
    }

    /// Returns the names of the user's own permissions, declared or not.
    #[must_use]
    pub fn permission_names(&self) -> &[String] {
        &self.0.permissions
    }

    /// Returns the stored hash of the password.
    #[must_use]
    pub fn password_hash(&self) -> &str {
        &self.0.password_hash
    }

    /// Returns the same user with or without a second factor, whose former tokens have ended.
    #[cfg(feature = "account")]
    pub(crate) fn with_changed_factor(self, has_second_factor: bool) -> Self {
        self.with(|user| {
            user.has_second_factor = has_second_factor;
            user.credential_epoch += 1;
        })
    }

    /// Returns the same user with another password, whose former tokens have ended.
    #[cfg(feature = "account")]
    pub(crate) fn with_new_password(self, hash: &str) -> Self {
        self.with(|user| {
            hash.clone_into(&mut user.password_hash);
            user.password_expires_at = None;
            user.credential_epoch += 1;
        })
    }

    /// Returns the identity of the user. Subject and name are the stored ones, in whatever spelling the name was sent.
    #[inline]
    pub(crate) fn identity(&self, context: Context, issuer: &Arc<str>) -> Identity {
        self.0.identity.get_or_build(context, issuer, self.subject(), |mut identity| {
            self.role_names().iter().for_each(|role| identity.add_role(role));
            self.permission_names().iter().for_each(|permission| identity.add_permission(permission));
            let identity = identity.username(self.name());
            self.readable_name().into_iter().fold(identity, IdentityBuilder::display_name)
        })
    }

    /// Whether both are the same record, and not two records of one user.
    #[cfg(feature = "session")]
    #[inline]
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    fn with(mut self, change: impl FnOnce(&mut UserFields)) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        inner.identity.clear();
        change(inner);
        self
    }
}

/// Omits the hash.
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

/// Rejects a name that cannot be sent: an empty one, or one with a colon (RFC 7617, section 2) or control characters.
pub(super) fn check_name(name: &str) -> Result<(), UserError> {
    if name.is_empty() || name.contains(|character: char| character == ':' || character.is_control()) {
        return Err(UserError::Name(name.to_owned()));
    }
    Ok(())
}
