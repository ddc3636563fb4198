//! Bearer tokens that are JSON Web Tokens: one of the authenticators of the second step, credential to identity.
//!
//! [`Jwt`] verifies them, [`TokenIssuer`] issues them. A token is taken apart and its signature verified in
//! `token.rs`, its registered claims are checked in `rules.rs`, and what it says of the caller is read in `claims.rs`.

mod algorithm;
mod claims;
mod error;
mod issue;
mod json;
mod key;
#[allow(dead_code, reason = "until remote keys are used")]
mod keys;
#[allow(dead_code, reason = "until remote keys are used")]
mod remote;
mod rules;
mod token;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime, SystemTimeError},
};

#[cfg(feature = "http-client")]
pub use self::remote::HttpFetcher;
pub use self::{
    algorithm::Algorithm,
    error::JwtError,
    issue::{NewToken, TokenIssuer, TokenIssuerKey, TokenIssuerName},
    remote::{Fetch, FetchRequest, RemoteKeys},
};
use self::{
    claims::{ClaimPath, Mapping},
    key::VerifyingKey,
    rules::Rules,
    token::Types,
};
use crate::{
    authenticate::{AuthenticationError, Authenticator, Context, Identity},
    credential::BearerToken,
};

const LEEWAY: Duration = Duration::from_mins(1);
const MAX_LEEWAY: Duration = Duration::from_mins(5);

/// Verifies access tokens of one issuer that are JSON Web Tokens (RFC 7519, RFC 9068). Cheap to clone.
///
/// It cannot be made without the three things that a token must be checked against: a key, which has exactly one
/// algorithm, the issuer, and the audience, which is the name by which the issuer knows this service.
///
/// ```
/// use auth_runtime::jwt::{Jwt, TokenIssuer};
///
/// let secret = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa"; // from a random generator, and not in the source
/// let jwt = Jwt::hs256(secret)?.issuer("https://issuer.example").audience("entries");
/// let jwt = jwt.roles_claim("realm_access.roles");
/// assert!(!format!("{jwt:?}").contains(secret));
///
/// // What is too weak does not start.
/// let error = Jwt::hs256("secret").unwrap_err();
/// assert!(error.to_string().contains("needs at least 32"));
/// # Ok::<(), auth_runtime::jwt::JwtError>(())
/// ```
///
/// Without issuer and audience it is no `Jwt` yet:
///
/// ```compile_fail,E0308
/// # use auth_runtime::jwt::Jwt;
/// let jwt: Jwt = Jwt::hs256("0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa")?.issuer("https://issuer.example");
/// # Ok::<(), auth_runtime::jwt::JwtError>(())
/// ```
///
/// # What is checked
///
/// - Form: three parts, base64url without padding, JSON objects without duplicate members.
/// - Header: `alg` is the key's algorithm; `typ` is `at+jwt`, `JWT` or not there; no `crit`, `jku`, `jwk`, `x5u`,
///   `x5c`, `zip`, `enc`, `b64`.
/// - Claims: `exp`, `iss`, `aud` and `sub` are there and of their types; `iss` is the issuer; `aud` names this
///   service; the token is not expired, not from the future, and no ID token.
///
/// What is the caller's is read from `roles`, `permissions` (or the claims that you name), `scope` and `scp`: a string
/// of names parted by spaces, or an array of strings. A name that the application does not declare grants nothing.
///
/// # What it does not protect against
///
/// A token is good until it expires, whoever holds it: it cannot be taken back, and a copy of it is as good as the
/// original. Keep lifetimes short.
#[derive(Clone)]
pub struct Jwt(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    key: VerifyingKey,
    types: Types,
    rules: Rules,
    mapping: Mapping,
}

/// A key that still needs an issuer to become a [`Jwt`].
#[derive(Clone, Debug)]
#[must_use = "call `issuer` and `audience`"]
pub struct JwtKey(VerifyingKey);

/// A key and an issuer that still need an audience to become a [`Jwt`].
#[derive(Clone, Debug)]
#[must_use = "call `audience`"]
pub struct JwtIssuer {
    key: VerifyingKey,
    issuer: String,
}

impl Jwt {
    /// For tokens signed with HMAC-SHA-256 by a secret that issuer and service share. Its bytes are taken as they
    /// are: base64 is not decoded.
    ///
    /// # Errors
    /// [`JwtError`] if the secret is shorter than 32 bytes (RFC 7518, section 3.2), not random or a PEM file.
    pub fn hs256(secret: impl AsRef<[u8]>) -> Result<JwtKey, JwtError> {
        VerifyingKey::hmac(jsonwebtoken::Algorithm::HS256, secret.as_ref()).map(JwtKey)
    }

    /// The same with HMAC-SHA-384.
    ///
    /// # Errors
    /// [`JwtError`] if the secret is shorter than 48 bytes, not random or a PEM file.
    pub fn hs384(secret: impl AsRef<[u8]>) -> Result<JwtKey, JwtError> {
        VerifyingKey::hmac(jsonwebtoken::Algorithm::HS384, secret.as_ref()).map(JwtKey)
    }

    /// The same with HMAC-SHA-512.
    ///
    /// # Errors
    /// [`JwtError`] if the secret is shorter than 64 bytes, not random or a PEM file.
    pub fn hs512(secret: impl AsRef<[u8]>) -> Result<JwtKey, JwtError> {
        VerifyingKey::hmac(jsonwebtoken::Algorithm::HS512, secret.as_ref()).map(JwtKey)
    }

    /// For tokens signed with a private key that only the issuer has. The public key, as the text of a PEM file,
    /// tells the algorithm: RSA is for `RS256`, P-256 for `ES256`, P-384 for `ES384`, Ed25519 for `EdDSA`.
    ///
    /// # Errors
    /// [`JwtError`] if it is a private key, a certificate, not exactly one key, of another kind, or an RSA key below
    /// 2048 bits (RFC 7518, section 3.3).
    pub fn public_key_pem(pem: impl AsRef<[u8]>) -> Result<JwtKey, JwtError> {
        VerifyingKey::public(pem.as_ref()).map(JwtKey)
    }

    /// By how much the clocks of issuer and service may differ: one minute unless set, and five minutes at most.
    #[must_use]
    pub fn leeway(self, leeway: Duration) -> Self {
        self.with(|inner| inner.rules.leeway = leeway.min(MAX_LEEWAY))
    }

    /// Which claim holds the caller's roles: a name, a dotted path (`realm_access.roles`) or a JSON pointer
    /// (`/realm_access/roles`); `roles` unless set.
    #[must_use]
    pub fn roles_claim(self, path: impl Into<String>) -> Self {
        self.with(|inner| inner.mapping.roles = ClaimPath::new(path))
    }

    /// Which claim holds the caller's permissions; `permissions` unless set. Scopes are not read from it: they are
    /// what the caller allows the client to do, and not what the caller may do.
    #[must_use]
    pub fn permissions_claim(self, path: impl Into<String>) -> Self {
        self.with(|inner| inner.mapping.permissions = ClaimPath::new(path))
    }

    /// Which claim holds a name for people to read; `name` or else `preferred_username` unless set.
    #[must_use]
    pub fn display_name_claim(self, path: impl Into<String>) -> Self {
        self.with(|inner| inner.mapping.display_name = vec![ClaimPath::new(path)])
    }

    /// Accepts only tokens that say that they are access tokens: `typ` is `at+jwt` (RFC 9068, section 4). Off unless
    /// called, as many issuers do not say so; call it for those that do, such as [`TokenIssuer`].
    #[must_use]
    pub fn only_access_tokens(self) -> Self {
        self.with(|inner| inner.types = Types::AccessToken)
    }

    fn new(key: VerifyingKey, issuer: String, audiences: Vec<String>) -> Self {
        let rules = Rules { issuer, audiences, leeway: LEEWAY };
        Self(Arc::new(Inner { key, types: Types::Untyped, rules, mapping: Mapping::default() }))
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Whose token it is at a time (since 1970).
    fn identify(&self, token: &str, now: Duration, context: Context) -> Result<Identity, AuthenticationError> {
        let Inner { key, types, rules, mapping } = &*self.0;
        let claims = token::verified_claims(token, key, *types)?;
        let subject = rules.check(&claims, now)?;
        let identity = context.identity(&rules.issuer, subject);
        Ok(mapping.describe(identity, claims)?.build())
    }
}

impl JwtKey {
    /// Who issues the tokens: the claim `iss` must be exactly this.
    ///
    /// # Panics
    /// If it is empty, as nothing would be checked then.
    #[track_caller]
    pub fn issuer(self, issuer: impl Into<String>) -> JwtIssuer {
        JwtIssuer { key: self.0, issuer: not_empty("issuer", issuer.into()) }
    }
}

impl JwtIssuer {
    /// By which name the issuer knows this service: the claim `aud` must hold it.
    ///
    /// # Panics
    /// If it is empty, as nothing would be checked then.
    #[must_use]
    #[track_caller]
    pub fn audience(self, audience: impl Into<String>) -> Jwt {
        Jwt::new(self.key, self.issuer, vec![not_empty("audience", audience.into())])
    }

    /// The same for a service that has several names, of which the claim `aud` must hold one.
    ///
    /// ```
    /// # use auth_runtime::jwt::Jwt;
    /// # let secret = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";
    /// let named = Jwt::hs256(secret)?.issuer("https://issuer.example");
    /// let jwt = named.audiences(["entries", "https://entries.example"])?;
    /// # Ok::<(), auth_runtime::jwt::JwtError>(())
    /// ```
    ///
    /// # Errors
    /// [`JwtError::Empty`] if there is none, or one is empty.
    pub fn audiences<T: Into<String>>(self, audiences: impl IntoIterator<Item = T>) -> Result<Jwt, JwtError> {
        let audiences: Vec<String> = audiences.into_iter().map(Into::into).collect();
        if audiences.is_empty() || audiences.iter().any(String::is_empty) {
            return Err(JwtError::Empty("audience"));
        }
        Ok(Jwt::new(self.key, self.issuer, audiences))
    }
}

impl Authenticator for Jwt {
    type Credential = BearerToken;

    async fn authenticate(&self, token: BearerToken, context: &Context) -> Result<Identity, AuthenticationError> {
        // With a clock that cannot be right nobody can tell what is expired.
        let now = now().map_err(AuthenticationError::unavailable)?;
        self.identify(token.as_str(), now, *context)
    }
}

/// Says whose tokens it takes, and nothing of the key but its algorithm.
impl fmt::Debug for Jwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { key, types, rules, mapping: _ } = &*self.0;
        f.debug_struct("Jwt").field("key", key).field("types", types).field("rules", rules).finish_non_exhaustive()
    }
}

/// The time since 1970.
fn now() -> Result<Duration, SystemTimeError> {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)
}

#[track_caller]
fn not_empty(what: &'static str, name: String) -> String {
    assert!(!name.is_empty(), "{}", JwtError::Empty(what));
    name
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::{Authenticator, BearerToken, Jwt, JwtError, key::tests::SECRET, now, token::tests::signed};
    use crate::{
        access::Tables,
        authenticate::{AuthenticationError, Context, Identity},
        credential::{CarriedBy, Credential},
        scheme::{SchemeKind, SecurityScheme},
    };

    static TABLES: Tables =
        Tables { permissions: &["view"], roles: &["Viewer"], scopes: &[], role_permissions: &[&[0b1]] };
    const BEARER: SecurityScheme =
        SecurityScheme { name: "token", description: "", kind: SchemeKind::Bearer { format: None } };

    fn jwt() -> Jwt {
        Jwt::hs256(SECRET).unwrap().issuer("https://issuer.example").audience("entries")
    }

    fn token(changes: Value) -> String {
        let exp = now().unwrap().as_secs() + 100;
        let mut claims = json!({ "iss": "https://issuer.example", "aud": ["entries"], "sub": "alice", "exp": exp });
        if let (Some(claims), Value::Object(changes)) = (claims.as_object_mut(), changes) {
            claims.extend(changes);
        }
        signed(r#"{"alg":"HS256","typ":"JWT"}"#, claims.to_string())
    }

    async fn authenticate(jwt: &Jwt, token: &str) -> Result<Identity, AuthenticationError> {
        let request = poem::Request::builder().header("Authorization", format!("Bearer {token}")).finish();
        let Credential::Found(token) = BearerToken::find(&request, &BEARER) else { panic!("no token: {token}") };
        jwt.authenticate(token, &Context::new(&TABLES)).await
    }

    #[tokio::test]
    async fn r36_good_token_is_issuer_and_subject() {
        let identity = authenticate(&jwt(), &token(json!({ "roles": ["Viewer"] }))).await.unwrap();
        assert_eq!((identity.issuer(), identity.subject()), ("https://issuer.example", "alice"));
        assert_eq!(identity.role_words(), [0b1]);
        assert_eq!(identity.claims()["aud"], json!(["entries"]));
    }

    #[tokio::test]
    async fn r33_expired_token_is_refused() {
        let expired = token(json!({ "exp": now().unwrap().as_secs() - 61 }));
        let error = authenticate(&jwt(), &expired).await.unwrap_err();
        assert_eq!((error.to_string().as_str(), error.is_unavailable()), ("expired", false));
        let lenient = jwt().leeway(Duration::from_mins(2));
        assert!(authenticate(&lenient, &expired).await.is_ok());
        let capped = jwt().leeway(Duration::MAX);
        let older = token(json!({ "exp": now().unwrap().as_secs() - 301 }));
        assert!(authenticate(&capped, &older).await.is_err());
    }

    #[tokio::test]
    async fn token_of_another_issuer_or_audience_is_refused() {
        for (changes, reason) in [
            (json!({ "iss": "https://evil.example" }), "issuer"),
            (json!({ "aud": "other" }), "audience"),
            (json!({ "nonce": "x" }), "ID token (claim `nonce`)"),
            (json!({ "roles": 1 }), "form of claim `roles`"),
        ] {
            assert_eq!(authenticate(&jwt(), &token(changes)).await.unwrap_err().to_string(), reason);
        }
    }

    #[tokio::test]
    async fn options_change_where_names_are_read() {
        let jwt = jwt().roles_claim("realm_access.roles").permissions_claim("/perms").display_name_claim("nick");
        let token = token(json!({ "realm_access": { "roles": ["Viewer"] }, "perms": "view", "nick": "Al" }));
        let identity = authenticate(&jwt, &token).await.unwrap();
        assert_eq!((identity.role_words(), identity.display_name()), ([0b1].as_slice(), "Al"));
        let error = authenticate(&jwt.only_access_tokens(), &token).await.unwrap_err();
        assert_eq!(error.to_string(), "type of token");
    }

    #[test]
    fn r34_empty_audience_or_issuer_is_refused_at_start() {
        let named = || Jwt::hs256(SECRET).unwrap().issuer("https://issuer.example");
        assert_eq!(named().audiences([""; 0]).unwrap_err(), JwtError::Empty("audience"));
        assert_eq!(named().audiences(["entries", ""]).unwrap_err(), JwtError::Empty("audience"));
        assert!(named().audiences(["entries", "other"]).is_ok());
        assert!(std::panic::catch_unwind(|| named().audience("")).is_err());
        assert!(std::panic::catch_unwind(|| Jwt::hs256(SECRET).unwrap().issuer("")).is_err());
    }

    #[test]
    fn debug_shows_the_rules_and_not_the_key() {
        let shown = format!("{:?} {:?}", jwt(), Jwt::hs256(SECRET).unwrap());
        assert!(shown.contains("HS256") && shown.contains("https://issuer.example"), "{shown}");
        assert!(!shown.contains("kQ8v") && !shown.contains("107"), "{shown}");
    }
}
