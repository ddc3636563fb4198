//! What the application itself gives to single callers, whatever their credential says.

use std::collections::HashMap;

use super::Identity;
use crate::access::{Table, TableSet};

/// Permissions for single callers, each named by issuer *and* subject: a token whose `sub` is `alice` does not get
/// what the password user `alice` has.
///
/// A field of an `Auth` struct with `#[grants]`.
///
/// ```
/// # use auth_runtime::{authenticate::Grants, prelude::*};
/// # permissions! { pub enum Permission { View = "view", Edit = "edit" } }
/// let grants = Grants::<Permission>::new()
///     .add("https://issuer.example", "user1", Permission::set(Permission::ALL))
///     .replace("basic", "guest", Permission::set(&[Permission::View]));
/// ```
#[derive(Clone, Debug)]
pub struct Grants<P: Table> {
    by_issuer: HashMap<String, HashMap<String, Grant<P>>>,
}

#[derive(Clone, Copy, Debug)]
enum Grant<P: Table> {
    Add(P::Set),
    Replace(P::Set),
}

impl<P: Table> Default for Grants<P> {
    fn default() -> Self {
        Self { by_issuer: HashMap::new() }
    }
}

impl<P: Table> Grants<P> {
    /// Nothing for anybody.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives permissions to a caller, besides what the credential and its roles give.
    #[must_use]
    pub fn add(self, issuer: impl Into<String>, subject: impl Into<String>, permissions: P::Set) -> Self {
        self.insert(issuer.into(), subject.into(), Grant::Add(permissions))
    }

    /// Gives permissions to a caller in place of all that the credential and its roles give. Roles stay.
    #[must_use]
    pub fn replace(self, issuer: impl Into<String>, subject: impl Into<String>, permissions: P::Set) -> Self {
        self.insert(issuer.into(), subject.into(), Grant::Replace(permissions))
    }

    fn insert(mut self, issuer: String, subject: String, grant: Grant<P>) -> Self {
        self.by_issuer.entry(issuer).or_default().insert(subject, grant);
        self
    }

    /// The caller with what is granted.
    #[doc(hidden)]
    #[must_use]
    pub fn apply(&self, identity: Identity) -> Identity {
        let grant = self.by_issuer.get(identity.issuer()).and_then(|subjects| subjects.get(identity.subject()));
        match grant {
            None => identity,
            Some(Grant::Replace(permissions)) => identity.with_permissions(permissions.as_slice()),
            Some(Grant::Add(permissions)) => {
                let mine = P::Set::from_words(identity.permission_words());
                let words = mine.as_slice().iter().zip(permissions.as_slice()).map(|(a, b)| a | b);
                let words: Vec<u64> = words.collect();
                identity.with_permissions(&words)
            }
        }
    }
}
