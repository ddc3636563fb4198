//! The identity behind a credential, with its roles and permissions as bits.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use memchr::memchr_iter;
use serde_json::{Map, Value};
use smallvec::SmallVec;

use crate::{
    authenticate::{SignInDetails, UserInfo, UserInfoError, UserInfoSource, user_info::OnDemand},
    declared::AuthSchema,
    declared::{DeclaredNames, Table, TableSet},
};

/// Bits over a table. Two words are stored inline.
pub(crate) type Words = SmallVec<[u64; 2]>;

/// Maximum number of unknown names in a log event. Some issuers send hundreds.
const SHOWN: usize = 8;

/// The identity that an [`Authenticator`](super::Authenticator) returns. Cheap to clone.
///
/// Building it turns the names of roles, permissions and scopes into bits.
#[derive(Clone)]
pub struct Identity {
    description: Arc<Description>,
    /// Separate, because a store or `PermissionOverrides` can replace it for each request.
    access: Arc<Access>,
    /// Separate, because a password is sent with each request.
    authenticated_at: Option<u64>,
    /// Separate, because the sessions of a user share the rest.
    sign_in: Option<Arc<SignInDetails>>,
}

/// The roles and permissions that a caller has now, and the name, which can change while a token is valid.
#[derive(Clone)]
struct Access {
    roles: Words,
    permissions: Words,
    username: Option<Arc<str>>,
    /// Whether the credential is limited to some permissions, so that none may be added.
    is_limited: bool,
}

/// The issuer's description of a caller.
#[derive(Clone)]
struct Description {
    issuer: String,
    subject: String,
    display_name: Option<String>,
    scopes: Words,
    scope: String,
    claims: Claims,
    user_info: Option<Arc<OnDemand>>,
}

impl Identity {
    /// Returns the issuer: the `iss` of a token, or the name of a store.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.description.issuer
    }

    /// Returns the caller's identifier. It is unique within the issuer only.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.description.subject
    }

    /// Returns the name by which the caller signs in, if there is one: `preferred_username` of OpenID Connect. It can
    /// change, and can be given to another person later, so store the [`subject`](Self::subject).
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        self.access.username.as_deref()
    }

    /// Returns a name for people to read (default: the user name, or else the subject).
    #[must_use]
    pub fn display_name(&self) -> &str {
        self.description.display_name.as_deref().or(self.username()).unwrap_or(&self.description.subject)
    }

    /// Returns the scopes of the token, declared or not, separated by spaces.
    #[must_use]
    pub fn scope(&self) -> &str {
        &self.description.scope
    }

    /// Returns all claims of the issuer.
    #[must_use]
    pub fn claims(&self) -> &Map<String, Value> {
        self.description.claims.get()
    }

    /// Returns the time of the last sign-in, in seconds since 1970. Renewing a token is not a sign-in.
    #[must_use]
    pub fn authenticated_at(&self) -> Option<u64> {
        self.authenticated_at
    }

    /// Returns the details of the sign-in, if the caller has a session.
    #[must_use]
    pub fn sign_in(&self) -> Option<&SignInDetails> {
        self.sign_in.as_deref()
    }

    /// Loads what the issuer knows of the caller beyond the credential; see [`Principal::user_info`].
    ///
    /// [`Principal::user_info`]: crate::authenticate::Principal::user_info
    ///
    /// # Errors
    /// [`UserInfoError`] says why there is none.
    pub async fn user_info(&self) -> Result<UserInfo, UserInfoError> {
        match &self.description.user_info {
            Some(on_demand) => on_demand.get(self.issuer(), self.subject()).await,
            None => Err(UserInfoError::NotOffered),
        }
    }

    /// Returns the caller's roles.
    #[must_use]
    pub fn roles<A: AuthSchema>(&self) -> <A::Role as Table>::Set {
        TableSet::from_words(&self.access.roles)
    }

    /// Returns the caller's permissions: direct ones, and those of the roles.
    #[must_use]
    pub fn permissions<A: AuthSchema>(&self) -> <A::Permission as Table>::Set {
        TableSet::from_words(&self.access.permissions)
    }

    pub(crate) fn role_words(&self) -> &[u64] {
        &self.access.roles
    }

    pub(crate) fn permission_words(&self) -> &[u64] {
        &self.access.permissions
    }

    pub(crate) fn scope_words(&self) -> &[u64] {
        &self.description.scopes
    }

    /// Returns the same identity with a sign-in at this moment.
    #[cfg(feature = "basic")]
    #[inline]
    pub(crate) fn at(mut self, seconds: u64) -> Self {
        self.authenticated_at = Some(seconds);
        self
    }

    /// Returns the same identity with the details of a sign-in.
    #[cfg(feature = "session")]
    #[inline]
    pub(crate) fn with_sign_in(mut self, details: Arc<SignInDetails>) -> Self {
        self.sign_in = Some(details);
        self
    }

    /// Returns the same caller with the roles, permissions and user name of another identity.
    #[cfg(all(feature = "basic", feature = "_jwt"))]
    pub(crate) fn with_access_of(mut self, other: &Self) -> Self {
        self.access = Arc::clone(&other.access);
        self
    }

    /// Returns the same caller, under its own user name, with the roles and permissions of another identity.
    #[cfg(feature = "_jwt")]
    pub(crate) fn with_roles_of(mut self, other: &Self) -> Self {
        let access = Arc::make_mut(&mut self.access);
        access.roles.clone_from(&other.access.roles);
        access.permissions.clone_from(&other.access.permissions);
        self
    }

    /// Returns the same caller without roles, and only with permissions that the other identity has too.
    #[cfg(all(feature = "basic", feature = "_jwt"))]
    pub(crate) fn limited_by(mut self, other: &Self) -> Self {
        let mut permissions = self.access.permissions.clone();
        intersect(&mut permissions, &other.access.permissions);
        let username = other.access.username.clone();
        self.access = Arc::new(Access { roles: Words::new(), permissions, username, is_limited: true });
        self
    }

    /// Whether the credential is limited to some of its owner's permissions.
    pub(super) fn is_limited(&self) -> bool {
        self.access.is_limited
    }

    /// Returns the same caller with other permissions.
    pub(crate) fn with_permissions(mut self, words: &[u64]) -> Self {
        Arc::make_mut(&mut self.access).permissions = words.into();
        self
    }
}

/// Shows the issuer and the subject, but no claims.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("issuer", &self.issuer())
            .field("subject", &self.subject())
            .finish_non_exhaustive()
    }
}

/// Builds an [`Identity`]; [`Context::identity`](super::Context::identity) starts one.
///
/// A role or permission that the application does not declare grants nothing. It is logged.
#[derive(Clone)]
#[must_use = "call `build`"]
pub struct IdentityBuilder {
    names: &'static DeclaredNames,
    description: Description,
    roles: Words,
    permissions: Words,
    username: Option<Arc<str>>,
    is_limited: bool,
    authenticated_at: Option<u64>,
    unknown: Vec<(&'static str, String)>,
}

impl IdentityBuilder {
    pub(super) fn new(names: &'static DeclaredNames, issuer: String, subject: String) -> Self {
        let description = Description {
            issuer,
            subject,
            display_name: None,
            scopes: Words::new(),
            scope: String::new(),
            claims: Claims::default(),
            user_info: None,
        };
        Self {
            names,
            description,
            roles: Words::new(),
            permissions: Words::new(),
            username: None,
            is_limited: false,
            authenticated_at: None,
            unknown: Vec::new(),
        }
    }

    /// Sets the name by which the caller signs in. It is no identifier: see [`Identity::username`].
    pub fn username(mut self, name: impl Into<Arc<str>>) -> Self {
        self.username = Some(name.into());
        self
    }

    /// Sets a name for people to read.
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.description.display_name = Some(name.into());
        self
    }

    /// Adds a role, with its permissions.
    pub fn role(mut self, name: &str) -> Self {
        self.add_role(name);
        self
    }

    /// Adds a permission.
    pub fn permission(mut self, name: &str) -> Self {
        self.add_permission(name);
        self
    }

    /// Adds scopes, separated by spaces (RFC 6749, section 3.3). `Principal::scopes` also returns undeclared ones.
    pub fn scope(mut self, scope: &str) -> Self {
        self.add_scope(scope);
        self
    }

    pub(crate) fn add_role(&mut self, name: &str) {
        match find(self.names.roles, name) {
            Some(role) => {
                insert(&mut self.roles, role);
                union(&mut self.permissions, self.names.role_permissions[role]);
            }
            None => self.unknown.push(("role", name.to_owned())),
        }
    }

    pub(crate) fn add_permission(&mut self, name: &str) {
        match find(self.names.permissions, name) {
            Some(permission) => insert(&mut self.permissions, permission),
            None => self.unknown.push(("permission", name.to_owned())),
        }
    }

    /// Removes the roles, and all permissions but these.
    #[cfg(any(feature = "api-key", feature = "testing", test))]
    pub(crate) fn limit_to(&mut self, permissions: &[String]) {
        let mut limits = Words::new();
        for name in permissions {
            match find(self.names.permissions, name) {
                Some(permission) => insert(&mut limits, permission),
                None => self.unknown.push(("permission", name.clone())),
            }
        }
        self.roles.clear();
        intersect(&mut self.permissions, &limits);
        self.is_limited = true;
    }

    pub(crate) fn add_scope(&mut self, scope: &str) {
        self.description.scope.reserve(scope.len());
        for name in scopes(scope) {
            if let Some(declared) = find(self.names.scopes, name) {
                insert(&mut self.description.scopes, declared);
            }
            if !self.description.scope.is_empty() {
                self.description.scope.push(' ');
            }
            self.description.scope.push_str(name);
        }
    }

    /// Sets the claims of the issuer.
    pub fn claims(mut self, claims: Map<String, Value>) -> Self {
        self.description.claims = Claims::read(claims);
        self
    }

    /// Sets the claims as the text of a JSON object. It is parsed at first use.
    #[cfg(feature = "_jwt")]
    pub(crate) fn claims_json(mut self, json: &str) -> Self {
        self.description.claims = Claims::unread(json);
        self
    }

    /// Sets the time of the last sign-in, in seconds since 1970.
    pub fn authenticated_at(mut self, seconds: u64) -> Self {
        self.authenticated_at = Some(seconds);
        self
    }

    /// Sets the source of user information. It is asked when a handler first needs it.
    pub fn user_info(mut self, source: Arc<dyn UserInfoSource>) -> Self {
        self.description.user_info = Some(Arc::new(OnDemand::new(source)));
        self
    }

    /// Sets a source that other requests share.
    #[cfg(any(feature = "jwt", feature = "jwt-rust-crypto"))]
    pub(crate) fn user_info_on_demand(mut self, info: Arc<OnDemand>) -> Self {
        self.description.user_info = Some(info);
        self
    }

    /// Returns the identity.
    #[must_use]
    pub fn build(self) -> Identity {
        if !self.unknown.is_empty() {
            let Description { issuer, subject, .. } = &self.description;
            let (count, first) = (self.unknown.len(), &self.unknown[..self.unknown.len().min(SHOWN)]);
            tracing::info!(?issuer, ?subject, count, unknown = ?first, "names that are not declared grant nothing");
        }
        let Self { description, roles, permissions, username, is_limited, authenticated_at, .. } = self;
        let access = Arc::new(Access { roles, permissions, username, is_limited });
        Identity { description: Arc::new(description), access, authenticated_at, sign_in: None }
    }
}

impl fmt::Debug for IdentityBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityBuilder").finish_non_exhaustive()
    }
}

/// Claims that are parsed at first use. Most requests use none.
#[derive(Clone, Default)]
struct Claims {
    json: Box<str>,
    read: OnceLock<Map<String, Value>>,
}

impl Claims {
    fn read(claims: Map<String, Value>) -> Self {
        Self { json: Box::default(), read: claims.into() }
    }

    #[cfg(feature = "_jwt")]
    fn unread(json: &str) -> Self {
        Self { json: json.into(), read: OnceLock::new() }
    }

    fn get(&self) -> &Map<String, Value> {
        // The text was read before, strictly; without one there are no claims.
        self.read.get_or_init(|| serde_json::from_str(&self.json).unwrap_or_default())
    }
}

/// Splits at spaces, and at no other white space (RFC 6749, section 3.3).
pub(crate) fn scopes(scope: &str) -> impl Iterator<Item = &str> {
    let (ends, mut start) = (memchr_iter(b' ', scope.as_bytes()).chain([scope.len()]), 0);
    let names = ends.map(move |end| {
        let name = scope.get(start..end).unwrap_or_default();
        start = end + 1;
        name
    });
    names.filter(|name| !name.is_empty())
}

fn find(names: &[&str], name: &str) -> Option<usize> {
    names.iter().position(|declared| *declared == name)
}

fn insert(words: &mut Words, index: usize) {
    let (word, bit) = (index / 64, index % 64);
    if words.len() <= word {
        words.resize(word + 1, 0);
    }
    words[word] |= 1 << bit;
}

fn union(words: &mut Words, other: &[u64]) {
    words.resize(words.len().max(other.len()), 0);
    words.iter_mut().zip(other).for_each(|(mine, theirs)| *mine |= theirs);
}

#[cfg(any(feature = "api-key", all(feature = "basic", feature = "_jwt"), feature = "testing", test))]
fn intersect(words: &mut Words, other: &[u64]) {
    let others = other.iter().copied().chain(std::iter::repeat(0));
    words.iter_mut().zip(others).for_each(|(mine, theirs)| *mine &= theirs);
}

/// Whether the bit is set. A bit beyond the words is not.
pub(crate) fn contains(words: &[u64], index: u16) -> bool {
    let index = usize::from(index);
    words.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
}
