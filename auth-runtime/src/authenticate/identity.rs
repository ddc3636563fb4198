//! Who a credential belongs to, and what is theirs as bits.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use serde_json::{Map, Value};
use smallvec::SmallVec;

use crate::{
    authenticate::{UserInfo, UserInfoError, UserInfoSource, user_info::OnDemand},
    declared::AuthSchema,
    declared::{DeclaredNames, Table, TableSet},
};

/// Bits over a table; two words stand in the value itself.
pub(crate) type Words = SmallVec<[u64; 2]>;

/// How many unknown names an event shows: some issuers send hundreds.
const SHOWN: usize = 8;

/// Who a credential belongs to: what an [`Authenticator`](super::Authenticator) gives. Cheap to clone.
///
/// Names of roles, permissions and scopes became bits when it was built: once per authentication.
#[derive(Clone)]
pub struct Identity {
    shared: Arc<Inner>,
    /// Beside what is shared, as the application may give a caller others than the credential does.
    roles: Words,
    permissions: Words,
    /// Beside what is shared, as a user may be renamed while a token is good.
    username: Option<Arc<str>>,
    /// Whether the credential is good for less than its owner may do, so that nothing may be added.
    is_limited: bool,
    /// As a password comes with each request.
    authenticated_at: Option<u64>,
}

#[derive(Clone)]
struct Inner {
    issuer: String,
    subject: String,
    display_name: Option<String>,
    scopes: Words,
    scope: String,
    claims: Claims,
    user_info: Option<Arc<OnDemand>>,
}

impl Identity {
    /// Who vouches for the caller: the `iss` of a token, or the name of a store.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.shared.issuer
    }

    /// The caller's identifier, unique within the issuer only.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.shared.subject
    }

    /// The name by which the caller signs in, if there is one: `preferred_username` of OpenID Connect. It can change,
    /// and can be given to another person later, so store the [`subject`](Self::subject).
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        self.username.as_deref()
    }

    /// A name for people to read; the user name, or else the subject, if there is no other.
    #[must_use]
    pub fn display_name(&self) -> &str {
        self.shared.display_name.as_deref().or(self.username()).unwrap_or(&self.shared.subject)
    }

    /// The scopes of the token, declared or not, parted by spaces.
    #[must_use]
    pub fn scope(&self) -> &str {
        &self.shared.scope
    }

    /// What else the issuer says of the caller.
    #[must_use]
    pub fn claims(&self) -> &Map<String, Value> {
        self.shared.claims.get()
    }

    /// When the caller last proved who they are, in seconds since 1970; not when a token was renewed.
    #[must_use]
    pub fn authenticated_at(&self) -> Option<u64> {
        self.authenticated_at
    }

    /// What the issuer says of the caller beyond the credential: [`Principal::user_info`] tells more.
    ///
    /// [`Principal::user_info`]: crate::authenticate::Principal::user_info
    ///
    /// # Errors
    /// [`UserInfoError`] if there is none, or if it cannot be told now.
    pub async fn user_info(&self) -> Result<UserInfo, UserInfoError> {
        match &self.shared.user_info {
            Some(on_demand) => on_demand.get(self.issuer(), self.subject()).await,
            None => Err(UserInfoError::NotOffered),
        }
    }

    /// The caller's roles.
    #[must_use]
    pub fn roles<A: AuthSchema>(&self) -> <A::Role as Table>::Set {
        TableSet::from_words(&self.roles)
    }

    /// The caller's permissions: direct ones, and those of the roles.
    #[must_use]
    pub fn permissions<A: AuthSchema>(&self) -> <A::Permission as Table>::Set {
        TableSet::from_words(&self.permissions)
    }

    pub(crate) fn role_words(&self) -> &[u64] {
        &self.roles
    }

    pub(crate) fn permission_words(&self) -> &[u64] {
        &self.permissions
    }

    pub(crate) fn scope_words(&self) -> &[u64] {
        &self.shared.scopes
    }

    /// The same caller, who has proved just now who they are.
    #[cfg(feature = "basic")]
    pub(crate) fn at(mut self, seconds: u64) -> Self {
        self.authenticated_at = Some(seconds);
        self
    }

    /// The same caller with what somebody else has.
    #[cfg(all(feature = "basic", feature = "_jwt"))]
    pub(crate) fn with_access_of(mut self, other: &Self) -> Self {
        self.roles.clone_from(&other.roles);
        self.permissions.clone_from(&other.permissions);
        self.username.clone_from(&other.username);
        self
    }

    /// The same caller without roles, and without permissions that somebody else lacks.
    #[cfg(all(feature = "basic", feature = "_jwt"))]
    pub(crate) fn limited_by(mut self, other: &Self) -> Self {
        self.roles.clear();
        intersect(&mut self.permissions, &other.permissions);
        self.username.clone_from(&other.username);
        self.is_limited = true;
        self
    }

    /// Whether the credential is good for less than its owner may do.
    pub(super) const fn is_limited(&self) -> bool {
        self.is_limited
    }

    /// The same caller with other permissions.
    pub(crate) fn with_permissions(mut self, words: &[u64]) -> Self {
        self.permissions = words.into();
        self
    }
}

/// Names the caller and says what is theirs, but none of their claims.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("issuer", &self.issuer())
            .field("subject", &self.subject())
            .finish_non_exhaustive()
    }
}

/// Describes an [`Identity`]; made by [`Context::identity`](super::Context::identity).
///
/// A name that the application does not declare grants nothing, and is logged.
#[derive(Clone)]
#[must_use = "call `build`"]
pub struct IdentityBuilder {
    names: &'static DeclaredNames,
    inner: Inner,
    roles: Words,
    permissions: Words,
    username: Option<Arc<str>>,
    is_limited: bool,
    authenticated_at: Option<u64>,
    unknown: Vec<(&'static str, String)>,
}

impl IdentityBuilder {
    pub(super) fn new(names: &'static DeclaredNames, issuer: String, subject: String) -> Self {
        let inner = Inner {
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
            inner,
            roles: Words::new(),
            permissions: Words::new(),
            username: None,
            is_limited: false,
            authenticated_at: None,
            unknown: Vec::new(),
        }
    }

    /// The name by which the caller signs in, which is no identifier: see [`Identity::username`].
    pub fn username(mut self, name: impl Into<Arc<str>>) -> Self {
        self.username = Some(name.into());
        self
    }

    /// A name for people to read.
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.inner.display_name = Some(name.into());
        self
    }

    /// Gives the role of this name, and what it holds.
    pub fn role(mut self, name: &str) -> Self {
        self.add_role(name);
        self
    }

    /// Gives the permission of this name.
    pub fn permission(mut self, name: &str) -> Self {
        self.add_permission(name);
        self
    }

    /// The scopes of the token, parted by spaces (RFC 6749, section 3.3). One that is not declared is kept for reading.
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

    /// Takes the roles, and all permissions but those of these names.
    #[cfg(any(feature = "api-key", feature = "basic"))]
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
        self.inner.scope.reserve(scope.len() + 1);
        for name in scopes(scope) {
            if let Some(declared) = find(self.names.scopes, name) {
                insert(&mut self.inner.scopes, declared);
            }
            if !self.inner.scope.is_empty() {
                self.inner.scope.push(' ');
            }
            self.inner.scope.push_str(name);
        }
    }

    /// What else is known of the caller.
    pub fn claims(mut self, claims: Map<String, Value>) -> Self {
        self.inner.claims = Claims::read(claims);
        self
    }

    /// The same as the text of a JSON object, which is not read unless somebody asks.
    #[cfg(feature = "_jwt")]
    pub(crate) fn claims_json(mut self, json: &str) -> Self {
        self.inner.claims = Claims::unread(json);
        self
    }

    /// When the caller last proved who they are, in seconds since 1970.
    pub fn authenticated_at(mut self, seconds: u64) -> Self {
        self.authenticated_at = Some(seconds);
        self
    }

    /// Where to ask what the issuer says of the caller beyond the credential, once a handler wants to know it.
    pub fn user_info(mut self, source: Arc<dyn UserInfoSource>) -> Self {
        self.inner.user_info = Some(Arc::new(OnDemand::new(source)));
        self
    }

    /// The same, which others may have asked for already.
    #[cfg(any(feature = "jwt", feature = "jwt-rust-crypto"))]
    pub(crate) fn user_info_on_demand(mut self, info: Arc<OnDemand>) -> Self {
        self.inner.user_info = Some(info);
        self
    }

    /// The identity.
    #[must_use]
    pub fn build(self) -> Identity {
        if !self.unknown.is_empty() {
            let Inner { issuer, subject, .. } = &self.inner;
            let (count, first) = (self.unknown.len(), &self.unknown[..self.unknown.len().min(SHOWN)]);
            tracing::info!(?issuer, ?subject, count, unknown = ?first, "names that are not declared grant nothing");
        }
        let Self { inner, roles, permissions, username, is_limited, authenticated_at, .. } = self;
        Identity { shared: Arc::new(inner), roles, permissions, username, is_limited, authenticated_at }
    }
}

impl fmt::Debug for IdentityBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityBuilder").finish_non_exhaustive()
    }
}

/// Claims, read when they are asked for first: most requests ask for none.
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

/// Parted by spaces, and no other white space (RFC 6749, section 3.3).
pub(crate) fn scopes(scope: &str) -> impl Iterator<Item = &str> {
    scope.split(' ').filter(|name| !name.is_empty())
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
    if words.len() < other.len() {
        words.resize(other.len(), 0);
    }
    words.iter_mut().zip(other).for_each(|(mine, theirs)| *mine |= theirs);
}

#[cfg(any(feature = "api-key", feature = "basic"))]
fn intersect(words: &mut Words, other: &[u64]) {
    let others = other.iter().copied().chain(std::iter::repeat(0));
    words.iter_mut().zip(others).for_each(|(mine, theirs)| *mine &= theirs);
}

/// Whether the bit is set; one beyond the words is not.
pub(crate) fn contains(words: &[u64], index: u16) -> bool {
    let index = usize::from(index);
    words.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
}
