//! The record of a session.

use std::{
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use serde::{Deserialize, Serialize};

use super::token::TokenHash;
use crate::{
    authenticate::{Context, Identity, IdentityBuilder, IdentityCache, SignInDetails},
    declared::DeclaredNames,
    users::User,
};

/// A session, as a [`SessionStore`](super::SessionStore) keeps it. Times are seconds since 1970.
///
/// It holds no secret: the token of the cookie is stored as a hash.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Session {
    /// The identifier. It is no secret.
    pub id: String,
    /// The hash of the token in the cookie.
    pub token_hash: TokenHash,
    /// The issuer of the user.
    pub issuer: String,
    /// The subject of the user. It is unique within the issuer.
    pub subject: String,
    /// The origin of the user's roles and permissions.
    pub user: SessionUser,
    /// The time of the sign-in that started the session.
    pub created_at: u64,
    /// The last time that the user signed in.
    pub authenticated_at: u64,
    /// The time of the last request that was recorded, at most once a minute.
    pub last_seen_at: u64,
    /// The time when the session ends, even if it is in use.
    pub expires_at: u64,
    /// The authentication context class: `acr` of OpenID Connect.
    pub acr: Option<String>,
    /// The methods of the sign-in: `amr` (RFC 8176).
    pub methods: Vec<String>,
    /// Whether a second factor is missing. Such a session gives no access to operations.
    pub is_pending: bool,
    /// The browser and operating system that the browser reports, such as `Firefox on Linux`. Empty if unknown.
    pub device: String,
    /// The address of the sign-in.
    pub address: Option<IpAddr>,
    #[serde(skip)]
    pub(super) cached: Cached,
}

/// The origin of the roles and permissions of a session's user.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SessionUser {
    /// The user store, which is read for each request.
    Stored {
        /// The [version of the credentials](crate::users::User::credential_epoch) at the sign-in. Another version ends
        /// the session.
        credential_epoch: u64,
    },
    /// A plug-in, which was called at the sign-in.
    Captured(CapturedUser),
}

/// The user that a plug-in returned at the sign-in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CapturedUser {
    /// The user name.
    pub username: Option<String>,
    /// The display name.
    pub display_name: Option<String>,
    /// The names of the roles.
    pub roles: Vec<String>,
    /// The names of the permissions in addition to those of the roles.
    pub permissions: Vec<String>,
}

/// Values that are computed once for a record.
#[derive(Debug, Default)]
pub(super) struct Cached {
    details: OnceLock<Arc<SignInDetails>>,
    /// The identity of the user of a plug-in.
    identity: IdentityCache,
    /// The identity of the user of the store.
    of_user: OnceLock<OfUser>,
}

/// The identity of a session whose user is in the store, for one version of the user's record.
#[derive(Debug)]
struct OfUser {
    user: User,
    issuer: Arc<str>,
    /// The names that became bits.
    names: &'static DeclaredNames,
    identity: Identity,
}

/// A copy starts empty, as it is made to be changed.
impl Clone for Cached {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Session {
    /// Whether the session belongs to this user of the store and to the current version of the user's credentials, and
    /// the user is not disabled.
    #[must_use]
    #[inline]
    pub fn is_of(&self, user: &User) -> bool {
        self.has_epoch_of(user) && !user.is_disabled() && self.subject == user.subject()
    }

    #[inline]
    fn has_epoch_of(&self, user: &User) -> bool {
        matches!(self.user, SessionUser::Stored { credential_epoch } if credential_epoch == user.current_epoch())
    }

    /// Returns the identity that [`keep_identity`](Self::keep_identity) was given for this very record of the user.
    #[inline]
    pub(super) fn kept_identity(&self, user: &User, issuer: &Arc<str>, context: Context) -> Option<Identity> {
        let kept = self.cached.of_user.get()?;
        let is_same = kept.user.is_same(user)
            && self.has_epoch_of(user)
            && Arc::ptr_eq(&kept.issuer, issuer)
            && std::ptr::eq(kept.names, context.declared_names());
        is_same.then(|| kept.identity.clone().at(self.authenticated_at))
    }

    /// Keeps the identity of a session that belongs to this user. Records do not change, so it is the user's as long as
    /// the store returns both.
    pub(super) fn keep_identity(&self, user: User, issuer: &Arc<str>, context: Context, identity: Identity) {
        let (issuer, names) = (Arc::clone(issuer), context.declared_names());
        let _ = self.cached.of_user.set(OfUser { user, issuer, names, identity });
    }

    pub(super) fn details(&self) -> Arc<SignInDetails> {
        let details = || {
            let mut details = SignInDetails::new(&*self.id);
            details.acr.clone_from(&self.acr);
            details.methods.clone_from(&self.methods);
            Arc::new(details)
        };
        Arc::clone(self.cached.details.get_or_init(details))
    }

    /// Returns the identity of the user of a plug-in.
    pub(super) fn captured_identity(&self, user: &CapturedUser, context: Context) -> Identity {
        self.cached.identity.get_or_build(context, &self.issuer.as_str().into(), &self.subject, |mut identity| {
            user.roles.iter().for_each(|role| identity.add_role(role));
            user.permissions.iter().for_each(|permission| identity.add_permission(permission));
            let identity = user.username.iter().fold(identity, |identity, name| identity.username(name.as_str()));
            user.display_name.iter().fold(identity, IdentityBuilder::display_name)
        })
    }
}

impl CapturedUser {
    /// Returns the description of an identity: its names, in place of the bits of one version of the tables.
    pub(super) fn of(identity: &Identity, context: Context) -> Self {
        let tables = context.declared_names();
        let held =
            |words: &[u64], index: usize| words.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1);
        let named = |declared: &[&'static str], holds: &dyn Fn(usize) -> bool| {
            let held = declared.iter().enumerate().filter(|(index, _)| holds(*index));
            held.map(|(_, name)| (*name).to_owned()).collect::<Vec<_>>()
        };
        let has_role = |index: usize| held(identity.role_words(), index);
        let by_role = |index: usize| {
            let roles = tables.role_permissions.iter().enumerate();
            roles.into_iter().any(|(role, permissions)| has_role(role) && held(permissions, index))
        };
        Self {
            username: identity.username().map(str::to_owned),
            display_name: Some(identity.display_name().to_owned()),
            roles: named(tables.roles, &has_role),
            permissions: named(tables.permissions, &|index| {
                held(identity.permission_words(), index) && !by_role(index)
            }),
        }
    }
}

#[cfg(all(test, feature = "api-key"))]
mod tests {
    use std::sync::Arc;

    use super::{Cached, Context, Session, SessionUser, User};
    use crate::{credential::SessionToken, prelude::*, session::token::TokenHash};

    #[derive(Auth, Clone)]
    struct Auth {
        #[scheme(api_key(header = "X-API-Key"))]
        key: ApiKeys,
    }

    fn session() -> Session {
        let token_hash = TokenHash::of(&SessionToken::of_bits(&[0; 32]));
        Session {
            id: token_hash.session_id(),
            token_hash,
            issuer: "basic".to_owned(),
            subject: "alice".to_owned(),
            user: SessionUser::Stored { credential_epoch: 1 },
            created_at: 1,
            authenticated_at: 1,
            last_seen_at: 1,
            expires_at: 2,
            acr: None,
            methods: Vec::new(),
            is_pending: false,
            device: String::new(),
            address: None,
            cached: Cached::default(),
        }
    }

    #[test]
    fn r7_a_kept_identity_is_of_one_record_of_the_user() {
        let (mut session, context, issuer) = (session(), Context::of::<Auth>(), Arc::from("basic"));
        let alice = User::new("alice", "").credential_epoch(1);
        assert!(session.kept_identity(&alice, &issuer, context).is_none());
        session.keep_identity(alice.clone(), &issuer, context, alice.identity(context, &issuer));

        let kept = session.kept_identity(&alice, &issuer, context).unwrap();
        assert_eq!((kept.subject(), kept.authenticated_at()), ("alice", Some(1)));
        assert!(session.kept_identity(&alice.clone().disabled(true), &issuer, context).is_none());
        assert!(session.kept_identity(&alice, &Arc::from("basic"), context).is_none());
        assert!(session.clone().kept_identity(&alice, &issuer, context).is_none());

        session.user = SessionUser::Stored { credential_epoch: 2 };
        assert!(session.kept_identity(&alice, &issuer, context).is_none());
    }
}
