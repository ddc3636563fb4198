//! The principal: the authenticated caller, as the application sees it.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Identity, SignInDetails, UserInfo, UserInfoError, contains, scopes};
use crate::{
    declared::{AuthSchema, SchemeSet, Table, TableSet},
    policy::{ClaimValue, Facts},
};

/// The authenticated caller.
///
/// An extractor: a handler that takes it runs for authenticated callers only. With `#[optional_auth]`, take
/// `Option<Principal<Auth>>`. It needs a rule: an operation of a protected API, a handler with `#[protected]`, or a
/// route below `.protect(..)`.
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
/// // A test of the handler makes a caller by hand:
/// let viewer = auth_runtime::testing::principal("basic", "alice", |identity| identity.role("Viewer"));
/// assert_eq!(greeting(&viewer), "Hello alice");
/// assert!(viewer.has(Permission::View));
/// ```
pub struct Principal<A> {
    identity: Identity,
    scheme: usize,
    /// Absent in a test that makes a caller by hand.
    auth: Option<Arc<A>>,
    /// Callers of the other credentials, if the rule needs several.
    beside: Option<Arc<[Self]>>,
    /// Whether a challenge to this request opens no password dialog.
    is_silent: bool,
    /// The time of the request, if a test sets the clock.
    #[cfg(feature = "testing")]
    now: Option<SystemTime>,
}

impl<A> Clone for Principal<A> {
    fn clone(&self) -> Self {
        Self {
            identity: self.identity.clone(),
            scheme: self.scheme,
            auth: self.auth.clone(),
            beside: self.beside.clone(),
            is_silent: self.is_silent,
            #[cfg(feature = "testing")]
            now: self.now,
        }
    }
}

impl<A: AuthSchema> Principal<A> {
    /// Returns the caller with this identity, by the scheme at this position.
    #[doc(hidden)]
    #[must_use]
    pub fn new(identity: Identity, scheme: usize) -> Self {
        Self {
            identity,
            scheme,
            auth: None,
            beside: None,
            is_silent: false,
            #[cfg(feature = "testing")]
            now: None,
        }
    }

    /// Returns the caller with this identity, and the configuration that let it in.
    pub(crate) fn authenticated(identity: Identity, scheme: usize, auth: Arc<A>) -> Self {
        Self {
            identity,
            scheme,
            auth: Some(auth),
            beside: None,
            is_silent: false,
            #[cfg(feature = "testing")]
            now: None,
        }
    }

    /// Returns the same caller at another time.
    #[cfg(feature = "testing")]
    pub(super) fn at(self, now: SystemTime) -> Self {
        Self { now: Some(now), ..self }
    }

    #[cfg(feature = "testing")]
    fn now(&self) -> SystemTime {
        self.now.unwrap_or_else(SystemTime::now)
    }

    #[cfg(not(feature = "testing"))]
    #[expect(clippy::unused_self, reason = "a test sets the clock of a caller")]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    /// Returns the first caller, with the others [beside](Self::beside) it.
    pub(crate) fn joined(callers: Vec<Self>) -> Option<Self> {
        let mut callers = callers.into_iter();
        let first = callers.next()?;
        Some(Self { beside: Some(callers.collect()), ..first })
    }

    /// Returns this caller or one beside it, if it used one of these schemes.
    pub(crate) fn by_one_of(&self, schemes: SchemeSet) -> Option<&Self> {
        self.all().find(|caller| schemes.contains(caller.scheme))
    }

    /// Returns this caller and those beside it.
    fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(self.beside())
    }

    /// Returns the callers of the other credentials, if the rule needs several, in the order of the rule.
    ///
    /// ```
    /// # use auth_runtime::prelude::*;
    /// # #[derive(Auth, Clone)]
    /// # struct Auth { #[scheme(bearer)] token: Jwt, #[scheme(api_key(header = "X-API-Key"))] key: ApiKeys }
    /// /// `#[protected(all(schemes("token"), schemes("key")))]`: a user, by a known application.
    /// fn application(caller: &Principal<Auth>) -> Option<&str> {
    ///     caller.beside().first().map(Principal::subject)
    /// }
    /// ```
    #[must_use]
    pub fn beside(&self) -> &[Self] {
        self.beside.as_deref().unwrap_or_default()
    }

    /// Returns the same caller, with the configuration that let it in.
    pub(crate) fn authenticated_by(self, auth: Arc<A>) -> Self {
        Self { auth: Some(auth), ..self }
    }

    /// Returns the same caller, as let in by this request: challenges to a script open no password dialog.
    pub(crate) fn with_silence(self, is_silent: bool) -> Self {
        Self { is_silent, ..self }
    }

    /// Returns whether a challenge to this request opens no password dialog.
    pub(crate) const fn is_silent(&self) -> bool {
        self.is_silent
    }

    /// Returns the configuration that let the caller in.
    pub(crate) fn auth(&self) -> Option<&A> {
        self.auth.as_deref()
    }

    /// Returns the issuer: the `iss` of a token, or the name of a store.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.identity.issuer()
    }

    /// Returns the caller's identifier. It is unique within the issuer only, so store both.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.identity.subject()
    }

    /// Returns the name by which the caller signs in, if there is one: `preferred_username` of OpenID Connect. It can
    /// change, and can be given to another person later, so store the [`subject`](Self::subject).
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        self.identity.username()
    }

    /// Returns a name for people to read (default: the user name, or else the subject).
    #[must_use]
    pub fn display_name(&self) -> &str {
        self.identity.display_name()
    }

    /// Whether the credential is limited to some of the caller's permissions, as a token for another program is.
    #[cfg(feature = "account")]
    pub(crate) fn is_limited(&self) -> bool {
        self.identity.is_limited()
    }

    /// Returns the name of the security scheme that the caller used.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        A::SCHEMES.get(self.scheme).map_or("", |scheme| scheme.name)
    }

    /// Returns the caller's roles.
    #[must_use]
    pub fn roles(&self) -> <A::Role as Table>::Set {
        self.identity.roles::<A>()
    }

    /// Whether the caller has this role.
    #[must_use]
    pub fn has_role(&self, role: A::Role) -> bool {
        self.roles().has(role)
    }

    /// Returns the caller's permissions: direct ones, and those of the roles.
    #[must_use]
    pub fn permissions(&self) -> <A::Permission as Table>::Set {
        self.identity.permissions::<A>()
    }

    /// Whether the caller has this permission.
    #[must_use]
    pub fn has(&self, permission: A::Permission) -> bool {
        self.permissions().has(permission)
    }

    /// Returns the OAuth 2 scopes of the token, declared or not.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        scopes(self.identity.scope())
    }

    /// Returns all claims of the issuer.
    #[must_use]
    pub fn claims(&self) -> &Map<String, Value> {
        self.identity.claims()
    }

    /// Returns one claim as your type. `None` if it is absent or has another type.
    #[must_use]
    pub fn claim<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        self.claims().get(name).and_then(|claim| T::deserialize(claim).ok())
    }

    /// Returns what the issuer knows of the caller beyond the token, such as name and e-mail address. The token's
    /// scopes decide how much (OpenID Connect Core, section 5.4).
    ///
    /// The first call asks the issuer with the caller's token. The answer is cached until the token expires, so later
    /// changes at the issuer are not seen. The cache holds 10,000 tokens of each issuer. Concurrent calls share one
    /// request. A failure is not cached.
    ///
    /// ```no_run
    /// # use auth_runtime::{authenticate::UserInfoError, prelude::*};
    /// # permissions! { pub enum Permission { View = "view" } }
    /// # roles! { pub enum Role: Permission { Viewer = "Viewer" => [View] } }
    /// # #[derive(Auth, Clone)] #[auth(permissions = Permission, roles = Role)]
    /// # struct Auth { #[scheme(bearer)] token: Jwt }
    /// async fn address(caller: &Principal<Auth>) -> Result<Option<String>, UserInfoError> {
    ///     let info = caller.user_info().await?;
    ///     // An unverified address may belong to another person.
    ///     Ok(info.email().filter(|_| info.email_verified() == Some(true)).map(str::to_owned))
    /// }
    /// ```
    ///
    /// Do not identify callers by it: [`issuer`](Self::issuer) and [`subject`](Self::subject) do that.
    ///
    /// # Errors
    /// [`UserInfoError`]. As the error of a handler, it is never a 401, as the caller's token was valid.
    pub async fn user_info(&self) -> Result<UserInfo, UserInfoError> {
        self.identity.user_info().await
    }

    /// Returns the time of the last sign-in. `None` if it is unknown, as for a machine with a key, or a token
    /// without `auth_time`.
    #[must_use]
    pub fn authenticated_at(&self) -> Option<SystemTime> {
        let since = Duration::from_secs(self.identity.authenticated_at()?);
        SystemTime::UNIX_EPOCH.checked_add(since)
    }

    /// Returns the details of the sign-in, if the caller has a session.
    #[must_use]
    pub fn sign_in(&self) -> Option<&SignInDetails> {
        self.identity.sign_in()
    }

    /// Returns the identifier of the caller's session. It is no secret. `None` for callers without a session.
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        self.sign_in().map(|details| details.session_id.as_str())
    }

    /// Returns the authentication context class: of the session, or the `acr` of the token.
    #[must_use]
    pub fn acr(&self) -> Option<&str> {
        match self.sign_in() {
            Some(details) => details.acr.as_deref(),
            None => self.claims().get("acr").and_then(Value::as_str),
        }
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

/// The facts that a requirement is decided from.
impl<A: AuthSchema> Facts<A> for Principal<A> {
    fn role(&self, index: u16) -> bool {
        contains(self.identity.role_words(), index)
    }

    fn permission(&self, index: u16) -> bool {
        contains(self.identity.permission_words(), index)
    }

    fn scope(&self, index: u16) -> bool {
        contains(self.identity.scope_words(), index)
    }

    fn scheme(&self, index: u16) -> bool {
        self.all().any(|caller| caller.scheme == usize::from(index))
    }

    fn fresh(&self, seconds: u64) -> bool {
        let age = self.authenticated_at().map(|at| self.now().duration_since(at));
        // A sign-in in the future means that a clock is wrong. It proves nothing.
        matches!(age, Some(Ok(age)) if age <= Duration::from_secs(seconds))
    }

    fn claim(&self, name: &str, value: &ClaimValue) -> bool {
        self.claims().get(name).is_some_and(|claim| value.is_in(claim))
    }

    fn acr(&self, values: &[&str]) -> bool {
        Principal::acr(self).is_some_and(|acr| values.contains(&acr))
    }
}
