//! Revokes tokens (RFC 7009).

use std::time::{Duration, SystemTime};

use super::{
    client::ClientStore,
    error::TokenError,
    refresh_token::{RefreshToken, RefreshTokenStore},
    request::{OAuthRequest, RevocationRequest},
    service::Service,
};
use crate::{
    authenticate::{Authenticator, Context, Identity},
    credential::BearerToken,
    declared::DeclaredNames,
    jwt::Revocation,
    users::UserStore,
};

const OTHER_CLIENT: TokenError = TokenError::UnauthorizedClient("the token was issued to another client");

impl<U: UserStore, R: RefreshTokenStore, C: ClientStore> Service<U, R, C> {
    /// Answers a revocation request. An unknown token is no error (section 2.2).
    pub(super) async fn revoke(
        &self,
        request: OAuthRequest<RevocationRequest>,
        names: &'static DeclaredNames,
    ) -> Result<(), TokenError> {
        let (form, sent) = request.read?;
        let token = form.required("token")?;
        let client = self.client(sent, request.address).await?;
        match RefreshToken::parse(token) {
            Some(token) => self.revoke_refresh_token(&token, client.id()).await,
            None => self.revoke_access_token(token, client.id(), names).await,
        }
    }

    /// Ends the family of a refresh token with its access tokens, even if the token was replaced already.
    async fn revoke_refresh_token(&self, token: &RefreshToken, client_id: &str) -> Result<(), TokenError> {
        let Some(store) = &self.refresh_tokens else { return Ok(()) };
        let family = store.find(&token.family()).await?.filter(|family| self.is_own(family));
        let Some(family) = family else { return Ok(()) };
        if family.client_id != client_id {
            return Err(OTHER_CLIENT);
        }
        self.end(store, &family).await?;
        tracing::info!(subject = ?family.subject, ?client_id, sid = family.id, "refresh token revoked");
        Ok(())
    }

    async fn revoke_access_token(
        &self,
        token: &str,
        client_id: &str,
        names: &'static DeclaredNames,
    ) -> Result<(), TokenError> {
        let identity = match self.verifier.authenticate(BearerToken::new(token), &Context::new(names)).await {
            Ok(identity) => identity,
            Err(error) if error.is_unavailable() => return Err(error.into()),
            Err(_) => return Ok(()),
        };
        if claim(&identity, "client_id") != Some(client_id) {
            return Err(OTHER_CLIENT);
        }
        let Some(jti) = claim(&identity, "jti") else { return Ok(()) };
        let expires_at = identity.claims().get("exp").and_then(serde_json::Value::as_u64).map(Duration::from_secs);
        let expires_at = expires_at.and_then(|time| SystemTime::UNIX_EPOCH.checked_add(time));
        // A token of this service has the time in whole seconds.
        let expires_at = expires_at.unwrap_or_else(|| SystemTime::now() + self.issuer.expires_in());
        self.revocations.revoke(Revocation::token(self.issuer.name(), jti, expires_at)).await?;
        tracing::info!(subject = ?identity.subject(), ?client_id, ?jti, "access token revoked");
        Ok(())
    }
}

fn claim<'a>(identity: &'a Identity, name: &str) -> Option<&'a str> {
    identity.claims().get(name).and_then(serde_json::Value::as_str)
}
