//! From the names of an issuer, such as group ids, to roles and permissions of the application.

use std::{collections::HashMap, fmt, sync::Arc};

use arc_swap::ArcSwap;

/// A role or a permission that a name of an issuer stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Entitlement {
    /// A role, by its declared name.
    Role(String),
    /// A permission, by its declared name.
    Permission(String),
}

impl Entitlement {
    /// Returns the role of this name.
    #[must_use]
    pub fn role(name: impl Into<String>) -> Self {
        Self::Role(name.into())
    }

    /// Returns the permission of this name.
    #[must_use]
    pub fn permission(name: impl Into<String>) -> Self {
        Self::Permission(name.into())
    }
}

/// Maps names of an issuer, such as the ids of groups, to roles and permissions (default: empty).
///
/// With a table, a name in a claim of roles grants what the table says and nothing else: a group that an employee
/// happens to call `Administrator` grants nothing. The claim of permissions is not mapped. Pass the table to
/// [`Jwt::role_table`](super::Jwt::role_table).
///
/// ```
/// use auth_runtime::jwt::{Jwt, RoleTable};
///
/// let groups = RoleTable::new()
///     .role("6c7e1f4a-9d3b-4a57-8f0e-2b1c5d6e7f80", "Administrator")
///     .permission("91ab02cd-13de-4f45-a6b7-c8d9e0f1a2b3", "edit");
/// # let secret = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";
/// let jwt = Jwt::hs256(secret)?.issuer("https://issuer.example").audience("entries");
/// let jwt = jwt.roles_claim("groups").role_table(groups);
/// # Ok::<(), auth_runtime::jwt::JwtError>(())
/// ```
#[derive(Clone, Default)]
pub struct RoleTable {
    entries: HashMap<String, Vec<Entitlement>>,
    rule: Option<RoleRule>,
}

type RoleRule = Arc<dyn Fn(&str, &str) -> Vec<Entitlement> + Send + Sync>;

impl RoleTable {
    /// Returns an empty table, with which no name grants anything.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns a table that asks a function. Its arguments are the claim `iss` and the name.
    ///
    /// The function runs once for each name when a token is verified, and not for a token in the cache. When its
    /// results change, [replace](SharedRoleTable::replace) the table, with the same function or another one.
    ///
    /// ```
    /// use auth_runtime::jwt::{Entitlement, RoleTable};
    ///
    /// let table = RoleTable::from_fn(|_issuer, name| match name.strip_prefix("notes-") {
    ///     Some(role) => vec![Entitlement::role(role)],
    ///     None => Vec::new(),
    /// });
    /// ```
    #[must_use]
    pub fn from_fn(rule: impl Fn(&str, &str) -> Vec<Entitlement> + Send + Sync + 'static) -> Self {
        Self { entries: HashMap::new(), rule: Some(Arc::new(rule)) }
    }

    /// Adds a role to those that the name stands for.
    #[must_use]
    pub fn role(self, name: impl Into<String>, role: impl Into<String>) -> Self {
        self.with(name.into(), Entitlement::role(role))
    }

    /// Adds a permission to those that the name stands for.
    #[must_use]
    pub fn permission(self, name: impl Into<String>, permission: impl Into<String>) -> Self {
        self.with(name.into(), Entitlement::permission(permission))
    }

    fn with(mut self, name: String, entitlement: Entitlement) -> Self {
        self.entries.entry(name).or_default().push(entitlement);
        self
    }

    /// Hands each entitlement of the name to `each`.
    pub(super) fn find(&self, issuer: &str, name: &str, mut each: impl FnMut(&Entitlement)) {
        self.entries.get(name).into_iter().flatten().for_each(&mut each);
        if let Some(rule) = &self.rule {
            rule(issuer, name).iter().for_each(each);
        }
    }
}

/// Collects pairs of a name and a role.
impl<N: Into<String>, R: Into<String>> FromIterator<(N, R)> for RoleTable {
    fn from_iter<I: IntoIterator<Item = (N, R)>>(pairs: I) -> Self {
        pairs.into_iter().fold(Self::new(), |table, (name, role)| table.role(name, role))
    }
}

/// Shows the entries, and whether there is a function.
impl fmt::Debug for RoleTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("RoleTable");
        shown.field("entries", &self.entries).field("has_rule", &self.rule.is_some()).finish()
    }
}

/// A [`RoleTable`] that can be replaced while the service runs. Cheap to clone: all clones are one table.
///
/// A replaced table counts from the next request on, for tokens in the cache too.
///
/// ```
/// use auth_runtime::jwt::{Jwt, RoleTable, SharedRoleTable};
///
/// let groups = SharedRoleTable::new(RoleTable::from_iter([("staff", "Viewer")]));
/// # let secret = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";
/// let jwt = Jwt::hs256(secret)?.issuer("https://issuer.example").audience("entries");
/// let jwt = jwt.roles_claim("groups").role_table(&groups);
///
/// // Later, when the configuration was read again:
/// groups.replace(RoleTable::from_iter([("staff", "Viewer"), ("managers", "Administrator")]));
/// # Ok::<(), auth_runtime::jwt::JwtError>(())
/// ```
#[derive(Clone, Default)]
pub struct SharedRoleTable(Arc<ArcSwap<RoleTable>>);

impl SharedRoleTable {
    /// Returns a handle of this table.
    #[must_use]
    pub fn new(table: RoleTable) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(table)))
    }

    /// Replaces the whole table.
    pub fn replace(&self, table: RoleTable) {
        self.0.store(Arc::new(table));
    }

    pub(super) fn in_use(&self) -> TableInUse {
        TableInUse { shared: self.clone(), table: self.0.load_full() }
    }
}

impl From<RoleTable> for SharedRoleTable {
    fn from(table: RoleTable) -> Self {
        Self::new(table)
    }
}

impl From<&Self> for SharedRoleTable {
    fn from(shared: &Self) -> Self {
        shared.clone()
    }
}

impl fmt::Debug for SharedRoleTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SharedRoleTable").field(&self.0.load()).finish()
    }
}

/// The table that a token was read with. It holds the table, so that no later one has the same address.
pub(super) struct TableInUse {
    shared: SharedRoleTable,
    table: Arc<RoleTable>,
}

impl TableInUse {
    pub(super) fn table(&self) -> &RoleTable {
        &self.table
    }

    /// Whether the table was not replaced since.
    pub(super) fn is_current(&self) -> bool {
        Arc::ptr_eq(&self.shared.0.load(), &self.table)
    }
}

#[cfg(test)]
mod tests {
    use super::{Entitlement, RoleTable, SharedRoleTable};

    fn found(table: &RoleTable, name: &str) -> Vec<Entitlement> {
        let mut found = Vec::new();
        table.find("https://issuer.example", name, |entitlement| found.push(entitlement.clone()));
        found
    }

    #[test]
    fn a_name_stands_for_its_roles_and_permissions() {
        let table = RoleTable::new().role("g1", "Viewer").permission("g1", "edit").role("g2", "Administrator");
        assert_eq!(found(&table, "g1"), [Entitlement::role("Viewer"), Entitlement::permission("edit")]);
        assert_eq!(found(&table, "g2"), [Entitlement::role("Administrator")]);
        assert!(found(&table, "Viewer").is_empty() && found(&table, "G1").is_empty());
        let function = RoleTable::from_fn(|issuer, name| vec![Entitlement::role(format!("{issuer}#{name}"))]);
        assert_eq!(found(&function, "a"), [Entitlement::role("https://issuer.example#a")]);
        let both = function.role("a", "Viewer");
        assert_eq!(found(&both, "a").len(), 2);
    }

    #[test]
    fn a_replaced_table_is_not_current() {
        let shared = SharedRoleTable::new(RoleTable::new());
        let (before, clone) = (shared.in_use(), shared.clone());
        assert!(before.is_current());
        clone.replace(RoleTable::new());
        assert!(!before.is_current() && shared.in_use().is_current());
    }
}
