//! The other direction: issues the access tokens that [`Jwt`](super::Jwt) verifies.

use std::{fmt, sync::Arc, time::Duration};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::Header;
use serde::Serialize;
use serde_json::{Map, Value};

#[cfg(feature = "token-service")]
use super::key_ring::{KeyRing, KeyRingError, SigningKeyStore, live::LiveKeys};
use super::{
    algorithm::Algorithm,
    builder::{JwtKey, issuer_name, not_empty},
    claim_mapping::{EPOCH_CLAIM, ROLES_CLAIM},
    error::JwtError,
    key::signing::SigningKey,
    registered_claims::MAX_LIFETIME,
    verifier::{Jwt, now},
};

const LIFETIME: Duration = Duration::from_mins(15);
const MIN_LIFETIME: Duration = Duration::from_secs(1);
/// Claims that a verifier gives a meaning, beside those that [`NewToken`] writes.
const RESERVED: [&str; 18] = [
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

/// Issues access tokens for one audience (RFC 9068). Cheap enough to clone, but share it where you can.
///
/// ```
/// use auth_runtime::{jwt::TokenIssuer, prelude::*};
/// # use poem::{EndpointExt, get, handler, test::TestClient};
///
/// #[derive(Auth, Clone)]
/// struct Auth {
///     #[scheme(bearer)]
///     token: Jwt,
/// }
///
/// #[protected]
/// #[handler]
/// fn hello(caller: Principal<Auth>) -> String {
///     format!("{} of {}", caller.subject(), caller.issuer())
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let secret = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa"; // from a random generator, and not in the source
/// let issuer = TokenIssuer::hs256(secret)?.issuer("https://issuer.example").audience("entries");
/// let token = issuer.token("alice").client_id("web").sign()?;
///
/// // The service that is the audience, here in the same process:
/// let client = TestClient::new(get(hello).with(Auth { token: issuer.verifier() }));
/// let answer = client.get("/").header("Authorization", format!("Bearer {token}")).send().await;
/// answer.assert_text("alice of https://issuer.example").await;
/// # Ok::<(), auth_runtime::jwt::JwtError>(())
/// # }).unwrap();
/// ```
///
/// A signed token is readable: put no secrets in it.
#[derive(Clone)]
pub struct TokenIssuer {
    key: IssuerKey,
    issuer: String,
    audience: String,
    lifetime: Duration,
}

/// The key of an issuer, or its keys.
#[derive(Clone, Debug)]
enum IssuerKey {
    Fixed(Arc<SigningKey>),
    #[cfg(feature = "token-service")]
    Ring(LiveKeys),
}

impl IssuerKey {
    fn verifying(&self) -> JwtKey {
        match self {
            Self::Fixed(key) => JwtKey::named(key.verifying()),
            #[cfg(feature = "token-service")]
            Self::Ring(keys) => JwtKey::of_source(keys.source()),
        }
    }
}

/// A key that still needs an issuer to become a [`TokenIssuer`].
#[derive(Clone, Debug)]
#[must_use = "call `issuer` and `audience`"]
pub struct TokenIssuerKey(IssuerKey);

impl TokenIssuerKey {
    fn fixed(key: SigningKey) -> Self {
        Self(IssuerKey::Fixed(Arc::new(key)))
    }
}

/// A key and an issuer that still need an audience to become a [`TokenIssuer`].
#[derive(Clone, Debug)]
#[must_use = "call `audience`"]
pub struct TokenIssuerName {
    key: IssuerKey,
    issuer: String,
}

impl TokenIssuer {
    /// Signs with HMAC-SHA-256 and a secret that issuer and service share.
    ///
    /// # Errors
    /// [`JwtError`] if [`Jwt::hs256`] refuses the secret.
    pub fn hs256(secret: impl AsRef<[u8]>) -> Result<TokenIssuerKey, JwtError> {
        SigningKey::hmac(Algorithm::HS256, secret.as_ref()).map(TokenIssuerKey::fixed)
    }

    /// Signs with HMAC-SHA-384.
    ///
    /// # Errors
    /// [`JwtError`] if [`Jwt::hs384`] refuses the secret.
    pub fn hs384(secret: impl AsRef<[u8]>) -> Result<TokenIssuerKey, JwtError> {
        SigningKey::hmac(Algorithm::HS384, secret.as_ref()).map(TokenIssuerKey::fixed)
    }

    /// Signs with HMAC-SHA-512.
    ///
    /// # Errors
    /// [`JwtError`] if [`Jwt::hs512`] refuses the secret.
    pub fn hs512(secret: impl AsRef<[u8]>) -> Result<TokenIssuerKey, JwtError> {
        SigningKey::hmac(Algorithm::HS512, secret.as_ref()).map(TokenIssuerKey::fixed)
    }

    /// Signs with a private key, so that no other party can issue these tokens. It is the text of a PEM file with a key
    /// for RSA (`RS256`), P-256 (`ES256`), P-384 (`ES384`) or Ed25519 (`EdDSA`). It is PKCS #8 (`BEGIN PRIVATE KEY`),
    /// PKCS #1 (`BEGIN RSA PRIVATE KEY`) or SEC 1 (`BEGIN EC PRIVATE KEY`), and not encrypted. The name of the key, the
    /// header parameter `kid`, is its thumbprint (RFC 7638).
    ///
    /// ```
    /// # use auth_runtime::jwt::TokenIssuer;
    /// // Of `openssl genpkey -algorithm ed25519`, and not in the source.
    /// let pem = "-----BEGIN PRIVATE KEY-----\n\
    ///     MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
    ///     -----END PRIVATE KEY-----\n";
    /// let issuer = TokenIssuer::private_key_pem(pem)?.issuer("https://issuer.example").audience("entries");
    /// assert!(issuer.jwks()?.contains("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"));
    /// # Ok::<(), auth_runtime::jwt::JwtError>(())
    /// ```
    ///
    /// # Errors
    /// [`JwtError`] if it is not exactly one such key, if [`Jwt::public_key_pem`] refuses its public half, or if it is
    /// an RSA key and only `RustCrypto` is there (the feature `jwt-rust-crypto` without `jwt`).
    pub fn private_key_pem(pem: impl AsRef<[u8]>) -> Result<TokenIssuerKey, JwtError> {
        SigningKey::pem(pem.as_ref()).map(TokenIssuerKey::fixed)
    }

    /// Signs with the keys of a [`KeyRing`]: with the newest one that all processes verify by. A task in the background keeps
    /// the keys up to date, and makes the first one.
    ///
    /// # Errors
    /// [`KeyRingError`] if the store does not answer, a key cannot be opened with the secret, or there is no Tokio runtime.
    #[cfg(feature = "token-service")]
    pub async fn key_ring<S: SigningKeyStore>(ring: KeyRing<S>) -> Result<TokenIssuerKey, KeyRingError> {
        Ok(TokenIssuerKey(IssuerKey::Ring(LiveKeys::start(ring).await?)))
    }

    /// The public keys as the text of a JWKS (RFC 7517, section 5), which others need to verify these tokens: publish it
    /// as `application/jwk-set+json`, or give it to [`Jwt::jwks`]. A secret is not in it, so that of
    /// [`hs256`](Self::hs256) and its like has no keys.
    ///
    /// # Errors
    /// [`JwtError::KeysNotFetched`] if the store of a key ring has not answered for a minute.
    pub fn jwks(&self) -> Result<String, JwtError> {
        match &self.key {
            IssuerKey::Fixed(key) => Ok(key.jwks()),
            #[cfg(feature = "token-service")]
            IssuerKey::Ring(keys) => keys.jwks(),
        }
    }

    /// Returns the claim `iss` of the tokens.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.issuer
    }

    /// Sets how long a token is good: 15 minutes unless set, at least a second and at most a day, as it cannot be taken
    /// back.
    ///
    /// # Errors
    /// [`JwtError::Lifetime`] if it is shorter or longer.
    pub fn lifetime(mut self, lifetime: Duration) -> Result<Self, JwtError> {
        if !(MIN_LIFETIME..=MAX_LIFETIME).contains(&lifetime) {
            return Err(JwtError::Lifetime { lifetime, longest: MAX_LIFETIME });
        }
        self.lifetime = lifetime;
        Ok(self)
    }

    /// How long a token is good; a token endpoint says it in seconds (RFC 6749, section 5.1).
    #[must_use]
    pub const fn expires_in(&self) -> Duration {
        self.lifetime
    }

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

    /// Starts a token for a user of a store: with all that they have now, and with what
    /// [`UserTokens`](crate::users::UserTokens) needs to tell whether it is still good.
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

    /// Returns the verifier of exactly these tokens.
    #[must_use]
    pub fn verifier(&self) -> Jwt {
        self.key.verifying().issuer(&*self.issuer).audience(&*self.audience)
    }
}

impl TokenIssuerKey {
    /// The claim `iss`: a name for this issuer, best its URL.
    ///
    /// # Panics
    /// If it is empty or has braces.
    #[track_caller]
    pub fn issuer(self, issuer: impl Into<String>) -> TokenIssuerName {
        TokenIssuerName { key: self.0, issuer: issuer_name(issuer.into()) }
    }
}

impl TokenIssuerName {
    /// The claim `aud`: the service that the tokens are for.
    ///
    /// # Panics
    /// If it is empty.
    #[must_use]
    #[track_caller]
    pub fn audience(self, audience: impl Into<String>) -> TokenIssuer {
        let audience = not_empty("audience", audience.into());
        TokenIssuer { key: self.key, issuer: self.issuer, audience, lifetime: LIFETIME }
    }
}

/// Says what it issues, and nothing of the key but its algorithm.
impl fmt::Debug for TokenIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenIssuer")
            .field("key", &self.key)
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .field("lifetime", &self.lifetime)
            .finish()
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

    /// Takes all roles, be they given before or after, and the permissions that were given before, and gives these: for a client that needs less
    /// than the caller has. A role would bring all that it holds, so there are none.
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

    /// Adds a claim of your own. Give it a name that no other party uses, such as `https://example.com/tenant` (RFC 7519,
    /// section 4.2).
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
    /// A claim that already has a meaning is an error of [`sign`](Self::sign).
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
    /// [`JwtError::Empty`] without a subject or a client; [`JwtError::ReservedClaim`] if a claim of your own already has
    /// a meaning; [`JwtError::Signing`] if the system has no randomness or
    /// its clock is before 1970; [`JwtError::KeysNotFetched`] if the store of a key ring has not answered for a minute.
    pub fn sign(self) -> Result<String, JwtError> {
        self.sign_at(now().map_err(signing)?.as_secs())
    }

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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jsonwebtoken::Algorithm;
    use serde_json::json;

    use super::{EPOCH_CLAIM, Jwt, JwtError, RESERVED, ROLES_CLAIM, TokenIssuer, now};
    use crate::{
        authenticate::{AuthenticationError, Context, Identity},
        declared::DeclaredNames,
        jwt::key::tests::{SECRET, generated, pem},
    };

    static TABLES: DeclaredNames = DeclaredNames {
        permissions: &["view", "edit"],
        roles: &["Viewer"],
        scopes: &["entries"],
        role_permissions: &[&[0b01]],
    };

    fn issuer() -> TokenIssuer {
        TokenIssuer::hs256(SECRET).unwrap().issuer("https://issuer.example").audience("entries")
    }

    async fn identify(jwt: &Jwt, token: &str, later: Duration) -> Result<Identity, AuthenticationError> {
        jwt.identify(token.as_bytes(), now().unwrap() + later, Context::new(&TABLES)).await
    }

    #[tokio::test]
    async fn r84_issued_token_says_all_that_an_access_token_must() {
        let token = issuer().token("alice").client_id("web").sign().unwrap();
        let header = jsonwebtoken::decode_header(&token).unwrap();
        assert_eq!(header.typ.as_deref(), Some("at+jwt"));

        let identity = identify(&issuer().verifier(), &token, Duration::ZERO).await.unwrap();
        let claims = identity.claims();
        assert_eq!(claims["iss"], "https://issuer.example");
        assert_eq!(
            (&claims["sub"], &claims["aud"], &claims["client_id"]),
            (&json!("alice"), &json!("entries"), &json!("web"))
        );
        assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 15 * 60);
        assert_eq!(claims["jti"].as_str().unwrap().len(), 22);
        assert_eq!(identity.authenticated_at(), None);

        let other = issuer().token("alice").client_id("web").sign().unwrap();
        let other = identify(&issuer().verifier(), &other, Duration::ZERO).await.unwrap();
        assert_ne!(other.claims()["jti"], claims["jti"]);
    }

    #[tokio::test]
    async fn what_is_issued_is_what_is_read() {
        let issuer = issuer();
        let token =
            issuer.token("alice").client_id("web").roles(["Viewer"]).permissions(["edit"]).scope("entries mail");
        let token = token.display_name("Alice A.").auth_time(1_700_000_000).token_id("mine").sign().unwrap();
        let identity = identify(&issuer.verifier(), &token, Duration::ZERO).await.unwrap();
        assert_eq!((identity.issuer(), identity.subject()), ("https://issuer.example", "alice"));
        assert_eq!((identity.role_words(), identity.permission_words()), ([0b1].as_slice(), [0b11].as_slice()));
        assert_eq!((identity.scope(), identity.scope_words()), ("entries mail", [0b1].as_slice()));
        assert_eq!(identity.claims()["jti"], "mine");
        assert_eq!((identity.display_name(), identity.authenticated_at()), ("Alice A.", Some(1_700_000_000)));
    }

    #[tokio::test]
    async fn r84_issued_token_expires() {
        let issuer = issuer().lifetime(Duration::from_secs(10)).unwrap();
        assert_eq!(issuer.expires_in(), Duration::from_secs(10));
        let token = issuer.token("alice").client_id("web").sign().unwrap();
        assert!(identify(&issuer.verifier(), &token, Duration::from_mins(1)).await.is_ok());
        let error = identify(&issuer.verifier(), &token, Duration::from_secs(72)).await.unwrap_err();
        assert_eq!((error.to_string().as_str(), error.is_unavailable()), ("https://issuer.example: expired", false));
    }

    #[test]
    fn r84_a_lifetime_out_of_bounds_is_an_error() {
        for good in [Duration::from_secs(1), Duration::from_hours(24)] {
            assert_eq!(issuer().lifetime(good).unwrap().expires_in(), good);
        }
        for bad in [Duration::ZERO, Duration::from_millis(999), Duration::from_secs(86_401), Duration::MAX] {
            let error = issuer().lifetime(bad).unwrap_err();
            assert_eq!(error, JwtError::Lifetime { lifetime: bad, longest: Duration::from_hours(24) });
        }
    }

    #[tokio::test]
    async fn own_claims_are_in_the_token_and_reserved_ones_are_refused() {
        let issuer = issuer();
        let token = issuer.token("alice").client_id("web").claim("tenant", json!({ "id": 7 })).sign().unwrap();
        let identity = identify(&issuer.verifier(), &token, Duration::ZERO).await.unwrap();
        assert_eq!(identity.claims()["tenant"], json!({ "id": 7 }));
        for name in RESERVED.into_iter().chain([ROLES_CLAIM, EPOCH_CLAIM]) {
            let error = issuer.token("alice").client_id("web").claim(name, "x").sign().unwrap_err();
            assert_eq!(error, JwtError::ReservedClaim(name.to_owned()));
        }
    }

    #[tokio::test]
    async fn r84_token_without_subject_or_client_is_not_issued() {
        assert_eq!(issuer().token("").client_id("web").sign().unwrap_err(), JwtError::Empty("subject"));
        assert_eq!(issuer().token("alice").sign().unwrap_err(), JwtError::Empty("client_id"));
    }

    #[tokio::test]
    async fn r37_issuer_refuses_the_secrets_that_a_verifier_refuses() {
        assert!(TokenIssuer::hs256(&SECRET[..31]).is_err());
        assert!(TokenIssuer::hs384(&SECRET[..47]).is_err());
        assert!(TokenIssuer::hs512(&SECRET[..63]).is_err());
        let issuer = TokenIssuer::hs512(SECRET).unwrap().issuer("https://issuer.example").audience("entries");
        let token = issuer.token("alice").client_id("web").sign().unwrap();
        assert!(identify(&issuer.verifier(), &token, Duration::ZERO).await.is_ok());
        assert!(!format!("{issuer:?}").contains("kQ8v"));
    }

    #[tokio::test]
    async fn r84_tokens_signed_with_a_private_key_name_the_key_that_is_published() {
        for algorithm in [Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA] {
            let issuer = TokenIssuer::private_key_pem(pem("PRIVATE KEY", &generated(algorithm).0)).unwrap();
            let issuer = issuer.issuer("https://issuer.example").audience("entries");
            let token = issuer.token("alice").client_id("web").sign().unwrap();
            let header = jsonwebtoken::decode_header(&token).unwrap();
            assert_eq!(
                (header.alg, header.kid.map(|kid| issuer.jwks().unwrap().contains(&kid))),
                (algorithm, Some(true))
            );

            let jwt = Jwt::jwks(issuer.jwks().unwrap()).unwrap().issuer("https://issuer.example").audience("entries");
            for jwt in [jwt, issuer.verifier()] {
                assert_eq!(identify(&jwt, &token, Duration::ZERO).await.unwrap().subject(), "alice");
            }
            let other = TokenIssuer::private_key_pem(pem("PRIVATE KEY", &generated(algorithm).0)).unwrap();
            let other = other.issuer("https://issuer.example").audience("entries");
            assert!(identify(&other.verifier(), &token, Duration::ZERO).await.is_err());
        }
    }
}
