//! Access tokens of the users of a store: the token identifies the user, and the store has the roles and permissions.

use std::{fmt, sync::Arc};

use super::{UserStore, fresh::user_since};
use crate::{
    authenticate::{AuthenticationError, Authenticator, Context, Identity},
    credential::BearerToken,
    declared::SecurityScheme,
    jwt::{EPOCH_CLAIM, Jwt, JwtError, ROLES_CLAIM},
};

/// Verifies access tokens that this system issued to the users of a store. Cheap to clone.
///
/// The store decides for each request:
///
/// - A deleted or disabled user is refused.
/// - After a new password, older tokens are refused, if the store changes the
///   [epoch](super::User::credential_epoch) with it. `SqlUsers` does.
/// - Roles and permissions are the current ones of the user, not those of the token.
///
/// A change counts as soon as the store returns it. With `SqlUsers`, this is at once in the same process and within seconds
/// in others, without a query for each request.
///
/// [`TokenIssuer::token_of`](crate::jwt::TokenIssuer::token_of) issues the tokens. A token that is
/// [limited](crate::jwt::NewToken::limited_to) to some permissions has no roles, and those of its permissions that the user
/// still has.
///
/// ```
/// use auth_runtime::{jwt::TokenIssuer, prelude::*, users::{MemoryUsers, User, UserTokens}};
/// # use poem::{EndpointExt, get, handler, test::TestClient};
///
/// #[derive(Auth, Clone)]
/// struct Auth {
///     #[scheme(bearer)]
///     token: UserTokens<MemoryUsers>,
/// }
/// # #[protected]
/// # #[handler]
/// # fn hello(caller: Principal<Auth>) -> String { caller.subject().to_owned() }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let secret = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa"; // from a random generator, and not in the source
/// let issuer = TokenIssuer::hs256(secret)?.issuer("https://issuer.example").audience("entries");
/// let alice = User::with_password("alice", "correct horse battery staple")?;
/// let token = issuer.token_of(&alice).client_id("web").sign()?;
///
/// let auth = |users| Ok::<_, auth_runtime::jwt::JwtError>(Auth { token: UserTokens::new(issuer.verifier(), users)? });
/// let client = TestClient::new(get(hello).with(auth(MemoryUsers::new().add_user(alice)?)?));
/// client.get("/").header("Authorization", format!("Bearer {token}")).send().await.assert_text("alice").await;
///
/// // The signature is valid, but the user is gone.
/// let client = TestClient::new(get(hello).with(auth(MemoryUsers::new())?));
/// let answer = client.get("/").header("Authorization", format!("Bearer {token}")).send().await;
/// assert_eq!(answer.0.status(), 401);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct UserTokens<S>(Arc<TokenVerifier<S>>);

struct TokenVerifier<S> {
    jwt: Jwt,
    issuer: Arc<str>,
    store: S,
}

impl<S: UserStore> UserTokens<S> {
    /// Verifies tokens with `jwt`, and looks up their users in the store.
    ///
    /// # Errors
    /// [`JwtError::SeveralIssuers`] if `jwt` accepts several issuers: a subject of another issuer is not a user of this
    /// store.
    pub fn new(jwt: Jwt, store: S) -> Result<Self, JwtError> {
        let issuer = jwt.only_issuer()?.into();
        Ok(Self(Arc::new(TokenVerifier { jwt, issuer, store })))
    }
}

impl<S: UserStore> Authenticator for UserTokens<S> {
    type Credential = BearerToken;

    async fn authenticate(&self, token: BearerToken, context: &Context) -> Result<Identity, AuthenticationError> {
        let TokenVerifier { jwt, issuer, store } = &*self.0;
        let identity = jwt.authenticate(token, context).await?;
        let epoch = identity.claims().get(EPOCH_CLAIM).and_then(serde_json::Value::as_u64);
        let user = user_since(store, identity.subject(), epoch.unwrap_or_default()).await?;
        let user = user.filter(|user| !user.is_disabled() && user.subject() == identity.subject());
        let user = user.ok_or_else(|| AuthenticationError::invalid("token of an unknown or disabled user"))?;
        if epoch != Some(user.current_epoch()) {
            return Err(AuthenticationError::invalid("token from before the credentials of the user changed"));
        }
        let of_user = user.identity(*context, issuer);
        if identity.claims().contains_key(ROLES_CLAIM) {
            Ok(identity.with_access_of(&of_user))
        } else {
            Ok(identity.limited_by(&of_user))
        }
    }

    fn mounted(&self, _: &'static SecurityScheme, context: &Context) {
        self.0.store.mounted(context);
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
