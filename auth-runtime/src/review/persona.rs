//! A caller as an example, with known and unknown facts.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use super::{AccessPolicy, CheckText, ClaimContent, Clause};
use crate::policy::Age;

/// The known facts of a caller.
///
/// A persona has exactly the roles and permissions that are added, and the permissions of its roles. The scheme, the
/// scopes, the sign-in, the claims and the results of checks are unknown until they are set.
///
/// ```
/// use auth_runtime::review::Persona;
///
/// let persona = Persona::caller().role("Viewer").scheme("key").check("owns(&caller, id)", true);
/// assert_eq!(persona.to_string(), r#"role("Viewer"), schemes("key"), check = "owns(&caller, id)""#);
/// assert_eq!(Persona::anonymous().to_string(), "anonymous");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Persona {
    anonymous: bool,
    pub(crate) schemes: BTreeSet<String>,
    pub(crate) roles: BTreeSet<String>,
    pub(crate) permissions: BTreeSet<String>,
    overridden: bool,
    pub(crate) limits: Option<BTreeSet<String>>,
    pub(crate) scopes: Option<BTreeSet<String>>,
    pub(crate) sign_in_age: Option<u64>,
    pub(crate) acr: Option<String>,
    pub(crate) claims: BTreeMap<(String, ClaimContent), bool>,
    pub(crate) checks: BTreeMap<CheckText, bool>,
}

impl Persona {
    /// Returns a caller without a credential.
    #[must_use]
    pub fn anonymous() -> Self {
        Self { anonymous: true, ..Self::default() }
    }

    /// Returns an authenticated caller without roles and permissions.
    #[must_use]
    pub fn caller() -> Self {
        Self::default()
    }

    /// Adds a role, with its permissions.
    #[must_use]
    pub fn role(mut self, name: impl Into<String>) -> Self {
        self.roles.insert(name.into());
        self
    }

    /// Adds a permission in addition to those of the roles.
    #[must_use]
    pub fn permission(mut self, name: impl Into<String>) -> Self {
        self.permissions.insert(name.into());
        self
    }

    /// Removes the permissions of the roles, as
    /// [`PermissionOverrides::replace`](crate::authenticate::PermissionOverrides::replace) does. The added permissions
    /// stay.
    #[must_use]
    pub fn overridden(self) -> Self {
        Self { overridden: true, ..self }
    }

    /// Limits the credential to these permissions, like a limited API key. The persona then has no roles.
    #[must_use]
    pub fn limited_to<'a>(self, permissions: impl IntoIterator<Item = &'a str>) -> Self {
        Self { limits: Some(owned(permissions)), ..self }
    }

    /// Adds a scheme. A caller with several schemes has a credential for each, and sends those that the rule requires.
    #[must_use]
    pub fn scheme(mut self, name: impl Into<String>) -> Self {
        self.schemes.insert(name.into());
        self
    }

    /// Sets the scopes of the token.
    #[must_use]
    pub fn scopes<'a>(self, scopes: impl IntoIterator<Item = &'a str>) -> Self {
        Self { scopes: Some(owned(scopes)), ..self }
    }

    /// Sets how many seconds ago the caller signed in.
    #[must_use]
    pub fn signed_in(self, seconds_ago: u64) -> Self {
        Self { sign_in_age: Some(seconds_ago), ..self }
    }

    /// Sets the authentication context class of the sign-in. An empty one stands for a class that no rule names.
    #[must_use]
    pub fn acr(self, class: impl Into<String>) -> Self {
        Self { acr: Some(class.into()), ..self }
    }

    /// Sets whether a claim has a value.
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, value: ClaimContent, has: bool) -> Self {
        self.claims.insert((name.into(), value), has);
        self
    }

    /// Sets the result of a check.
    #[must_use]
    pub fn check(mut self, check: impl Into<CheckText>, passes: bool) -> Self {
        self.checks.insert(check.into(), passes);
        self
    }

    /// Whether the persona has no credential.
    #[must_use]
    pub const fn is_anonymous(&self) -> bool {
        self.anonymous
    }

    /// Returns the schemes, if there are several: which of them are sent depends on the rule.
    pub(super) fn several_schemes(&self) -> Option<BTreeSet<&str>> {
        (self.schemes.len() > 1).then(|| self.schemes.iter().map(String::as_str).collect())
    }

    /// Returns the persona with these schemes alone.
    pub(super) fn sending(&self, schemes: &BTreeSet<&str>) -> Self {
        Self { schemes: schemes.iter().map(|name| (*name).to_owned()).collect(), ..self.clone() }
    }

    /// Returns whether a claim has a value; nothing if that is unknown. A claim has one value, or is a list of texts.
    fn has_claim(&self, name: &str, value: &ClaimContent) -> Option<bool> {
        let is_text = |value: &ClaimContent| matches!(value, ClaimContent::Text(_));
        let mut held = self.claims.iter().filter(|((own, _), has)| own == name && **has);
        let excludes = |other: &ClaimContent| other != value && !(is_text(other) && is_text(value));
        let is_excluded = held.any(|((_, other), _)| excludes(other));
        let known = self.claims.get(&(name.to_owned(), value.clone())).copied();
        known.or(is_excluded.then_some(false))
    }

    /// Returns the facts of the persona under the role table of a policy.
    pub(super) fn facts<'a>(&'a self, policy: &'a AccessPolicy) -> PersonaFacts<'a> {
        let of_roles = self.roles.iter().filter_map(|name| policy.role(name)).flat_map(|role| &role.permissions);
        let mut permissions: BTreeSet<&str> = self.permissions.iter().map(String::as_str).collect();
        if !self.overridden {
            permissions.extend(of_roles.map(String::as_str));
        }
        if let Some(limits) = &self.limits {
            permissions.retain(|name| limits.contains(*name));
        }
        PersonaFacts { persona: self, permissions }
    }
}

fn owned<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

/// The facts of a persona under the role table of a policy.
pub(super) struct PersonaFacts<'a> {
    persona: &'a Persona,
    permissions: BTreeSet<&'a str>,
}

impl PersonaFacts<'_> {
    /// Returns whether a clause without clauses below it is met by all credentials that the persona may send; nothing
    /// if that is unknown, or depends on those that it sends.
    pub(super) fn decides(&self, leaf: &Clause) -> Option<bool> {
        match leaf {
            Clause::UsesScheme(_) if self.persona.schemes.len() > 1 => None,
            leaf => self.meets(leaf),
        }
    }

    /// Returns whether a clause without clauses below it is met; nothing if that is unknown.
    pub(super) fn meets(&self, leaf: &Clause) -> Option<bool> {
        let persona = self.persona;
        match leaf {
            Clause::Authenticated => Some(true),
            // A limited credential has no roles.
            Clause::HasRole(name) => Some(persona.limits.is_none() && persona.roles.contains(name)),
            Clause::HasPermission(name) => Some(self.permissions.contains(name.as_str())),
            Clause::HasScope(name) => persona.scopes.as_ref().map(|scopes| scopes.contains(name)),
            Clause::UsesScheme(name) => (!persona.schemes.is_empty()).then(|| persona.schemes.contains(name)),
            Clause::Fresh(seconds) => persona.sign_in_age.map(|age| age <= *seconds),
            Clause::Claim { name, value } => persona.has_claim(name, value),
            Clause::Acr(classes) => persona.acr.as_ref().map(|class| classes.contains(class)),
            Clause::Checked(text) => persona.checks.get(text).copied(),
            Clause::Named { .. } | Clause::All(_) | Clause::Any(_) | Clause::Not(_) => None,
        }
    }
}

/// As the clauses are written, separated by commas.
impl fmt::Display for Persona {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.anonymous, self.describe()) {
            (true, facts) if facts.is_empty() => f.write_str("anonymous"),
            (true, facts) => write!(f, "anonymous, {facts}"),
            (false, facts) if facts.is_empty() => f.write_str("any authenticated caller"),
            (false, facts) => f.write_str(&facts),
        }
    }
}

impl Persona {
    fn describe(&self) -> String {
        let mut facts: Vec<String> = self.roles.iter().map(|name| Clause::role(name).to_string()).collect();
        facts.extend(self.permissions.iter().map(|name| Clause::permission(name).to_string()));
        facts.extend(self.overridden.then(|| "no other permissions, by an override".to_owned()));
        facts.extend(self.limits.as_ref().map(|limits| format!("a credential limited to {limits:?}")));
        facts.extend(self.scopes.iter().flatten().map(|name| Clause::scope(name).to_string()));
        facts.extend(self.schemes.iter().map(|name| Clause::scheme(name).to_string()));
        facts.extend(self.sign_in_age.map(|age| format!("signed in {} ago", Age(age))));
        facts.extend(self.acr.as_ref().map(|class| {
            if class.is_empty() { "no such acr".to_owned() } else { Clause::Acr(vec![class.clone()]).to_string() }
        }));
        let claims = self.claims.iter();
        facts
            .extend(claims.map(|((name, value), has)| {
                passing(&Clause::Claim { name: name.clone(), value: value.clone() }, *has)
            }));
        let checks = self.checks.iter();
        facts.extend(checks.map(|(text, passes)| passing(&Clause::Checked(text.clone()), *passes)));
        facts.join(", ")
    }
}

fn passing(clause: &Clause, passes: bool) -> String {
    if passes { clause.to_string() } else { format!("not({clause})") }
}
