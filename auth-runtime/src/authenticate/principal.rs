//! Third step: identity to principal, the caller as the application sees it.

use std::{
    fmt,
    marker::PhantomData,
    time::{Duration, SystemTime},
};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Identity, UserInfo, UserInfoError, contains, scopes};
use crate::{
    declared::{AuthSchema, Table, TableSet},
    policy::Facts,
};

/// The authenticated caller.
///
/// An extractor: a handler that takes it runs for authenticated callers only; with
/// `#[optional_auth]`, take `Option<Principal<Auth>>`. It holds what a rule has let in, so it is only there where a
/// rule ran: in an operation of a protected API, a handler with `#[protected]`, below `.protect(..)`.
///
/// ```
/// # use auth_runtime::prelude::*;
/// # permissions! { pub enum Permission { View = "view" } }
/// # roles! { pub enum Role: Permission { Viewer = "Viewer" => [View] } }
/// # #[derive(Auth, Clone)] #[auth(permissions = Permission, roles = Role)]
/// # struct Auth { #[scheme(api_key(header = "X-API-Key"))] key: ApiKeys }
/// fn greeting(caller: &Principal<Auth>) -> String {
///     if caller.has_role(Role::Viewer) { format!("Hello {}", caller.display_name()) } else { "Hello".into() }
/// }
///
/// // In a test of the handler itself, make one by hand:
/// let viewer = auth_runtime::testing::principal("basic", "alice", |identity| identity.role("Viewer"));
/// assert_eq!(greeting(&viewer), "Hello alice");
/// assert!(viewer.has(Permission::View));
/// ```
pub struct Principal<A> {
    identity: Identity,
    scheme: usize,
    authority: PhantomData<fn() -> A>,
}

impl<A> Clone for Principal<A> {
    fn clone(&self) -> Self {
        Self { identity: self.identity.clone(), scheme: self.scheme, authority: PhantomData }
    }
}

impl<A: AuthSchema> Principal<A> {
    /// The caller of this identity, who came by the scheme at this position.
    #[doc(hidden)]
    #[must_use]
    pub fn new(identity: Identity, scheme: usize) -> Self {
        Self { identity, scheme, authority: PhantomData }
    }

    /// Who vouches for the caller: the `iss` of a token, or the name of a store.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.identity.issuer()
    }

    /// The caller's identifier. Unique within the issuer only: store both.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.identity.subject()
    }

    /// The name by which the caller signs in, if there is one: `preferred_username` of OpenID Connect. It can change,
    /// and can be given to another person later, so store the [`subject`](Self::subject).
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        self.identity.username()
    }

    /// A name for people to read; the user name, or else the subject, if there is no other.
    #[must_use]
    pub fn display_name(&self) -> &str {
        self.identity.display_name()
    }

    /// The name of the security scheme by which the caller came.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        A::SCHEMES.get(self.scheme).map_or("", |scheme| scheme.name)
    }

    /// The caller's roles.
    #[must_use]
    pub fn roles(&self) -> <A::Role as Table>::Set {
        self.identity.roles::<A>()
    }

    /// Whether the caller has this role.
    #[must_use]
    pub fn has_role(&self, role: A::Role) -> bool {
        self.roles().has(role)
    }

    /// The caller's permissions: direct ones, and those of the roles.
    #[must_use]
    pub fn permissions(&self) -> <A::Permission as Table>::Set {
        self.identity.permissions::<A>()
    }

    /// Whether the caller has this permission.
    #[must_use]
    pub fn has(&self, permission: A::Permission) -> bool {
        self.permissions().has(permission)
    }

    /// The OAuth 2 scopes of the token, declared or not.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        scopes(self.identity.scope())
    }

    /// What else the issuer says of the caller.
    #[must_use]
    pub fn claims(&self) -> &Map<String, Value> {
        self.identity.claims()
    }

    /// One claim as a type of yours; `None` if it is not there or of another type.
    #[must_use]
    pub fn claim<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        self.claims().get(name).and_then(|claim| T::deserialize(claim).ok())
    }

    /// What the issuer says of the caller beyond the token: name, e-mail address and the like, as far as the token's
    /// scopes allow (OpenID Connect Core, section 5.4).
    ///
    /// It is asked for at the first call, with the caller's own token, and kept as long as the token is: what changes
    /// at the issuer meanwhile is not seen. Several calls at once are one to the issuer. A failure is not kept.
    ///
    /// ```no_run
    /// # use auth_runtime::{authenticate::UserInfoError, prelude::*};
    /// # permissions! { pub enum Permission { View = "view" } }
    /// # roles! { pub enum Role: Permission { Viewer = "Viewer" => [View] } }
    /// # #[derive(Auth, Clone)] #[auth(permissions = Permission, roles = Role)]
    /// # struct Auth { #[scheme(bearer)] token: Jwt }
    /// async fn address(caller: &Principal<Auth>) -> Result<Option<String>, UserInfoError> {
    ///     let info = caller.user_info().await?;
    ///     // Whoever may enter any address at the issuer must not become somebody else by it.
    ///     Ok(info.email().filter(|_| info.email_verified() == Some(true)).map(str::to_owned))
    /// }
    /// ```
    ///
    /// It is information, and no proof: who the caller is, is [`issuer`](Self::issuer) and
    /// [`subject`](Self::subject), and what they may do was decided before.
    ///
    /// # Errors
    /// [`UserInfoError`], which as the error of a handler is never a 401: the caller's token was good.
    pub async fn user_info(&self) -> Result<UserInfo, UserInfoError> {
        self.identity.user_info().await
    }

    /// When the caller last proved who they are; `None` for those who never sign in, such as machines with a key.
    #[must_use]
    pub fn authenticated_at(&self) -> Option<SystemTime> {
        let since = Duration::from_secs(self.identity.authenticated_at()?);
        SystemTime::UNIX_EPOCH.checked_add(since)
    }

    pub(crate) fn scheme_index(&self) -> usize {
        self.scheme
    }
}

impl<A: AuthSchema> fmt::Debug for Principal<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Principal")
            .field("issuer", &self.issuer())
            .field("subject", &self.subject())
            .field("scheme", &self.scheme())
            .field("roles", &self.roles())
            .field("permissions", &self.permissions())
            .finish_non_exhaustive()
    }
}

/// What is known of a caller when a requirement is read.
impl<A: AuthSchema> Facts<A> for Principal<A> {
    fn role(&self, index: u16) -> Option<bool> {
        Some(contains(self.identity.role_words(), index))
    }

    fn permission(&self, index: u16) -> Option<bool> {
        Some(contains(self.identity.permission_words(), index))
    }

    fn scope(&self, index: u16) -> Option<bool> {
        Some(contains(self.identity.scope_words(), index))
    }

    fn scheme(&self, index: u16) -> Option<bool> {
        Some(self.scheme == usize::from(index))
    }

    fn fresh(&self, seconds: u64) -> Option<bool> {
        let age = self.authenticated_at().map(|at| SystemTime::now().duration_since(at));
        // A sign-in in the future is a clock that is off, and no proof of anything.
        Some(matches!(age, Some(Ok(age)) if age <= Duration::from_secs(seconds)))
    }
}
