//! Signs the tokens of a grant.

use std::time::{Duration, SystemTime};

use super::{
    client::ClientStore,
    error::TokenError,
    refresh_token::{RefreshToken, RefreshTokenStore},
    respond::Tokens,
    scopes::{Granted, Scopes},
    service::Service,
};
use crate::{
    declared::DeclaredNames,
    jwt::NewToken,
    users::{User, UserStore},
};

/// The user, the client and the scopes that the tokens of a response are for.
pub(super) struct Grant<'a> {
    pub(super) user: &'a User,
    pub(super) client_id: &'a str,
    pub(super) granted: &'a Granted,
    pub(super) requested: Option<&'a str>,
    pub(super) signed_in_at: Option<SystemTime>,
    pub(super) session_id: Option<&'a str>,
}

impl Grant<'_> {
    /// Logs that the client gets the tokens.
    pub(super) fn log_issued(&self, grant_type: &str) {
        let (subject, client_id, scope) = (self.user.subject(), self.client_id, &self.granted.scope);
        tracing::info!(?subject, ?client_id, grant_type, ?scope, "token issued");
    }
}

impl<U: UserStore, R: RefreshTokenStore, C: ClientStore> Service<U, R, C> {
    pub(super) fn scopes<'a>(&'a self, names: &'static DeclaredNames, limits: Option<&'a [String]>) -> Scopes<'a> {
        Scopes { names, others: &self.scopes, limits }
    }

    /// Signs the tokens of a response.
    pub(super) fn tokens(&self, grant: &Grant<'_>, refresh_token: Option<&RefreshToken>) -> Result<Tokens, TokenError> {
        let Grant { granted, requested, .. } = *grant;
        Ok(Tokens {
            access_token: self.access_token(grant).sign()?,
            token_type: "Bearer".to_owned(),
            expires_in: self.issuer.expires_in().as_secs(),
            refresh_token: refresh_token.map(|token| token.text().to_owned()),
            scope: (requested != Some(&granted.scope)).then(|| granted.scope.clone()),
        })
    }

    /// A token for all scopes carries the roles. A token for some scopes carries them as permissions and no roles,
    /// because a role would add all its permissions.
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
