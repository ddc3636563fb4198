//! Access tokens of the users of a store: the token identifies the user, and the store has the roles and permissions.

use std::{fmt, sync::Arc};

use poem::Request;

use super::{User, UserStore, fresh::user_since};
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
/// A change counts as soon as the store returns it. With `SqlUsers`, this is at once in the same process and within
/// seconds in others, without a query for each request.
///
/// [`TokenIssuer::token_of`](crate::jwt::TokenIssuer::token_of) issues the tokens. A token that is
/// [limited](crate::jwt::NewToken::limited_to) to some permissions has no roles, and those of its permissions that the
/// user still has.
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

impl<S> TokenVerifier<S> {
    /// Returns the identity of a verified token, with the roles and permissions of its user.
    fn identity(
        &self,
        identity: Identity,
        user: Option<User>,
        context: &Context,
    ) -> Result<Identity, AuthenticationError> {
        let user = user.filter(|user| !user.is_disabled() && user.subject() == identity.subject());
        let user = user.ok_or_else(|| AuthenticationError::invalid("token of an unknown or disabled user"))?;
        if epoch(&identity) != Some(user.current_epoch()) {
            return Err(AuthenticationError::invalid("token from before the credentials of the user changed"));
        }
        let of_user = user.identity(*context, &self.issuer);
        if identity.claims().contains_key(ROLES_CLAIM) {
            Ok(identity.with_access_of(&of_user))
        } else {
            Ok(identity.limited_by(&of_user))
        }
    }
}

/// Returns the version of the user's credentials that a token was issued with.
fn epoch(identity: &Identity) -> Option<u64> {
    identity.claims().get(EPOCH_CLAIM)?.as_u64()
}

impl<S: UserStore> Authenticator for UserTokens<S> {
    type Credential = BearerToken;

    const CACHES_TEXTS: bool = true;

    fn cached(&self, token: &[u8], request: &Request, context: &Context) -> Option<Identity> {
        let identity = self.0.jwt.cached(token, request, context)?;
        let user = self.0.store.find_by_subject_now(identity.subject())?;
        self.0.identity(identity, Some(user), context).ok()
    }

    async fn authenticate(&self, token: BearerToken, context: &Context) -> Result<Identity, AuthenticationError> {
        let TokenVerifier { jwt, store, .. } = &*self.0;
        let identity = jwt.authenticate(token, context).await?;
        let user = user_since(store, identity.subject(), epoch(&identity).unwrap_or_default()).await?;
        self.0.identity(identity, user, context)
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::{Authenticator, BearerToken, Context, Identity, Request, User, UserStore, UserTokens};
    use crate::{authenticate::Unavailable, declared::DeclaredNames, jwt::TokenIssuer};

    static TABLES: DeclaredNames =
        DeclaredNames { permissions: &["view", "edit"], roles: &["Viewer"], scopes: &[], role_permissions: &[&[0b01]] };

    /// A store with one user. A test changes the user, and the store knows it without waiting.
    struct Changing(Mutex<Option<User>>);

    impl UserStore for Changing {
        async fn find(&self, _: &str) -> Result<Option<User>, Unavailable> {
            Ok(self.0.lock().unwrap().clone())
        }

        async fn find_by_subject(&self, subject: &str) -> Result<Option<User>, Unavailable> {
            Ok(self.find_by_subject_now(subject))
        }

        fn find_by_subject_now(&self, _: &str) -> Option<User> {
            self.0.lock().unwrap().clone()
        }
    }

    #[tokio::test]
    async fn r7_known_token_needs_no_waiting_as_long_as_its_user_is_unchanged() {
        let secret = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";
        let issuer = TokenIssuer::hs256(secret).unwrap().issuer("https://issuer.example").audience("entries");
        let alice = || User::new("alice", "").permissions(["edit"]).credential_epoch(3);
        let token = issuer.token_of(&alice()).client_id("web").sign().unwrap();
        let tokens = UserTokens::new(issuer.verifier(), Changing(Mutex::new(Some(alice())))).unwrap();
        let context = Context::new(&TABLES);
        let bits = |identity: Identity| (identity.role_words().to_vec(), identity.permission_words().to_vec());
        let cached = || tokens.cached(token.as_bytes(), &Request::default(), &context).map(bits);
        assert!(cached().is_none(), "not verified yet");
        for (user, expected) in [
            (Some(alice()), Some((vec![], vec![0b10]))),
            (Some(alice().roles(["Viewer"])), Some((vec![0b1], vec![0b11]))),
            (Some(alice().credential_epoch(4)), None),
            (Some(alice().disabled(true)), None),
            (Some(alice().with_subject("another")), None),
            (None, None),
        ] {
            *tokens.0.store.0.lock().unwrap() = user;
            let verified = tokens.authenticate(BearerToken::new(&*token), &context).await.ok().map(bits);
            assert_eq!(verified, expected);
            assert_eq!(cached(), expected);
        }
    }
}
