//! A token that is not signed yet: its claims, and the signature.

use std::{fmt, sync::Arc};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::Header;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    claim_mapping::{EPOCH_CLAIM, ROLES_CLAIM},
    error::JwtError,
    key::signing::SigningKey,
    token_issuer::{IssuerKey, TokenIssuer},
    verifier::now,
};

/// Claims that [`NewToken`] writes or a verifier reads, besides [`ROLES_CLAIM`] and [`EPOCH_CLAIM`].
pub(super) const RESERVED: [&str; 18] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "sid",
    "client_id",
    "permissions",
    "scope",
    "scp",
    "name",
    "auth_time",
    "typ",
    "token_use",
    "at_hash",
    "c_hash",
];

impl TokenIssuer {
    /// Starts a token for a caller, by the name that is unique with this issuer.
    pub fn token(&self, subject: impl Into<String>) -> NewToken<'_> {
        NewToken {
            issuer: self,
            subject: subject.into(),
            client_id: String::new(),
            roles: None,
            permissions: Vec::new(),
            scope: String::new(),
            display_name: None,
            auth_time: None,
            token_id: None,
            session_id: None,
            credential_epoch: None,
            is_limited: false,
            claims: Map::new(),
        }
    }

    /// Starts a token for a user of a store, with the user's current roles and permissions. Its claim
    /// `credential_epoch` lets [`UserTokens`](crate::users::UserTokens) reject it once the credentials of the user have
    /// changed.
    ///
    /// ```
    /// # use auth_runtime::{jwt::TokenIssuer, users::User};
    /// # let secret = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";
    /// # let issuer = TokenIssuer::hs256(secret)?.issuer("https://issuer.example").audience("entries");
    /// # let alice = User::new("alice", "").roles(["Viewer"]);
    /// let everything = issuer.token_of(&alice).client_id("web").sign()?;
    /// let reading_only = issuer.token_of(&alice).client_id("web").limited_to(["view"]).sign()?;
    /// # Ok::<(), auth_runtime::jwt::JwtError>(())
    /// ```
    #[cfg(feature = "basic")]
    pub fn token_of(&self, user: &crate::users::User) -> NewToken<'_> {
        let token = self.token(user.subject()).roles(user.role_names()).permissions(user.permission_names());
        let token = user.readable_name().into_iter().fold(token, NewToken::display_name);
        NewToken { credential_epoch: Some(user.current_epoch()), ..token }
    }

    /// Returns tokens that a service must refuse, with their names.
    #[cfg(feature = "testing")]
    pub(crate) fn refused_tokens(&self) -> Result<Vec<(&'static str, String)>, JwtError> {
        let token = |issuer: &Self, now| issuer.token("test").client_id("test").sign_at(now);
        let now = now().map_err(signing)?.as_secs();
        let elsewhere = Self { audience: format!("{}, but not this one", self.audience), ..self.clone() };
        // The middle of the signature: its last character has unused bits.
        let mut changed = token(self, now)?;
        let middle = changed.len() - 20;
        let other = if changed[middle..].starts_with('A') { "B" } else { "A" };
        changed.replace_range(middle..=middle, other);
        let hour = 3600;
        Ok(vec![
            ("an expired token", token(self, now - self.lifetime.as_secs() - hour)?),
            ("a token for another audience", token(&elsewhere, now)?),
            ("a token with a changed signature", changed),
        ])
    }
}

/// A token that is not signed yet; made by [`TokenIssuer::token`].
#[derive(Clone, Debug)]
#[must_use = "call `sign`"]
pub struct NewToken<'a> {
    issuer: &'a TokenIssuer,
    subject: String,
    client_id: String,
    /// None is not the same as no roles: see `limited_to`.
    roles: Option<Vec<String>>,
    permissions: Vec<String>,
    scope: String,
    display_name: Option<String>,
    auth_time: Option<u64>,
    token_id: Option<String>,
    session_id: Option<String>,
    credential_epoch: Option<u64>,
    is_limited: bool,
    /// Those of the application.
    claims: Map<String, Value>,
}

impl NewToken<'_> {
    /// The client that gets the token: an application, not its user. There must be one (RFC 9068, section 2.2).
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = client_id.into();
        self
    }

    /// The caller's roles (RFC 9068, section 2.2.3.1), besides those given before.
    pub fn roles<T: Into<String>>(mut self, roles: impl IntoIterator<Item = T>) -> Self {
        self.roles.get_or_insert_default().extend(roles.into_iter().map(Into::into));
        self
    }

    /// The caller's permissions, besides those given before and those of the roles.
    pub fn permissions<T: Into<String>>(mut self, permissions: impl IntoIterator<Item = T>) -> Self {
        self.permissions.extend(permissions.into_iter().map(Into::into));
        self
    }

    /// Replaces the permissions given so far, for a client that needs less than the caller has. The token has no roles,
    /// whether given before or after, because a role would add all its permissions.
    pub fn limited_to<T: Into<String>>(mut self, permissions: impl IntoIterator<Item = T>) -> Self {
        self.is_limited = true;
        self.permissions = permissions.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the scopes that the caller allows the client, separated by spaces (RFC 6749, section 3.3).
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = scope.into();
        self
    }

    /// A name for people to read, in the claim `name`.
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = Some(name.into());
        self
    }

    /// When the caller last proved who they are, in seconds since 1970: the claim `auth_time` (RFC 9068, section
    /// 2.2.1). Leave it as it was when a token is renewed.
    pub fn auth_time(mut self, seconds: u64) -> Self {
        self.auth_time = Some(seconds);
        self
    }

    /// Adds a claim of your own. Give it a name that no other party uses, such as `https://example.com/tenant` (RFC
    /// 7519, section 4.2).
    ///
    /// ```
    /// # use auth_runtime::jwt::{JwtError, TokenIssuer};
    /// # let secret = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";
    /// let issuer = TokenIssuer::hs256(secret)?.issuer("https://issuer.example").audience("entries");
    /// let token = issuer.token("alice").client_id("web").claim("https://example.com/tenant", 7).sign()?;
    ///
    /// let error = issuer.token("alice").client_id("web").claim("roles", "Administrator").sign().unwrap_err();
    /// assert_eq!(error, JwtError::ReservedClaim("roles".to_owned()));
    /// # Ok::<(), JwtError>(())
    /// ```
    ///
    /// A claim that already has a meaning is an error of [`sign`](Self::sign). `preferred_username` is accepted: a
    /// verifier reads the user name from it.
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// A name of yours for the token, to [revoke](super::Revocation::token) it by: the claim `jti`, a random one
    /// unless set. No two tokens may have the same (RFC 7519, section 4.1.7).
    pub fn token_id(mut self, jti: impl Into<String>) -> Self {
        self.token_id = Some(jti.into());
        self
    }

    /// The session, or the family of refresh tokens, that the token belongs to: the claim `sid`. All its tokens can be
    /// [revoked](super::Revocation::session) together.
    pub fn session_id(mut self, sid: impl Into<String>) -> Self {
        self.session_id = Some(sid.into());
        self
    }

    /// The token, good from now on.
    ///
    /// # Errors
    /// - [`JwtError::Empty`]: there is no subject or no client.
    /// - [`JwtError::ReservedClaim`]: a claim of your own already has a meaning.
    /// - [`JwtError::Signing`]: the system has no randomness, or its clock is before 1970.
    /// - [`JwtError::KeysNotFetched`]: the store of a key ring has not answered for a minute.
    pub fn sign(self) -> Result<String, JwtError> {
        self.sign_at(now().map_err(signing)?.as_secs())
    }

    /// Signs the token as if it were this time, in seconds since 1970.
    fn sign_at(self, now: u64) -> Result<String, JwtError> {
        let key = match &self.issuer.key {
            IssuerKey::Fixed(key) => Arc::clone(key),
            #[cfg(feature = "token-service")]
            IssuerKey::Ring(keys) => keys.signing()?,
        };
        let claims = self.claims(now)?;
        let message = format!("{}.{}", part(&header(&key))?, part(&claims)?);
        let signature = key.sign(message.as_bytes())?;
        Ok(format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }

    fn claims(&self, now: u64) -> Result<Map<String, Value>, JwtError> {
        let mut claims = self.claims.clone();
        let is_reserved =
            |name: &String| RESERVED.contains(&name.as_str()) || [ROLES_CLAIM, EPOCH_CLAIM].contains(&name.as_str());
        if let Some(reserved) = claims.keys().find(|name| is_reserved(name)) {
            return Err(JwtError::ReservedClaim(reserved.clone()));
        }
        let mut put = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        put("iss", self.issuer.issuer.as_str().into());
        put("sub", required("subject", &self.subject)?);
        put("aud", self.issuer.audience.as_str().into());
        put("exp", (now + self.issuer.lifetime.as_secs()).into());
        put("iat", now.into());
        put("jti", self.token_id.clone().map_or_else(random_id, Ok)?.into());
        if let Some(session) = &self.session_id {
            put("sid", session.as_str().into());
        }
        put("client_id", required("client_id", &self.client_id)?);
        if let Some(roles) = self.roles.as_ref().filter(|_| !self.is_limited) {
            put(ROLES_CLAIM, roles.clone().into());
        }
        if !self.permissions.is_empty() {
            put("permissions", self.permissions.clone().into());
        }
        if !self.scope.is_empty() {
            put("scope", self.scope.as_str().into());
        }
        if let Some(name) = &self.display_name {
            put("name", name.as_str().into());
        }
        if let Some(seconds) = self.auth_time {
            put("auth_time", seconds.into());
        }
        if let Some(epoch) = self.credential_epoch {
            put(EPOCH_CLAIM, epoch.into());
        }
        Ok(claims)
    }
}

/// RFC 9068, section 2.1.
fn header(key: &SigningKey) -> Header {
    let mut header = Header::new(key.algorithm().into());
    header.typ = Some("at+jwt".to_owned());
    header.kid = key.kid().map(str::to_owned);
    header
}

/// JSON in base64url.
fn part(json: &impl Serialize) -> Result<String, JwtError> {
    serde_json::to_vec(json).map(|json| BASE64_URL_SAFE_NO_PAD.encode(json)).map_err(signing)
}

fn required(what: &'static str, name: &str) -> Result<Value, JwtError> {
    if name.is_empty() { Err(JwtError::Empty(what)) } else { Ok(name.into()) }
}

/// 128 bits, in base64url.
fn random_id() -> Result<String, JwtError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(signing)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

fn signing(error: impl fmt::Display) -> JwtError {
    JwtError::Signing(error.to_string())
}
