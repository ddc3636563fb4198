//! Rotation of refresh tokens: each is exchanged once, and a reused one ends its family.

use std::time::SystemTime;

use super::{
    client::ClientStore,
    error::TokenError,
    issue::Grant,
    refresh_token::{RefreshFamily, RefreshToken, RefreshTokenStore},
    request::Parameters,
    respond::Tokens,
    scopes::is_within,
    service::Service,
};
use crate::{
    authenticate::Unavailable,
    client_ip::ClientAddress,
    declared::DeclaredNames,
    jwt::Revocation,
    users::{User, UserStore, user_since},
};

/// The hash of a closed family. No token has it.
const CLOSED: [u8; 32] = [0; 32];
const BAD_REFRESH_TOKEN: TokenError = TokenError::InvalidGrant("the refresh token is unknown, expired or replaced");

impl<U: UserStore, R: RefreshTokenStore, C: ClientStore> Service<U, R, C> {
    /// Starts a family, if refresh tokens are issued.
    pub(super) async fn first_refresh_token(
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

    /// Exchanges a refresh token for new tokens (RFC 6749, section 6; RFC 9700, section 4.14.2).
    pub(super) async fn by_refresh_token(
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
        let tokens = self.tokens(&grant, Some(&next))?;
        if !store.rotate(&family.id, family.sha256, next.sha256()).await? {
            return Err(self.reused(store, &family).await?);
        }
        grant.log_issued("refresh_token");
        Ok(tokens)
    }

    /// Returns the user of a family that has not ended.
    async fn user_of(&self, family: &RefreshFamily) -> Result<Option<User>, TokenError> {
        let now = SystemTime::now();
        if family.expires_at <= now {
            return Ok(None);
        }
        let user = user_since(&**self.users.store(), &family.subject, family.credential_epoch).await?;
        Ok(user.filter(|user| {
            let may_sign_in = !user.is_disabled() && !user.is_password_expired(now);
            may_sign_in && user.subject() == family.subject && user.current_epoch() == family.credential_epoch
        }))
    }

    /// Ends a family whose replaced token was used again: the user or a thief has sent it.
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
    ///
    /// A store may fail and the process may end between two steps. No token of a closed family is good, and the use or
    /// the revocation of one of them repeats the steps.
    pub(super) async fn end(&self, store: &R, family: &RefreshFamily) -> Result<(), TokenError> {
        close(store, family).await?;
        let until = SystemTime::now() + self.issuer.expires_in();
        self.revocations.revoke(Revocation::session(self.issuer.name(), &*family.id, until)).await?;
        Ok(store.end(&family.id).await?)
    }
}

/// Leaves a family without a current token.
async fn close<R: RefreshTokenStore>(store: &R, family: &RefreshFamily) -> Result<(), Unavailable> {
    let mut current = family.sha256;
    while current != CLOSED && !store.rotate(&family.id, current, CLOSED).await? {
        // Another request has replaced the token or ended the family.
        let Some(family) = store.find(&family.id).await? else { return Ok(()) };
        current = family.sha256;
    }
    Ok(())
}
