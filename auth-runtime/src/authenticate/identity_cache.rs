//! Caches the identity of a store's record, so that it is built once for each version of the record.

use std::sync::{Arc, OnceLock};

use super::{Context, Identity, IdentityBuilder};
use crate::declared::DeclaredNames;

/// Cached identity of one record. Clear it when the record changes.
#[derive(Debug, Default)]
pub(crate) struct IdentityCache(OnceLock<CachedIdentity>);

#[derive(Debug)]
struct CachedIdentity {
    identity: Identity,
    issuer: Arc<str>,
    /// The names that became bits.
    names: &'static DeclaredNames,
}

impl IdentityCache {
    /// Returns the cached identity, or builds the one with this subject.
    #[inline]
    pub(crate) fn get_or_build(
        &self,
        context: Context,
        issuer: &Arc<str>,
        subject: &str,
        build: impl FnOnce(IdentityBuilder) -> IdentityBuilder,
    ) -> Identity {
        let names = context.declared_names();
        let is_same = |cached: &CachedIdentity| std::ptr::eq(cached.names, names) && cached.issuer == *issuer;
        if let Some(cached) = self.0.get().filter(|cached| is_same(cached)) {
            return cached.identity.clone();
        }
        let identity = build(context.identity(&**issuer, subject)).build();
        // Two applications may share a store. Only the identity of the first one is cached.
        let _ = self.0.set(CachedIdentity { identity: identity.clone(), issuer: Arc::clone(issuer), names });
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
    use super::IdentityCache;
    use crate::{
        authenticate::{Context, IdentityBuilder},
        declared::DeclaredNames,
    };

    static HERE: DeclaredNames =
        DeclaredNames { permissions: &["view"], roles: &[], scopes: &[], role_permissions: &[] };
    static THERE: DeclaredNames =
        DeclaredNames { permissions: &["edit", "view"], roles: &[], scopes: &[], role_permissions: &[] };

    /// Returns the permissions of the cached identity, or of a built one with or without a permission.
    fn permissions(
        cache: &IdentityCache,
        names: &'static DeclaredNames,
        issuer: &str,
        has_permission: bool,
    ) -> Vec<u64> {
        let build = |identity: IdentityBuilder| if has_permission { identity.permission("view") } else { identity };
        cache.get_or_build(Context::new(names), &issuer.into(), "alice", build).permission_words().to_vec()
    }

    #[test]
    fn an_identity_is_built_once_for_each_issuer_and_table() {
        let mut cache = IdentityCache::default();
        assert_eq!(permissions(&cache, &HERE, "basic", true), [0b1]);
        // The cached identity is returned.
        assert_eq!(permissions(&cache, &HERE, "basic", false), [0b1]);
        assert_eq!(permissions(&cache, &THERE, "basic", true), [0b10]);
        assert!(permissions(&cache, &HERE, "staff", false).is_empty());
        assert!(permissions(&cache.clone(), &HERE, "basic", false).is_empty());
        cache.clear();
        assert!(permissions(&cache, &HERE, "basic", false).is_empty());
    }
}
