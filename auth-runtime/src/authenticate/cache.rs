//! Caches the identity of a store's record, so that it is built once for each version of the record.

use std::sync::{Arc, OnceLock};

use super::{Context, Identity, IdentityBuilder};
use crate::declared::DeclaredNames;

/// Cached identity of one record. Clear it when the record changes.
#[derive(Debug, Default)]
pub(crate) struct IdentityCache(OnceLock<Known>);

#[derive(Debug)]
struct Known {
    identity: Identity,
    issuer: Arc<str>,
    /// The names that became bits.
    names: &'static DeclaredNames,
}

/// The owner of a record, as the record describes them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Owner<'a> {
    pub(crate) subject: &'a str,
    pub(crate) username: Option<&'a str>,
    pub(crate) display_name: Option<&'a str>,
    pub(crate) roles: &'a [String],
    pub(crate) permissions: &'a [String],
    /// Permissions that the credential is limited to (default: no limit).
    pub(crate) limits: Option<&'a [String]>,
}

impl Owner<'_> {
    fn identity(self, context: Context, issuer: &str) -> Identity {
        let mut identity = context.identity(issuer, self.subject);
        self.roles.iter().for_each(|role| identity.add_role(role));
        self.permissions.iter().for_each(|permission| identity.add_permission(permission));
        self.limits.into_iter().for_each(|limits| identity.limit_to(limits));
        let identity = self.username.into_iter().fold(identity, IdentityBuilder::username);
        self.display_name.into_iter().fold(identity, IdentityBuilder::display_name).build()
    }
}

impl IdentityCache {
    /// Returns the cached identity, or builds it.
    pub(crate) fn of(&self, owner: Owner<'_>, context: Context, issuer: &Arc<str>) -> Identity {
        let names = context.declared_names();
        let is_same = |known: &Known| std::ptr::eq(known.names, names) && known.issuer == *issuer;
        if let Some(known) = self.0.get().filter(|known| is_same(known)) {
            return known.identity.clone();
        }
        let identity = owner.identity(context, issuer);
        // Two applications may share a store. Only the identity of the first one is cached.
        let _ = self.0.set(Known { identity: identity.clone(), issuer: Arc::clone(issuer), names });
        identity
    }

    pub(crate) fn clear(&mut self) {
        self.0 = OnceLock::new();
    }
}

/// A copy starts empty, as it is made to be changed.
impl Clone for IdentityCache {
    fn clone(&self) -> Self {
        Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::{IdentityCache, Owner};
    use crate::{authenticate::Context, declared::DeclaredNames};

    static HERE: DeclaredNames =
        DeclaredNames { permissions: &["view"], roles: &[], scopes: &[], role_permissions: &[] };
    static THERE: DeclaredNames =
        DeclaredNames { permissions: &["edit", "view"], roles: &[], scopes: &[], role_permissions: &[] };

    #[test]
    fn an_identity_is_made_once_for_each_issuer_and_table() {
        let mut known = IdentityCache::default();
        let permissions = ["view".to_owned()];
        let alice = Owner { subject: "alice", permissions: &permissions, ..Owner::default() };
        let bits = |known: &IdentityCache, owner, names, issuer: &str| {
            known.of(owner, Context::new(names), &issuer.into()).permission_words().to_vec()
        };
        assert_eq!(bits(&known, alice, &HERE, "basic"), [0b1]);
        // The cached identity is returned.
        let nobody = Owner::default();
        assert_eq!(bits(&known, nobody, &HERE, "basic"), [0b1]);
        assert_eq!(bits(&known, alice, &THERE, "basic"), [0b10]);
        assert!(bits(&known, nobody, &HERE, "staff").is_empty());
        assert!(bits(&known.clone(), nobody, &HERE, "basic").is_empty());
        known.clear();
        assert!(bits(&known, nobody, &HERE, "basic").is_empty());
    }
}
