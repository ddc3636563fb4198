//! The operations of the token service.

use std::{fmt, marker::PhantomData, sync::Arc};

use poem_openapi::{OpenApi, payload::Json};

use super::{
    client::ClientStore,
    refresh_token::RefreshTokenStore,
    request::{OAuthRequest, RevocationRequest, TokenRequest},
    respond::{KeysResponse, OAuthResponse, Tokens},
    service::{Service, TokenService},
};
use crate::{guard::AuthConfig, protected, users::UserStore};

/// The operations of a [`TokenService`]; [`api`](TokenService::api) returns it.
pub struct TokenApi<A, U, R, C> {
    service: Arc<Service<U, R, C>>,
    auth: PhantomData<fn() -> A>,
}

impl<U, R, C> TokenService<U, R, C> {
    /// Returns the operations, for mounting: `auth.service((Entries, tokens.api()), "Entries", "1.0")`.
    #[must_use]
    pub fn api<A: AuthConfig>(&self) -> TokenApi<A, U, R, C> {
        TokenApi { service: Arc::clone(&self.0), auth: PhantomData }
    }
}

#[protected(auth = A)]
#[OpenApi]
impl<A: AuthConfig, U: UserStore, R: RefreshTokenStore, C: ClientStore> TokenApi<A, U, R, C> {
    /// Get tokens
    ///
    /// RFC 6749. A client that has a secret sends it in the `Authorization` header or in the form.
    #[public(reason = "callers get their tokens here")]
    #[oai(path = "/auth/token", method = "post")]
    async fn token(&self, request: OAuthRequest<TokenRequest>) -> OAuthResponse<Json<Tokens>> {
        OAuthResponse(self.service.issue(request, A::declared_names()).await.map(Json))
    }

    /// Revoke a token
    ///
    /// RFC 7009. A refresh token is revoked with all tokens of its sign-in. An unknown token is no error.
    #[public(reason = "the client and the token prove who revokes")]
    #[oai(path = "/auth/revoke", method = "post")]
    async fn revoke(&self, request: OAuthRequest<RevocationRequest>) -> OAuthResponse<()> {
        OAuthResponse(self.service.revoke(request, A::declared_names()).await)
    }

    /// Get the public keys
    #[public(reason = "public keys are public")]
    #[oai(path = "/.well-known/jwks.json", method = "get")]
    async fn keys(&self) -> KeysResponse {
        self.service.issuer.jwks().into()
    }
}

impl<A, U, R, C> Clone for TokenApi<A, U, R, C> {
    fn clone(&self) -> Self {
        Self { service: Arc::clone(&self.service), auth: PhantomData }
    }
}

impl<A, U, R, C> fmt::Debug for TokenApi<A, U, R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenApi").finish_non_exhaustive()
    }
}
