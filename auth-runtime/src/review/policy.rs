//! The policy of an application: its permissions, roles, schemes and rules.

use std::collections::{BTreeMap, BTreeSet};

use poem::http::Method;

use super::{AccessRule, Target};

/// The permissions, roles, schemes and rules of an application.
///
/// It has all declarations and rules, so it can be analysed and compared without the program. It does not have the code
/// of checks, the roles and permissions of single callers, or whether a scheme is configured.
/// [`Display`](std::fmt::Display) writes the text of `access.lock`, and [`FromStr`](std::str::FromStr) parses it. Its
/// lines are sorted, so the order of declarations and operations in the code does not matter.
///
/// ```
/// use auth_runtime::review::AccessPolicy;
///
/// let policy: AccessPolicy = r#"
/// access-lock 1
/// permission "view" "View entries"
/// role "Viewer" "Reads" holds "view"
/// scheme "key" api_key(header = "X-API-Key")
/// GET /entries requires permission("view")
///     operation "app::Entries::list"
/// "#
/// .parse()?;
/// assert_eq!(policy.rules().len(), 1);
/// assert!(policy.role("Viewer").is_some_and(|role| role.permissions.contains("view")));
/// # Ok::<(), auth_runtime::review::ParsePolicyError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessPolicy {
    /// Descriptions by name.
    pub(super) permissions: BTreeMap<String, String>,
    pub(super) roles: BTreeMap<String, RoleDefinition>,
    /// Kinds by name.
    pub(super) schemes: BTreeMap<String, String>,
    pub(super) scopes: BTreeSet<String>,
    /// Sorted by target.
    pub(super) rules: Vec<AccessRule>,
}

/// A role: its description, and the permissions that it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleDefinition {
    /// The doc comment of the role.
    pub description: String,
    /// All permissions, including those of inherited roles.
    pub permissions: BTreeSet<String>,
}

impl AccessPolicy {
    /// Returns the permissions with their descriptions.
    pub fn permissions(&self) -> impl Iterator<Item = (&str, &str)> {
        self.permissions.iter().map(|(name, description)| (name.as_str(), description.as_str()))
    }

    /// Returns the roles.
    pub fn roles(&self) -> impl Iterator<Item = (&str, &RoleDefinition)> {
        self.roles.iter().map(|(name, role)| (name.as_str(), role))
    }

    /// Returns the role of this name.
    #[must_use]
    pub fn role(&self, name: &str) -> Option<&RoleDefinition> {
        self.roles.get(name)
    }

    /// Returns the schemes with their kinds, such as `api_key(header = "X-API-Key")`.
    pub fn schemes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.schemes.iter().map(|(name, kind)| (name.as_str(), kind.as_str()))
    }

    /// Returns the OAuth 2 scopes.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scopes.iter().map(String::as_str)
    }

    /// Returns the rules, sorted by path and method.
    #[must_use]
    pub fn rules(&self) -> &[AccessRule] {
        &self.rules
    }

    /// Returns the rule of this target.
    #[must_use]
    pub fn rule(&self, target: &Target) -> Option<&AccessRule> {
        self.position(target).ok().map(|index| &self.rules[index])
    }

    /// Returns the rule of a request: the rule of its route, otherwise that of the innermost subtree.
    ///
    /// A route may have parameters (`:id`) and end in `*`. The expression of a parameter (`:id<\d+>`) is ignored. If
    /// several routes match, the one with the longest literal prefix is used, as in Poem's router.
    ///
    /// ```
    /// # use auth_runtime::review::AccessPolicy;
    /// # use poem::http::Method;
    /// # let policy: AccessPolicy = r#"
    /// # access-lock 1
    /// # GET /entries/:id requires authenticated
    /// #     operation "app::Entries::one"
    /// # GET /entries/new public "a form"
    /// #     operation "app::Entries::form"
    /// # "#.parse()?;
    /// let operation = |path| policy.find(&Method::GET, path).map(|rule| rule.operation.as_str());
    /// assert_eq!(operation("/entries/7"), Some("app::Entries::one"));
    /// assert_eq!(operation("/entries/new"), Some("app::Entries::form"));
    /// assert_eq!(operation("/entries/7/pages"), None);
    /// # Ok::<(), auth_runtime::review::ParsePolicyError>(())
    /// ```
    #[must_use]
    pub fn find(&self, method: &Method, path: &str) -> Option<&AccessRule> {
        // `HEAD` follows `GET`.
        let asked = if method == Method::HEAD { &Method::GET } else { method };
        let fits = |rule: &&AccessRule| rule.target.method().is_none_or(|own| own == method || own == asked);
        let matching = self.rules.iter().filter(fits).filter_map(|rule| {
            let rank = rank(rule.target.path()?, path)?;
            Some((rank, rule.target.method().map(|own| own == method), rule))
        });
        matching.max_by(|(a, a_own, _), (b, b_own, _)| (a, a_own).cmp(&(b, b_own))).map(|(_, _, rule)| rule)
    }

    pub(super) fn scheme_names(&self) -> Vec<&str> {
        self.schemes.keys().map(String::as_str).collect()
    }

    /// Adds a rule, or returns the known rule of its target.
    pub(super) fn insert(&mut self, rule: AccessRule) -> Result<(), &AccessRule> {
        match self.position(&rule.target) {
            Ok(index) => return Err(&self.rules[index]),
            Err(index) => self.rules.insert(index, rule),
        }
        Ok(())
    }

    fn position(&self, target: &Target) -> Result<usize, usize> {
        self.rules.binary_search_by(|rule| rule.target.cmp(target))
    }
}

/// Compares the segments of a path with a pattern. Returns how closely each matched: a literal (2), a parameter (1) or
/// the rest (0).
pub(super) fn rank(pattern: &str, path: &str) -> Option<Vec<u8>> {
    let mut segments = path.trim_start_matches('/').split('/');
    let mut ranks = Vec::new();
    for expected in pattern.trim_start_matches('/').split('/') {
        if expected.starts_with('*') {
            ranks.push(0);
            return Some(ranks);
        }
        let segment = segments.next()?;
        match expected.starts_with([':', '<']) {
            true if segment.is_empty() => return None,
            true => ranks.push(1),
            false if expected == segment => ranks.push(2),
            false => return None,
        }
    }
    segments.next().is_none().then_some(ranks)
}
