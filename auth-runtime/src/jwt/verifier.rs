//! Verifies tokens: from the text of a token to the identity of its caller.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, SystemTimeError},
};

use poem::Request;

use super::{
    claim_mapping::{ClaimMapping, ClaimPath},
    error::{JwtError, TokenError},
    issuer::TrustedIssuer,
    json::Object,
    jws::{HeaderCache, Jws},
    key_source::KeySource,
    registered_claims::{self, Expected, LEEWAY, MAX_LEEWAY},
    revocations::Revocations,
    role_table::SharedRoleTable,
    tenants::IssuerName,
    token_cache::TokenCache,
    token_type::{CustomRule, TokenHints, TokenType, TypeRule},
};
use crate::{
    authenticate::{AuthenticationError, Authenticator, Context, Identity},
    credential::BearerToken,
};

/// How much of the name of an unknown issuer the log shows, in characters.
const SHOWN: usize = 100;

/// Verifies access tokens that are JSON Web Tokens (RFC 7519, RFC 9068). Cheap to clone.
///
/// It needs a key with exactly one algorithm, the issuer, and the audience: the name by which the issuer knows this
/// service.
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
/// Without issuer and audience, the builder is not a `Jwt` yet:
///
/// ```compile_fail,E0308
/// # use auth_runtime::jwt::Jwt;
/// let jwt: Jwt = Jwt::hs256("0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa")?.issuer("https://issuer.example");
/// # Ok::<(), auth_runtime::jwt::JwtError>(())
/// ```
///
/// # Checks
///
/// - Form: three parts, base64url without padding, JSON objects without duplicate members.
/// - Type: the header's `typ` is `at+jwt` (see [`accept_untyped`](Self::accept_untyped) and
///   [`token_type`](Self::token_type)), and nothing marks an ID token.
/// - Header: `alg` is the algorithm of the key; there is no `crit`, `zip`, `enc` or `b64`. `jku`, `jwk`, `x5u` and
///   `x5c` are ignored.
/// - Claims: `exp`, `iss`, `aud` and `sub` are present and have the right types; `iss` is the issuer; `aud` contains
///   this service; the token is not expired, not from the future and not revoked.
///
/// # Claims
///
/// Roles and permissions come from the claims `roles` and `permissions`, or from the claims that you name. Each is an
/// array of names, or a string that is one name (see [`separator`](Self::separator)). Group ids and other names of the
/// issuer are mapped by a [`role_table`](Self::role_table). Scopes come from `scope` and
/// `scp`, where a string is split at spaces (RFC 8693, section 4.2). A name that the application does not declare
/// grants nothing.
///
/// # Cache
///
/// A verified token is cached for five minutes, unless you set another [`cache_ttl`](Self::cache_ttl). It is evicted
/// earlier if it expires or is revoked, if its key is withdrawn, its role table is replaced, or its tenant is no longer
/// accepted. Up to 10 000 tokens are kept ([`cache_capacity`](Self::cache_capacity)).
///
/// # Limits
///
/// A copy of a token is as good as the original, until it expires or is [revoked](Self::revocations). Keep lifetimes
/// short.
#[derive(Clone, Debug)]
pub struct Jwt(pub(super) Arc<Verifier>);

#[derive(Debug)]
pub(super) struct Verifier {
    issuers: Vec<TrustedIssuer>,
    pub(super) cache: TokenCache,
    headers: HeaderCache,
}

impl Verifier {
    fn join(mut self, other: Self) -> Self {
        self.cache = self.cache.narrower(&other.cache);
        self.issuers.extend(other.issuers);
        self
    }
}

/// A copy starts with an empty cache, as its settings may change.
impl Clone for Verifier {
    fn clone(&self) -> Self {
        Self { issuers: self.issuers.clone(), cache: self.cache.emptied(), headers: HeaderCache::default() }
    }
}

impl Jwt {
    /// Returns one verifier for the tokens of several issuers, each with its own keys, audiences and claims. The claim
    /// `iss` of a token selects the verifier, which keeps its settings. The cache has the smallest capacity and the
    /// shortest TTL of all.
    ///
    /// ```
    /// # use auth_runtime::jwt::Jwt;
    /// # let (secret, other) = ("0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa", "8Gf2HjMa0Zr9Pq4cWv1XsT7uKb3Ln6Yd");
    /// let staff = Jwt::hs256(secret)?.issuer("https://staff.example").audience("entries");
    /// let partners = Jwt::hs256(other)?.issuer("https://partners.example").audience("https://entries.example");
    /// let jwt = Jwt::any_of([staff, partners.roles_claim("realm_access.roles")])?;
    /// # Ok::<(), auth_runtime::jwt::JwtError>(())
    /// ```
    ///
    /// # Errors
    /// [`JwtError::IssuerTwice`] if two are for the same issuer, or could accept the same tenant;
    /// [`JwtError::Empty`] if there is none.
    pub fn any_of(verifiers: impl IntoIterator<Item = Self>) -> Result<Self, JwtError> {
        let joined = verifiers.into_iter().map(|jwt| Arc::unwrap_or_clone(jwt.0)).reduce(Verifier::join);
        let joined = joined.ok_or(JwtError::Empty("issuer"))?;
        let names = || joined.issuers.iter().map(|issuer| &issuer.expected.issuer);
        match names().enumerate().find(|(index, name)| names().take(*index).any(|other| other.overlaps(name))) {
            Some((_, twice)) => Err(JwtError::IssuerTwice(twice.as_str().to_owned())),
            None => Ok(Self(Arc::new(joined))),
        }
    }

    /// Waits until the keys of each issuer have been fetched once, and returns the first error. Call it at start, so
    /// that a wrong setting is found before the first token arrives.
    ///
    /// A service can also start while its issuer is down, by ignoring [`JwtError::KeysNotFetched`]: fetches are
    /// retried, and tokens get 503 until the keys arrive. Each document is awaited for at most
    /// [`RemoteKeys::timeout`](super::RemoteKeys::timeout).
    ///
    /// ```no_run
    /// # #[cfg(any(feature = "http-client", feature = "custom-fetcher"))] {
    /// # use auth_runtime::jwt::{Jwt, JwtError, RemoteKeys};
    /// # async fn start() -> Result<Jwt, JwtError> {
    /// let issuer = RemoteKeys::openid_connect("https://example.eu.auth0.com/")?;
    /// let jwt = Jwt::discovered(issuer)?.audience("https://notes.example.com");
    /// match jwt.ready().await {
    ///     // Down now, and perhaps not later.
    ///     Err(JwtError::KeysNotFetched { .. }) | Ok(()) => Ok(jwt),
    ///     // Such as a missing slash at the end of the issuer.
    ///     Err(error) => Err(error),
    /// }
    /// # }
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`JwtError::OtherIssuer`] if the issuer in the discovery document is not the configured one, and
    /// [`JwtError::KeysNotFetched`] if the keys could not be fetched for another reason.
    pub async fn ready(&self) -> Result<(), JwtError> {
        for source in self.sources() {
            source.ready(now().unwrap_or_default()).await?;
        }
        Ok(())
    }

    /// The issuer, if there is only one.
    #[cfg(feature = "basic")]
    pub(crate) fn only_issuer(&self) -> Result<&str, JwtError> {
        match self.0.issuers.as_slice() {
            [TrustedIssuer { expected: Expected { issuer: IssuerName::One(issuer), .. }, .. }] => Ok(issuer),
            _ => Err(JwtError::SeveralIssuers),
        }
    }

    /// Sets by how much the clocks of issuer and service may differ (default: one minute; at most five minutes).
    #[must_use]
    pub fn leeway(self, leeway: Duration) -> Self {
        self.each(|issuer| issuer.expected.leeway = leeway.min(MAX_LEEWAY))
    }

    /// Sets the claim with the caller's roles (default: `roles`): a name, a dotted path (`realm_access.roles`) or a
    /// JSON pointer (`/realm_access/roles`).
    #[must_use]
    pub fn roles_claim(self, path: impl Into<String>) -> Self {
        self.roles_claims([path])
    }

    /// Reads roles from several claims, and grants the roles of all of them.
    ///
    /// ```
    /// # use auth_runtime::jwt::Jwt;
    /// # let secret = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";
    /// let jwt = Jwt::hs256(secret)?.issuer("https://issuer.example").audience("entries");
    /// // Roles of the realm and of the client `my.client` (Keycloak).
    /// let jwt = jwt.roles_claims(["realm_access.roles", "/resource_access/my.client/roles"]);
    /// # Ok::<(), auth_runtime::jwt::JwtError>(())
    /// ```
    #[must_use]
    pub fn roles_claims<T: Into<String>>(self, paths: impl IntoIterator<Item = T>) -> Self {
        let paths = ClaimPath::all(paths);
        self.each(|issuer| issuer.mapping.roles.clone_from(&paths))
    }

    /// Adds a claim whose keys are roles, as in tokens of Zitadel: `{"admin": {"1234": "example.com"}}`. A key whose
    /// value is `false`, `null` or `{}` is not granted. A value other than a boolean, an object or `null` rejects the
    /// token.
    #[must_use]
    pub fn role_keys_claim(self, path: impl Into<String>) -> Self {
        let path = ClaimPath::new(path);
        self.each(|issuer| issuer.mapping.role_keys.push(path.clone()))
    }

    /// Adds roles that are granted if the claim with their name is `true`, as custom claims of Firebase are:
    /// `{"admin": true}`. A non-empty object grants the role too. `false`, `null` and `{}` do not, and any other value
    /// rejects the token.
    #[must_use]
    pub fn role_flags<T: Into<String>>(self, roles: impl IntoIterator<Item = T>) -> Self {
        let roles: Vec<String> = roles.into_iter().map(Into::into).collect();
        self.each(|issuer| issuer.mapping.role_flags.extend_from_slice(&roles))
    }

    /// Maps the names in the claims of roles, such as group ids, with a table. A name grants only what the table maps
    /// it to. The claim of permissions is not mapped.
    ///
    /// Pass a [`RoleTable`](super::RoleTable), or a [`SharedRoleTable`] to replace the table while the service runs.
    #[must_use]
    pub fn role_table(self, table: impl Into<SharedRoleTable>) -> Self {
        let table = table.into();
        self.each(|issuer| issuer.mapping.table = Some(table.clone()))
    }

    /// Reads the subject from this claim in place of `sub`, for an issuer whose tokens for machine clients have no
    /// `sub` (`client_id`, `azp`). `sub` is then ignored, because a user could have the name of a client as `sub`.
    ///
    /// The value must identify the caller within the issuer, and never be reused for another caller.
    #[must_use]
    pub fn subject_claim(self, name: impl Into<String>) -> Self {
        let name = Some(name.into());
        self.each(|issuer| issuer.expected.subject_claim.clone_from(&name))
    }

    /// Reads the audience from this claim if a token has no `aud`, as in access tokens of Amazon Cognito (`client_id`).
    /// For a token with `aud`, only `aud` is checked.
    ///
    /// The claim then binds a token to the client that requested it, not to a service. **You must ensure** that each
    /// client that you list as an audience may call this service.
    #[must_use]
    pub fn audience_claim(self, name: impl Into<String>) -> Self {
        let name = Some(name.into());
        self.each(|issuer| issuer.expected.audience_claim.clone_from(&name))
    }

    /// Sets the claim with the caller's permissions (default: `permissions`). Do not set it to a claim of scopes: they
    /// limit what the client may do for the caller, and do not grant permissions to the caller.
    #[must_use]
    pub fn permissions_claim(self, path: impl Into<String>) -> Self {
        let path = ClaimPath::new(path);
        self.each(|issuer| issuer.mapping.permissions = path.clone())
    }

    /// Sets the claim with the display name (default: `name`). A token without it has its [user
    /// name](crate::authenticate::Principal::username) as display name (always the claim `preferred_username`), or else
    /// the subject.
    #[must_use]
    pub fn display_name_claim(self, path: impl Into<String>) -> Self {
        let path = vec![ClaimPath::new(path)];
        self.each(|issuer| issuer.mapping.display_name.clone_from(&path))
    }

    /// Splits a string of roles or permissions at this character, for an issuer that joins several names in one string.
    /// Spaces around a name are removed. Without a separator, a string is one name: `"Deputy Administrator"` does not
    /// grant `Administrator`.
    ///
    /// ```
    /// # use auth_runtime::jwt::Jwt;
    /// # let secret = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";
    /// // {"groups": "staff,editors"}
    /// let jwt = Jwt::hs256(secret)?.issuer("https://issuer.example").audience("entries");
    /// let jwt = jwt.roles_claim("groups").separator(',');
    /// # Ok::<(), auth_runtime::jwt::JwtError>(())
    /// ```
    #[must_use]
    pub fn separator(self, separator: char) -> Self {
        self.each(|issuer| issuer.mapping.separator = Some(separator))
    }

    /// Also accepts tokens whose header has `typ: JWT` or no `typ`, in place of `at+jwt` (RFC 9068, section 4).
    /// Keycloak and Amazon Cognito need it, for example. For Microsoft Entra, use [`token_type`](Self::token_type): its
    /// ID tokens may have none of the claims below.
    ///
    /// The claims then decide whether it is an access token, in this order:
    ///
    /// 1. A token with `at_hash` or `c_hash` is an ID token, and is rejected. So is a token whose `token_use` (Cognito)
    ///    or `typ` (Keycloak) states an ID token (`ID`) or a refresh token (`Refresh`), even if the header or the other
    ///    claim states an access token.
    /// 2. If there is `token_use`, it must be `access`. If there is `typ`, it must be `Bearer` or `at+jwt`; `JWT`
    ///    counts as absent.
    /// 3. A token with `nonce` and with neither `token_use` nor `typ` may be an ID token, and is rejected. If an issuer
    ///    puts a `nonce` into such access tokens, use [`token_type`](Self::token_type).
    ///
    /// Other tokens are accepted. **You must ensure** that the issuer signs nothing else for the same audience that
    /// could be mistaken for an access token (RFC 8725, section 3.11): an ID token without any of these claims cannot
    /// be recognised.
    #[must_use]
    pub fn accept_untyped(self) -> Self {
        self.each(|issuer| issuer.types.accepts_untyped = true)
    }

    /// Sets the function that determines the type of a token, for an issuer that marks its access tokens in its own
    /// way. It runs after the signature is verified. With it, [`accept_untyped`](Self::accept_untyped) has no effect.
    ///
    /// A token that is certainly an ID token (`token_use` is `id`, `typ` is `ID`, or it has `at_hash` or `c_hash`) is
    /// rejected whatever the function returns; see [`danger::accept_id_tokens`](crate::danger::accept_id_tokens). A
    /// token that states that it is a refresh token (`token_use` is `refresh`, or `typ` is `Refresh` or `Offline`) is
    /// always rejected.
    ///
    /// ```
    /// # use auth_runtime::jwt::Jwt;
    /// use auth_runtime::jwt::TokenType;
    ///
    /// # let secret = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";
    /// let jwt = Jwt::hs256(secret)?.issuer("https://issuer.example").audience("entries");
    /// let jwt = jwt.token_type(|token| match token.header_type() {
    ///     Some("example-access+jwt") => TokenType::AccessToken,
    ///     _ => TokenType::Other,
    /// });
    /// # Ok::<(), auth_runtime::jwt::JwtError>(())
    /// ```
    #[must_use]
    pub fn token_type(self, rule: impl Fn(TokenHints<'_>) -> TokenType + Send + Sync + 'static) -> Self {
        let rule: CustomRule = Arc::new(rule);
        self.each(|issuer| issuer.types.custom = Some(Arc::clone(&rule)))
    }

    /// See [`danger::accept_id_tokens`](crate::danger::accept_id_tokens).
    pub(crate) fn accept_id_tokens(self) -> Self {
        self.each(|issuer| issuer.types.accepts_id_tokens = true)
    }

    /// Sets the list of revoked tokens. Keep a clone of it to revoke tokens.
    #[must_use]
    pub fn revocations(self, list: &Revocations) -> Self {
        self.each(|issuer| issuer.revocations = Some(list.clone()))
    }

    /// Sets how long a verified token is cached (default: five minutes; zero turns the cache off). Its times, its key,
    /// its revocation, its tenant and its role table are checked for each request.
    #[must_use]
    pub fn cache_ttl(mut self, ttl: Duration) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        inner.cache = inner.cache.with_ttl(ttl);
        self
    }

    /// Sets the maximum number of cached tokens (default: 10 000; zero turns the cache off). The least used tokens are
    /// evicted first.
    #[must_use]
    pub fn cache_capacity(mut self, tokens: usize) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        inner.cache = inner.cache.with_capacity(tokens);
        self
    }

    pub(super) fn new(sources: Vec<KeySource>, issuer: IssuerName, audiences: Vec<String>) -> Self {
        let issuer = TrustedIssuer {
            sources,
            types: TypeRule::default(),
            expected: Expected { issuer, audiences, audience_claim: None, subject_claim: None, leeway: LEEWAY },
            mapping: ClaimMapping::default(),
            revocations: None,
            user_info_cache: Arc::default(),
        };
        Self(Arc::new(Verifier { issuers: vec![issuer], cache: TokenCache::new(), headers: HeaderCache::default() }))
    }

    fn each(mut self, change: impl Fn(&mut TrustedIssuer)) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        inner.cache = inner.cache.emptied();
        inner.issuers.iter_mut().for_each(change);
        self
    }

    /// Returns the identity of a token at a time (since 1970).
    pub(super) async fn identify(
        &self,
        token: &[u8],
        now: Duration,
        context: Context,
    ) -> Result<Identity, AuthenticationError> {
        match self.0.cache.get(token, now, context.declared_names()) {
            Some(identity) => Ok(identity),
            // In a box of its own, so that the common path stays small.
            None => Box::pin(self.verify(token, now, context)).await,
        }
    }

    async fn verify(&self, token: &[u8], now: Duration, context: Context) -> Result<Identity, AuthenticationError> {
        let jws = Jws::parse(token, &self.0.headers)?;
        let claims = Object::parse(&jws.payload).ok_or(TokenError::Encoding)?;
        let name = registered_claims::issuer(&claims)?;
        let issuer = self.issuer(name)?;
        // Nothing but the name of the issuer is believed before the signature is.
        let key = issuer.key(&jws, name, now).await?;
        self.0.headers.insert(&jws);
        if let Some(list) = &issuer.revocations {
            list.refresh().await?;
        }
        let verified = issuer.describe(token, &jws, &claims, key, now, context)?;
        let identity = verified.identity.clone();
        self.0.cache.insert(token, now, verified);
        Ok(identity)
    }

    fn issuer(&self, name: &str) -> Result<&TrustedIssuer, AuthenticationError> {
        if let Some(known) = self.0.issuers.iter().find(|issuer| issuer.expected.issuer.fits(name)) {
            return Ok(known);
        }
        let shown: String = name.chars().take(SHOWN).collect();
        // The token may be good: its issuer is configured by another name.
        Err(match self.sources().filter_map(KeySource::problem).find(|problem| problem.calls_itself(name)) {
            Some(problem) => AuthenticationError::unavailable(JwtError::clone(&problem)),
            None => AuthenticationError::invalid(format!("{}: {shown:?}", TokenError::Issuer)),
        })
    }

    fn sources(&self) -> impl Iterator<Item = &KeySource> {
        self.0.issuers.iter().flat_map(|issuer| &issuer.sources)
    }
}

impl Authenticator for Jwt {
    type Credential = BearerToken;

    const CACHES_TEXTS: bool = true;

    /// A cached token has the form of a token: it was parsed when it was verified.
    fn cached(&self, text: &[u8], _: &Request, context: &Context) -> Option<Identity> {
        self.0.cache.get(text, now().ok()?, context.declared_names())
    }

    async fn authenticate(&self, token: BearerToken, context: &Context) -> Result<Identity, AuthenticationError> {
        // With a wrong clock, expiry is unknown.
        let now = now().map_err(AuthenticationError::unavailable)?;
        self.identify(token.as_bytes(), now, *context).await
    }
}

/// The time since 1970.
pub(super) fn now() -> Result<Duration, SystemTimeError> {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)
}
