//! Access tokens of the users of a store: the token proves who calls, the store says what they may do now.

use std::{fmt, sync::Arc};

use super::UserStore;
use crate::{
    authenticate::{AuthenticationError, Authenticator, Context, Identity},
    credential::BearerToken,
    jwt::{EPOCH_CLAIM, Jwt, JwtError, ROLES_CLAIM},
};

/// Verifies access tokens that this system has issued to the users of a store. Cheap to clone.
///
/// A user who is deleted or disabled has no good token any more, and none after a new password, if the store gives them
/// another [epoch](super::User::credential_epoch) with it, as `SqlUsers` does; roles and permissions
/// are those that the user has now, whatever stood in the token. That is so from when on the store says it: with
/// `SqlUsers`, at once in the same process and within seconds in others, without a query for each request.
///
/// Tokens are issued by [`TokenIssuer::token_of`](crate::jwt::TokenIssuer::token_of). One that was
/// [limited](crate::jwt::NewToken::limited_to) to some permissions has no roles, and those of the permissions that the
/// user still has.
///
/// ```
/// use auth_runtime::{jwt::{JwtError, TokenIssuer}, users::{MemoryUsers, UserTokens}};
///
/// fn tokens(issuer: &TokenIssuer, users: MemoryUsers) -> Result<UserTokens<MemoryUsers>, JwtError> {
///     UserTokens::new(issuer.verifier(), users)
/// }
/// ```
pub struct UserTokens<S>(Arc<Inner<S>>);

struct Inner<S> {
    jwt: Jwt,
    issuer: Arc<str>,
    store: S,
}

impl<S: UserStore> UserTokens<S> {
    /// Verifies by `jwt` who calls, and asks the store what they may do.
    ///
    /// # Errors
    /// [`JwtError::SeveralIssuers`] if it takes tokens of more than one issuer: a subject of another
    /// one is not a user of this store.
    pub fn new(jwt: Jwt, store: S) -> Result<Self, JwtError> {
        let issuer = jwt.only_issuer()?.into();
        Ok(Self(Arc::new(Inner { jwt, issuer, store })))
    }
}

impl<S: UserStore> Authenticator for UserTokens<S> {
    type Credential = BearerToken;

    async fn authenticate(&self, token: BearerToken, context: &Context) -> Result<Identity, AuthenticationError> {
        let Inner { jwt, issuer, store } = &*self.0;
        let identity = jwt.authenticate(token, context).await?;
        let user = store.find_by_subject(identity.subject()).await?;
        let user = user.filter(|user| !user.is_disabled() && user.subject() == identity.subject());
        let user = user.ok_or_else(|| AuthenticationError::invalid("token of a user who is not there, or disabled"))?;
        if identity.claims().get(EPOCH_CLAIM).and_then(serde_json::Value::as_u64) != Some(user.current_epoch()) {
            return Err(AuthenticationError::invalid("token from before the credentials of the user changed"));
        }
        let of_user = user.identity(*context, issuer);
        if identity.claims().contains_key(ROLES_CLAIM) {
            Ok(identity.with_access_of(&of_user))
        } else {
            Ok(identity.limited_by(&of_user))
        }
    }
}

impl<S> Clone for UserTokens<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S> fmt::Debug for UserTokens<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserTokens").field("jwt", &self.0.jwt).finish_non_exhaustive()
    }
}
