//! Permissions that the application gives to single callers, independent of their credential.

use std::collections::HashMap;

use super::Identity;
use crate::declared::{Table, TableSet};

/// Permissions for single callers: a field of an `Auth` struct with `#[overrides]`.
///
/// Issuer *and* subject name a caller. A token whose `sub` is `alice` does not get the permissions of the password user
/// `alice`. A caller has one entry: of several calls for a caller, the last one counts.
///
/// A limited credential (a key or a token for some permissions) stays limited. [`add`](Self::add) adds nothing to it,
/// and [`replace`](Self::replace) gives it only permissions that it had before.
///
/// ```
/// # use auth_runtime::{authenticate::PermissionOverrides, prelude::*};
/// # permissions! { pub enum Permission { View = "view", Edit = "edit" } }
/// let overrides = PermissionOverrides::<Permission>::new()
///     .add("https://issuer.example", "user1", Permission::set(Permission::ALL))
///     .replace("basic", "guest", Permission::set(&[Permission::View]));
/// ```
#[derive(Clone, Debug)]
pub struct PermissionOverrides<P: Table> {
    by_issuer: HashMap<String, HashMap<String, Override<P>>>,
}

#[derive(Clone, Copy, Debug)]
enum Override<P: Table> {
    Add(P::Set),
    Replace(P::Set),
}

impl<P: Table> Default for PermissionOverrides<P> {
    fn default() -> Self {
        Self { by_issuer: HashMap::new() }
    }
}

impl<P: Table> PermissionOverrides<P> {
    /// Returns an empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds permissions to those of the credential and its roles.
    #[must_use]
    pub fn add(self, issuer: impl Into<String>, subject: impl Into<String>, permissions: P::Set) -> Self {
        self.insert(issuer.into(), subject.into(), Override::Add(permissions))
    }

    /// Replaces the permissions of the credential and its roles. The caller keeps the roles.
    #[must_use]
    pub fn replace(self, issuer: impl Into<String>, subject: impl Into<String>, permissions: P::Set) -> Self {
        self.insert(issuer.into(), subject.into(), Override::Replace(permissions))
    }

    fn insert(mut self, issuer: String, subject: String, grant: Override<P>) -> Self {
        self.by_issuer.entry(issuer).or_default().insert(subject, grant);
        self
    }

    /// Returns the caller with the overrides applied.
    #[doc(hidden)]
    #[must_use]
    pub fn apply(&self, identity: Identity) -> Identity {
        let grant = self.by_issuer.get(identity.issuer()).and_then(|subjects| subjects.get(identity.subject()));
        let mine = P::Set::from_words(identity.permission_words());
        match grant {
            None => identity,
            // A limited key or token stays limited.
            Some(Override::Add(_)) if identity.is_limited() => identity,
            Some(Override::Replace(theirs)) if identity.is_limited() => with(identity, mine, *theirs, |a, b| a & b),
            Some(Override::Replace(permissions)) => identity.with_permissions(permissions.as_slice()),
            Some(Override::Add(theirs)) => with(identity, mine, *theirs, |a, b| a | b),
        }
    }
}

fn with<P, S: TableSet<P>>(identity: Identity, mine: S, theirs: S, combine: impl Fn(u64, u64) -> u64) -> Identity {
    let words = mine.as_slice().iter().zip(theirs.as_slice()).map(|(a, b)| combine(*a, *b));
    identity.with_permissions(&words.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::PermissionOverrides;
    use crate::{
        authenticate::Context,
        declared::{DeclaredNames, Table},
        permissions,
    };

    permissions! { enum Permission { View = "view", Edit = "edit", Delete = "delete" } }

    static TABLES: DeclaredNames =
        DeclaredNames { permissions: Permission::NAMES, roles: &[], scopes: &[], role_permissions: &[] };

    #[test]
    fn r52_what_is_limited_gets_nothing_by_a_grant() {
        let all = Permission::set(Permission::ALL);
        let delete = Permission::set(&[Permission::View, Permission::Delete]);
        let alice = || Context::new(&TABLES).identity("users", "alice").permission("view").permission("edit");
        let limited = || {
            let mut alice = alice();
            alice.limit_to(&["view".to_owned()]);
            alice
        };
        for (grants, whole, of_limited) in [
            (PermissionOverrides::<Permission>::new().add("users", "alice", all), 0b111, 0b001),
            (PermissionOverrides::new().replace("users", "alice", delete), 0b101, 0b001),
            (
                PermissionOverrides::new().replace("users", "alice", Permission::set(&[Permission::Delete])),
                0b100,
                0b000,
            ),
            (PermissionOverrides::new().add("others", "alice", all), 0b011, 0b001),
        ] {
            assert_eq!(grants.apply(alice().build()).permission_words(), [whole]);
            assert_eq!(grants.apply(limited().build()).permission_words(), [of_limited]);
        }
    }
}
