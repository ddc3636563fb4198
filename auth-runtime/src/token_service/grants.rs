//! Verifies the grant of a token request. `rotation.rs` has the grant `refresh_token`.

use std::time::SystemTime;

use super::{
    client::{Client, ClientStore},
    client_auth::KnownClient,
    error::TokenError,
    issue::Grant,
    refresh_token::{RefreshToken, RefreshTokenStore},
    request::{OAuthRequest, Parameters, TokenRequest},
    respond::Tokens,
    service::Service,
};
use crate::{client_ip::ClientAddress, credential::BasicCredentials, declared::DeclaredNames, users::UserStore};

impl<U: UserStore, R: RefreshTokenStore, C: ClientStore> Service<U, R, C> {
    /// Answers a token request.
    pub(super) async fn issue(
        &self,
        request: OAuthRequest<TokenRequest>,
        names: &'static DeclaredNames,
    ) -> Result<Tokens, TokenError> {
        let (form, sent) = request.read?;
        let grant_type = self.grant_type(&form)?;
        let client = self.client(sent, request.address).await?;
        match (grant_type, &client) {
            ("password", KnownClient::FirstParty(id)) => self.by_password(&form, id, request.address, names).await,
            ("refresh_token", _) => self.by_refresh_token(&form, client.id(), request.address, names).await,
            ("client_credentials", KnownClient::Confidential(client)) => {
                self.by_client_credentials(&form, client, names).await
            }
            _ => Err(TokenError::UnauthorizedClient("the client may not use this grant type")),
        }
    }

    /// Returns the grant type of a request, if it is turned on.
    fn grant_type<'a>(&self, form: &'a Parameters) -> Result<&'a str, TokenError> {
        let is_lenient = self.password_grant.as_ref().is_some_and(|grant| grant.is_lenient);
        let grant_type = match form.get("grant_type") {
            None if is_lenient && form.get("username").is_some() => "password",
            _ => form.required("grant_type")?,
        };
        let is_on = match grant_type {
            "password" => self.password_grant.is_some(),
            "refresh_token" => self.refresh_tokens.is_some(),
            "client_credentials" => self.clients.is_some(),
            _ => false,
        };
        if is_on { Ok(grant_type) } else { Err(TokenError::UnsupportedGrantType) }
    }

    /// RFC 6749, section 4.3.
    async fn by_password(
        &self,
        form: &Parameters,
        client_id: &str,
        address: ClientAddress,
        names: &'static DeclaredNames,
    ) -> Result<Tokens, TokenError> {
        let credentials = BasicCredentials::new(form.required("username")?, form.required("password")?);
        let user = self.users.verify(&credentials, address).await?;
        let requested = form.get("scope");
        let granted = self.scopes(names, None).grant(&user, requested)?;
        let refresh = self.first_refresh_token(&user, client_id, requested.map(|_| &*granted.scope)).await?;
        let (user, granted) = (&user, &granted);
        let session_id = refresh.as_ref().map(RefreshToken::family);
        let session_id = session_id.as_deref();
        let now = Some(SystemTime::now());
        let grant = Grant { user, client_id, granted, requested, signed_in_at: now, session_id };
        let tokens = self.tokens(&grant, refresh.as_ref())?;
        grant.log_issued("password");
        Ok(tokens)
    }

    /// RFC 6749, section 4.4. The client has proved who it is each time, so it gets no refresh token.
    async fn by_client_credentials(
        &self,
        form: &Parameters,
        client: &Client,
        names: &'static DeclaredNames,
    ) -> Result<Tokens, TokenError> {
        let user = self.users.store().find_by_subject(client.subject()).await?;
        let user = user.filter(|user| !user.is_disabled() && user.subject() == client.subject());
        let user = user.ok_or(TokenError::InvalidClient)?;
        let requested = form.get("scope");
        let granted = self.scopes(names, client.limits()).grant(&user, requested)?;
        let (user, granted, client_id) = (&user, &granted, client.id());
        let grant = Grant { user, client_id, granted, requested, signed_in_at: None, session_id: None };
        let tokens = self.tokens(&grant, None)?;
        grant.log_issued("client_credentials");
        Ok(tokens)
    }
}
