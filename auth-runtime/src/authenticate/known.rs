//! The identity of a record that a store hands out with each request: made once, as long as the record is the same.

use std::sync::{Arc, OnceLock};

use super::{Context, Identity, IdentityBuilder};
use crate::access::Tables;

/// The identity that a record has become. A record that is changed becomes another one: clear it then.
#[derive(Debug, Default)]
pub(crate) struct KnownIdentity(OnceLock<Known>);

#[derive(Debug)]
struct Known {
    identity: Identity,
    issuer: Arc<str>,
    /// Whose names became bits.
    tables: &'static Tables,
}

impl KnownIdentity {
    /// The identity that was made before, or the one that is made now.
    pub(crate) fn get_or_make(
        &self,
        context: Context,
        issuer: &Arc<str>,
        make: impl FnOnce() -> IdentityBuilder,
    ) -> Identity {
        let tables = context.tables();
        let is_same = |known: &Known| std::ptr::eq(known.tables, tables) && known.issuer == *issuer;
        if let Some(known) = self.0.get().filter(|known| is_same(known)) {
            return known.identity.clone();
        }
        let identity = make().build();
        // Of two applications that share a store, the first one is served faster.
        let _ = self.0.set(Known { identity: identity.clone(), issuer: Arc::clone(issuer), tables });
        identity
    }

    pub(crate) fn clear(&mut self) {
        self.0 = OnceLock::new();
    }
}

/// A copy is there to be changed.
impl Clone for KnownIdentity {
    fn clone(&self) -> Self {
        Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::KnownIdentity;
    use crate::{access::Tables, authenticate::Context};

    static HERE: Tables = Tables { permissions: &["view"], roles: &[], scopes: &[], role_permissions: &[] };
    static THERE: Tables = Tables { permissions: &["edit", "view"], roles: &[], scopes: &[], role_permissions: &[] };

    #[test]
    fn an_identity_is_made_once_for_each_issuer_and_table() {
        let known = KnownIdentity::default();
        let (here, there) = (Context::new(&HERE), Context::new(&THERE));
        let made = |context: Context, issuer: &str, permission: &str| {
            let make = || context.identity(issuer, "alice").permission(permission);
            known.get_or_make(context, &issuer.into(), make).permission_words().to_vec()
        };
        assert_eq!(made(here, "basic", "view"), [0b1]);
        // Nothing is made again.
        assert_eq!(made(here, "basic", "unknown"), [0b1]);
        assert_eq!(made(there, "basic", "view"), [0b10]);
        assert!(made(here, "staff", "unknown").is_empty());
        let mut known = known.clone();
        assert!(
            known.get_or_make(here, &"basic".into(), || here.identity("basic", "bob")).permission_words().is_empty()
        );
        known.clear();
        assert_eq!(known.get_or_make(here, &"basic".into(), || here.identity("basic", "carol")).subject(), "carol");
    }
}
