//! A caller that a test puts in the place of authentication. It exists with the feature `testing` only.

use std::{
    fmt::Display,
    ops::Deref,
    time::{Duration, SystemTime},
};

use serde_json::{Map, Value};

use super::{Authentication, Context, IdentityBuilder, Principal};
use crate::{
    credential::Selection,
    declared::{AuthSchema, SchemeSet, Table, unknown_name},
};

/// A caller of a test, described by names.
///
/// The default is a user `test` of the issuer `test`, without roles and permissions. It uses the first scheme that the
/// rule accepts, and never signed in.
///
/// ```
/// use std::time::Duration;
///
/// use auth_runtime::testing::TestCaller;
///
/// let editor = TestCaller::new("alice").role("Editor").via("key").signed_in_ago(Duration::from_mins(5));
/// ```
///
/// A name that the application does not declare stops the test, when the request is authenticated.
#[derive(Clone, Debug)]
#[must_use = "a test sends requests as this caller"]
pub struct TestCaller {
    is_anonymous: bool,
    issuer: String,
    subject: String,
    schemes: Vec<String>,
    roles: Vec<String>,
    permissions: Vec<String>,
    limits: Option<Vec<String>>,
    scopes: Vec<String>,
    claims: Map<String, Value>,
    sign_in_age: Option<Duration>,
    now: Option<SystemTime>,
}

impl Default for TestCaller {
    fn default() -> Self {
        Self::new("test")
    }
}

impl TestCaller {
    /// Returns a caller with this subject and user name.
    pub fn new(subject: impl Into<String>) -> Self {
        Self {
            is_anonymous: false,
            issuer: "test".to_owned(),
            subject: subject.into(),
            schemes: Vec::new(),
            roles: Vec::new(),
            permissions: Vec::new(),
            limits: None,
            scopes: Vec::new(),
            claims: Map::new(),
            sign_in_age: None,
            now: None,
        }
    }

    /// Returns a caller without a credential. Other facts of it are ignored.
    pub fn anonymous() -> Self {
        Self { is_anonymous: true, ..Self::default() }
    }

    /// Sets the subject and the user name.
    pub fn user(self, subject: impl Into<String>) -> Self {
        Self { subject: subject.into(), ..self }
    }

    /// Sets the issuer (default: `test`).
    pub fn issuer(self, issuer: impl Into<String>) -> Self {
        Self { issuer: issuer.into(), ..self }
    }

    /// Adds a scheme (default: those that the rule asks for). A rule that does not accept it answers 401. Several are
    /// for a rule that needs several credentials at once.
    pub fn via(mut self, scheme: impl Into<String>) -> Self {
        self.schemes.push(scheme.into());
        self
    }

    /// Adds a role, with its permissions.
    pub fn role(mut self, role: impl Display) -> Self {
        self.roles.push(role.to_string());
        self
    }

    /// Adds a permission.
    pub fn permission(mut self, permission: impl Display) -> Self {
        self.permissions.push(permission.to_string());
        self
    }

    /// Limits the credential to these permissions, as an API key can be. It has no roles then.
    pub fn limited_to(self, permissions: impl IntoIterator<Item = impl Display>) -> Self {
        Self { limits: Some(permissions.into_iter().map(|name| name.to_string()).collect()), ..self }
    }

    /// Adds an OAuth 2 scope.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// Sets a claim.
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// Sets how long ago the caller signed in. The clock of the caller stands still, so a rule with `fresh = "5m"` lets
    /// in a sign-in of exactly five minutes ago, and none that is a second older.
    pub fn signed_in_ago(self, age: Duration) -> Self {
        Self { sign_in_age: Some(age), ..self }
    }

    /// Sets the time at which the caller sends requests (default: the time of each request).
    pub fn at(self, now: SystemTime) -> Self {
        Self { now: Some(now), ..self }
    }
}

/// The value that puts a caller into a request. Only [`testing`](crate::testing) makes one: it is in no header, so no
/// request from a network can have it.
#[derive(Clone, Debug)]
pub(crate) struct ActingAs(pub(crate) TestCaller);

impl Deref for ActingAs {
    type Target = TestCaller;

    fn deref(&self) -> &TestCaller {
        &self.0
    }
}

impl TestCaller {
    /// Returns the result of an authentication, as one of the wanted schemes would have it.
    pub(crate) fn authentication<A: AuthSchema>(&self, accepted: SchemeSet, wanted: SchemeSet) -> Authentication<A> {
        if self.is_anonymous {
            return Authentication::Anonymous;
        }
        let used: Vec<usize> = self.schemes.iter().map(|scheme| position::<A>(scheme)).collect();
        let sent = wanted.iter().find(|scheme| used.is_empty() || used.contains(scheme));
        match sent {
            Some(scheme) => Authentication::Authenticated(self.principal(scheme)),
            None if used.is_empty() || used.iter().any(|scheme| accepted.contains(*scheme)) => {
                Authentication::Anonymous
            }
            None => Authentication::Refused(Selection::Unsupported.into()),
        }
    }

    fn principal<A: AuthSchema>(&self, scheme: usize) -> Principal<A> {
        let now = self.now.unwrap_or_else(SystemTime::now);
        // Sign-ins are known to the second, so the clock stands at a full one.
        let seconds = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut identity = self.identity::<A>();
        if let Some(age) = self.sign_in_age {
            identity = identity.authenticated_at(seconds.saturating_sub(age.as_secs()));
        }
        Principal::new(identity.build(), scheme).at(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
    }

    fn identity<A: AuthSchema>(&self) -> IdentityBuilder {
        let mut identity = Context::of::<A>().identity(&self.issuer, &self.subject).username(self.subject.as_str());
        for role in &self.roles {
            identity.add_role(declared("role", A::Role::NAMES, role));
        }
        for permission in &self.permissions {
            identity.add_permission(declared("permission", A::Permission::NAMES, permission));
        }
        if let Some(limits) = &self.limits {
            for name in limits {
                declared("permission", A::Permission::NAMES, name);
            }
            identity.limit_to(limits);
        }
        identity.scope(&self.scopes.join(" ")).claims(self.claims.clone())
    }
}

fn position<A: AuthSchema>(scheme: &str) -> usize {
    let position = A::SCHEME_NAMES.iter().position(|name| *name == scheme);
    position.unwrap_or_else(|| undeclared("scheme", A::SCHEME_NAMES, scheme))
}

fn declared<'a>(kind: &str, names: &[&str], name: &'a str) -> &'a str {
    if names.contains(&name) { name } else { undeclared(kind, names, name) }
}

fn undeclared<T>(kind: &str, names: &[&str], name: &str) -> T {
    panic!("a test acts as a caller with an {}", unknown_name(kind, names, name))
}
