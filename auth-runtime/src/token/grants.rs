//! Issues tokens for each grant type.

use std::time::{Duration, SystemTime};

use super::{
    client::{Client, ClientStore},
    client_auth::KnownClient,
    error::TokenError,
    refresh_token::{RefreshFamily, RefreshToken, RefreshTokenStore},
    request::{OAuthRequest, Parameters, TokenRequest},
    respond::Tokens,
    scopes::{Granted, Scopes, is_within},
    service::Service,
};
use crate::{
    client_ip::ClientAddress,
    credential::BasicCredentials,
    declared::DeclaredNames,
    jwt::{NewToken, Revocation},
    users::{User, UserStore},
};

const BAD_REFRESH_TOKEN: TokenError = TokenError::InvalidGrant("the refresh token is unknown, expired or replaced");

/// What the tokens of a response are for.
struct Grant<'a> {
    user: &'a User,
    client_id: &'a str,
    granted: &'a Granted,
    requested: Option<&'a str>,
    signed_in_at: Option<SystemTime>,
    session_id: Option<&'a str>,
}

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
        self.tokens("password", &grant, refresh.as_ref())
    }

    /// Starts a family, if refresh tokens are issued.
    async fn first_refresh_token(
        &self,
        user: &User,
        client_id: &str,
        scope: Option<&str>,
    ) -> Result<Option<RefreshToken>, TokenError> {
        let Some(store) = &self.refresh_tokens else { return Ok(None) };
        let (token, now) = (RefreshToken::generate()?, SystemTime::now());
        let family = RefreshFamily {
            id: token.family(),
            sha256: token.sha256(),
            issuer: self.issuer.name().to_owned(),
            subject: user.subject().to_owned(),
            credential_epoch: user.current_epoch(),
            client_id: client_id.to_owned(),
            scope: scope.map(str::to_owned),
            signed_in_at: now,
            expires_at: now + self.refresh_lifetime,
        };
        store.add(&family).await?;
        Ok(Some(token))
    }

    /// RFC 6749, section 6; RFC 9700, section 4.14.2.
    async fn by_refresh_token(
        &self,
        form: &Parameters,
        client_id: &str,
        address: ClientAddress,
        names: &'static DeclaredNames,
    ) -> Result<Tokens, TokenError> {
        let Some(store) = &self.refresh_tokens else { return Err(TokenError::UnsupportedGrantType) };
        let token = RefreshToken::parse(form.required("refresh_token")?);
        let family = match &token {
            Some(token) => store.find(&token.family()).await?,
            None => None,
        };
        let is_of_client = |family: &RefreshFamily| self.is_own(family) && family.client_id == client_id;
        let (Some(token), Some(family)) = (token, family.filter(is_of_client)) else {
            // A guess, or the token of another client or issuer.
            self.users.limits().failed(address).await?;
            return Err(BAD_REFRESH_TOKEN);
        };
        if !family.is_current(&token) {
            return Err(self.reused(store, &family).await?);
        }
        let Some(user) = self.user_of(&family).await? else {
            store.end(&family.id).await?;
            return Err(BAD_REFRESH_TOKEN);
        };
        let requested = form.get("scope").or(family.scope.as_deref());
        if let (Some(requested), Some(granted)) = (form.get("scope"), &family.scope)
            && !is_within(requested, granted)
        {
            return Err(TokenError::InvalidScope("a scope was not granted at the sign-in"));
        }
        let granted = self.scopes(names, None).grant(&user, requested)?;
        // The access token is signed first: a client that gets an error keeps its refresh token.
        let next = token.next()?;
        let (user, granted) = (&user, &granted);
        let (signed_in_at, session_id) = (Some(family.signed_in_at), Some(&*family.id));
        let grant = Grant { user, client_id, granted, requested, signed_in_at, session_id };
        let tokens = self.tokens("refresh_token", &grant, Some(&next))?;
        if !store.rotate(&family.id, family.sha256, next.sha256()).await? {
            return Err(self.reused(store, &family).await?);
        }
        Ok(tokens)
    }

    /// Returns the user of a family that has not ended.
    async fn user_of(&self, family: &RefreshFamily) -> Result<Option<User>, TokenError> {
        let now = SystemTime::now();
        if family.expires_at <= now {
            return Ok(None);
        }
        let user = self.users.store().find_by_subject(&family.subject).await?;
        Ok(user.filter(|user| {
            let may_sign_in = !user.is_disabled() && !user.is_password_expired(now);
            may_sign_in && user.subject() == family.subject && user.current_epoch() == family.credential_epoch
        }))
    }

    /// Ends a family of which a replaced token was used again. One of the two users is a thief.
    async fn reused(&self, store: &R, family: &RefreshFamily) -> Result<TokenError, TokenError> {
        tracing::warn!(
            subject = ?family.subject,
            client_id = ?family.client_id,
            sid = family.id,
            "refresh token reused; its family has ended"
        );
        self.end(store, family).await?;
        Ok(BAD_REFRESH_TOKEN)
    }

    /// Whether this service issued a family. Another service may have the same store, and users of its own.
    pub(super) fn is_own(&self, family: &RefreshFamily) -> bool {
        family.issuer == self.issuer.name()
    }

    /// Ends a family and its access tokens.
    pub(super) async fn end(&self, store: &R, family: &RefreshFamily) -> Result<(), TokenError> {
        let until = SystemTime::now() + self.issuer.expires_in();
        // First: if the second step fails, the family is still there, and the client can try again.
        self.revocations.revoke(Revocation::session(self.issuer.name(), &*family.id, until)).await?;
        Ok(store.end(&family.id).await?)
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
        self.tokens("client_credentials", &grant, None)
    }

    fn scopes<'a>(&'a self, names: &'static DeclaredNames, limits: Option<&'a [String]>) -> Scopes<'a> {
        Scopes { names, others: &self.scopes, limits }
    }

    fn tokens(
        &self,
        grant_type: &str,
        grant: &Grant<'_>,
        refresh_token: Option<&RefreshToken>,
    ) -> Result<Tokens, TokenError> {
        let Grant { user, client_id, granted, requested, .. } = *grant;
        let token = self.access_token(grant);
        let tokens = Tokens {
            access_token: token.sign()?,
            token_type: "Bearer".to_owned(),
            expires_in: self.issuer.expires_in().as_secs(),
            refresh_token: refresh_token.map(|token| token.text().to_owned()),
            scope: (requested != Some(&granted.scope)).then(|| granted.scope.clone()),
        };
        tracing::info!(subject = ?user.subject(), ?client_id, grant_type, scope = ?granted.scope, "token issued");
        Ok(tokens)
    }

    /// A token for all scopes carries the roles. A token for some scopes carries them as permissions and no roles, because a
    /// role would add all its permissions.
    fn access_token(&self, grant: &Grant<'_>) -> NewToken<'_> {
        let Granted { permissions, scope, is_limited } = grant.granted;
        let token = self.issuer.token_of(grant.user).client_id(grant.client_id).scope(scope);
        let token = if *is_limited { token.limited_to(permissions) } else { token };
        let token = grant.session_id.into_iter().fold(token, NewToken::session_id);
        grant.signed_in_at.map(seconds).into_iter().fold(token, NewToken::auth_time)
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}
