//! Builds a [`Jwt`]: keys first, then the issuer, then the audience.

use std::{fmt, fs, path::Path, sync::Arc};

use super::{
    algorithm::Algorithm,
    error::JwtError,
    key::{jwk, named::NamedKey, verifying::VerifyingKey},
    key_set::KeySet,
    key_source::KeySource,
    remote::{Remote, RemoteKeys},
    tenants::{IssuerName, Template, Tenants, has_braces},
    verifier::Jwt,
};

/// One or several keys that still need an issuer to become a [`Jwt`].
#[derive(Clone, Debug)]
#[must_use = "call `issuer` and `audience`"]
pub struct JwtKey(Vec<KeySource>);

/// Keys and an issuer that still need an audience to become a [`Jwt`].
#[derive(Clone, Debug)]
#[must_use = "call `audience`"]
pub struct JwtIssuer {
    sources: Vec<KeySource>,
    issuer: IssuerName,
}

impl Jwt {
    /// For tokens signed with HMAC-SHA-256 by a secret that issuer and service share. Its bytes are taken as they
    /// are: base64 is not decoded.
    ///
    /// # Errors
    /// [`JwtError`] if the secret is shorter than 32 bytes (RFC 7518, section 3.2), has fewer than 8 different bytes,
    /// or is a key (PEM, or the base64 of its DER).
    pub fn hs256(secret: impl AsRef<[u8]>) -> Result<JwtKey, JwtError> {
        VerifyingKey::hmac(Algorithm::HS256, secret.as_ref()).map(JwtKey::unnamed)
    }

    /// The same with HMAC-SHA-384.
    ///
    /// # Errors
    /// [`JwtError`] if the secret is shorter than 48 bytes, or [`hs256`](Self::hs256) rejects it for another reason.
    pub fn hs384(secret: impl AsRef<[u8]>) -> Result<JwtKey, JwtError> {
        VerifyingKey::hmac(Algorithm::HS384, secret.as_ref()).map(JwtKey::unnamed)
    }

    /// The same with HMAC-SHA-512.
    ///
    /// # Errors
    /// [`JwtError`] if the secret is shorter than 64 bytes, or [`hs256`](Self::hs256) rejects it for another reason.
    pub fn hs512(secret: impl AsRef<[u8]>) -> Result<JwtKey, JwtError> {
        VerifyingKey::hmac(Algorithm::HS512, secret.as_ref()).map(JwtKey::unnamed)
    }

    /// For tokens signed with a private key that only the issuer has. The public key, as the text of a PEM file,
    /// tells the algorithm: RSA is for `RS256`, P-256 for `ES256`, P-384 for `ES384`, Ed25519 for `EdDSA`. It is a
    /// public key (`BEGIN PUBLIC KEY`, or `BEGIN RSA PUBLIC KEY` for PKCS #1) or a certificate (`BEGIN CERTIFICATE`).
    ///
    /// Only the public key of a certificate is used. Its issuer and its validity are not checked. The file is trusted
    /// as it is, so keep it where only you can write.
    ///
    /// # Errors
    /// [`JwtError`] if it is a private key, not exactly one key, of another kind, or out of bounds: an RSA key below
    /// 2048 bits (RFC 7518, section 3.3) or above 8192, or an Ed25519 key of small order.
    pub fn public_key_pem(pem: impl AsRef<[u8]>) -> Result<JwtKey, JwtError> {
        VerifyingKey::pem(None, pem.as_ref()).map(JwtKey::unnamed)
    }

    /// The same with another algorithm than the usual one of the key, such as `PS256` for RSA.
    ///
    /// ```
    /// use auth_runtime::jwt::{Algorithm, Jwt};
    ///
    /// let pem = "-----BEGIN PUBLIC KEY-----\n\
    ///     MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
    ///     -----END PUBLIC KEY-----\n";
    /// let error = Jwt::public_key_pem_for(Algorithm::PS256, pem).unwrap_err();
    /// assert_eq!(error.to_string(), "the key is not for PS256; it can be used for EdDSA");
    /// ```
    ///
    /// # Errors
    /// Those of [`public_key_pem`](Self::public_key_pem), and [`JwtError::OtherAlgorithm`] if the key does not fit.
    pub fn public_key_pem_for(algorithm: Algorithm, pem: impl AsRef<[u8]>) -> Result<JwtKey, JwtError> {
        VerifyingKey::pem(Some(algorithm), pem.as_ref()).map(JwtKey::unnamed)
    }

    /// For tokens signed with the key of a JWK (RFC 7517, section 4), as JSON text. The algorithm is its `alg`, or else
    /// the usual one of its kind: `RS256`, `ES256`, `ES384` or `EdDSA`. A secret (`"kty": "oct"`) needs `alg`.
    ///
    /// ```
    /// use auth_runtime::jwt::Jwt;
    ///
    /// let key = Jwt::jwk(r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#)?;
    /// let jwt = key.issuer("https://issuer.example").audience("entries");
    /// # Ok::<(), auth_runtime::jwt::JwtError>(())
    /// ```
    ///
    /// # Errors
    /// [`JwtError::Jwk`] if it is a private key, not for verifying signatures, not supported, or as weak as what
    /// [`public_key_pem`](Self::public_key_pem) and [`hs256`](Self::hs256) refuse.
    pub fn jwk(json: impl AsRef<str>) -> Result<JwtKey, JwtError> {
        jwk::one(json.as_ref()).map(JwtKey::named)
    }

    /// For tokens signed with one of the keys of a JWKS (RFC 7517, section 5), as JSON text. Keys that are not for
    /// verifying signatures (`use`, `key_ops`) are left out. Keys of a kind that is not supported are left out with a
    /// warning. A token without `kid` is tried with up to four keys of its algorithm.
    ///
    /// # Errors
    /// [`JwtError::NotAJwks`] if it is none, or has more than 100 keys; [`JwtError::Jwk`] if one of the keys is refused
    /// by [`jwk`](Self::jwk) for another reason; [`JwtError::NoKeys`] if no key is left.
    pub fn jwks(json: impl AsRef<str>) -> Result<JwtKey, JwtError> {
        jwk::configured_set(json.as_ref()).map(JwtKey::fixed)
    }

    /// Does the same with a JWKS in a file. The file is read once.
    ///
    /// # Errors
    /// [`JwtError::File`] if it cannot be read, or [`jwks`](Self::jwks) refuses what it holds.
    pub fn jwks_file(path: impl AsRef<Path>) -> Result<JwtKey, JwtError> {
        let path = path.as_ref();
        let error =
            |reason: &dyn fmt::Display| JwtError::File { path: path.display().to_string(), reason: reason.to_string() };
        let json = fs::read_to_string(path).map_err(|reason| error(&reason))?;
        Self::jwks(json).map_err(|reason| error(&reason))
    }

    /// For tokens signed with one of the keys that an issuer publishes. They are fetched in the background, now and
    /// before they are out of date. Until they arrive, requests with a token wait for the fetch under way, and get 503
    /// if it fails.
    ///
    /// ```
    /// # #[cfg(not(feature = "http-client"))] fn main() {}
    /// # #[cfg(feature = "http-client")]
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), auth_runtime::jwt::JwtError> {
    /// use std::time::Duration;
    /// use auth_runtime::jwt::{Jwt, RemoteKeys};
    ///
    /// let keys = RemoteKeys::jwks_url("https://issuer.example/jwks.json")?.ttl(Duration::from_mins(1));
    /// let jwt = Jwt::remote(keys)?.issuer("https://issuer.example").audience("entries");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`JwtError::NoRuntime`] outside of a Tokio runtime; [`JwtError::NoFetcher`] or [`JwtError::HttpClient`] if there
    /// is nothing to fetch with.
    pub fn remote(keys: RemoteKeys) -> Result<JwtKey, JwtError> {
        let fetched = Arc::new(KeySet::none());
        let remote = Remote::start(keys, Arc::clone(&fetched))?;
        Ok(JwtKey(vec![KeySource { keys: fetched, remote: Some(remote) }]))
    }

    /// For tokens of an OpenID Connect provider, or another issuer with a discovery document (RFC 8414): it says where
    /// the keys are, and where to ask for [`user_info`](crate::authenticate::Principal::user_info).
    ///
    /// ```
    /// # #[cfg(not(feature = "http-client"))] fn main() {}
    /// # #[cfg(feature = "http-client")]
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), auth_runtime::jwt::JwtError> {
    /// use auth_runtime::jwt::{Jwt, RemoteKeys};
    ///
    /// let issuer = RemoteKeys::openid_connect("https://issuer.example")?;
    /// let jwt = Jwt::discovered(issuer)?.audience("entries");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of [`remote`](Self::remote), and [`JwtError::NoIssuer`] for keys of [`RemoteKeys::jwks_url`], which do not
    /// say whose they are.
    pub fn discovered(keys: RemoteKeys) -> Result<JwtIssuer, JwtError> {
        let issuer = keys.issuer().ok_or(JwtError::NoIssuer)?.to_owned();
        Self::remote(keys).map(|keys| keys.issuer(issuer))
    }
}

impl JwtKey {
    pub(super) fn named(key: NamedKey) -> Self {
        Self::fixed([key])
    }

    /// Keys that are kept up to date.
    #[cfg(feature = "token-service")]
    pub(super) fn of_source(source: KeySource) -> Self {
        Self(vec![source])
    }

    fn unnamed(key: VerifyingKey) -> Self {
        Self::named(NamedKey { kid: None, key, issuer: None })
    }

    fn fixed(keys: impl IntoIterator<Item = NamedKey>) -> Self {
        let keys = keys.into_iter().inspect(|key| key.warn_if_weak("of the configuration"));
        Self(vec![KeySource { keys: Arc::new(KeySet::fixed(keys)), remote: None }])
    }

    /// Accepts another key of the same issuer too, for a key rotation.
    ///
    /// ```
    /// # use auth_runtime::jwt::Jwt;
    /// # let (old, new) = ("0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa", "8Gf2HjMa0Zr9Pq4cWv1XsT7uKb3Ln6Yd");
    /// let jwt = Jwt::hs256(new)?.or(Jwt::hs256(old)?).issuer("https://issuer.example").audience("entries");
    /// # Ok::<(), auth_runtime::jwt::JwtError>(())
    /// ```
    pub fn or(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Sets the issuer of the tokens: the claim `iss` must be exactly this.
    ///
    /// # Panics
    /// If it is empty, as nothing would be checked then; if it has braces, as it is a template for
    /// [`tenants`](Self::tenants); or if keys were discovered that are of another issuer.
    #[track_caller]
    pub fn issuer(self, issuer: impl Into<String>) -> JwtIssuer {
        let issuer = issuer_name(issuer.into());
        let other = self.discovered().find(|discovered| **discovered != *issuer);
        assert!(other.is_none(), "the keys are those of {:?}, and not of {issuer:?}", other.unwrap_or_default());
        JwtIssuer { sources: self.0, issuer: IssuerName::One(issuer) }
    }

    /// Sets a template for the issuers of several tenants that share these keys, and the tenants that are accepted.
    ///
    /// The placeholder is the name of the claim that holds the tenant. The claim `iss` must be the template filled with
    /// this claim, so one token cannot name two tenants. The caller's
    /// [issuer](crate::authenticate::Principal::issuer) is the `iss` of the token, and never the template: the same
    /// subject in two tenants is two callers.
    ///
    /// ```
    /// # #[cfg(not(feature = "http-client"))] fn main() {}
    /// # #[cfg(feature = "http-client")]
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), auth_runtime::jwt::JwtError> {
    /// use auth_runtime::jwt::{Jwt, RemoteKeys, Tenants};
    ///
    /// let keys = RemoteKeys::jwks_url("https://login.microsoftonline.com/common/discovery/v2.0/keys")?;
    /// let customers = Tenants::listed(["72f988bf-86f1-41af-91ab-2d7cd011db47"])?;
    /// let jwt = Jwt::remote(keys)?
    ///     .tenants("https://login.microsoftonline.com/{tid}/v2.0", customers)?
    ///     .audience("6e74172b-be56-4843-9ff4-e66a39bb12e3");
    /// # Ok(()) }
    /// ```
    ///
    /// A published key with a member `issuer`, as Microsoft Entra writes it, verifies tokens of that issuer only. Roles
    /// are read alike for all tenants. So an administrator of a tenant who can name a role there can grant the role of
    /// that name here. Use a [`RoleTable`](super::RoleTable) with ids, or one verifier for each tenant.
    ///
    /// # Errors
    /// [`JwtError::Template`] if it does not have exactly one placeholder, which is a whole segment of the path; or if
    /// keys were discovered, as a discovery document is of one issuer.
    pub fn tenants(self, template: impl AsRef<str>, tenants: Tenants) -> Result<JwtIssuer, JwtError> {
        let text = template.as_ref();
        let template = Template::parse(text)?;
        if self.discovered().next().is_some() {
            let reason = "the keys are those of one issuer; fetch them with `RemoteKeys::jwks_url`";
            return Err(JwtError::Template { template: text.to_owned(), reason });
        }
        Ok(JwtIssuer { sources: self.0, issuer: IssuerName::OfTenants(template, tenants) })
    }

    /// The issuers of discovered keys.
    fn discovered(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|source| source.remote.as_ref()?.issuer())
    }
}

impl JwtIssuer {
    /// Sets the name of this service at the issuer: the claim `aud` must hold it.
    ///
    /// # Panics
    /// If it is empty, as nothing would be checked then.
    #[must_use]
    #[track_caller]
    pub fn audience(self, audience: impl Into<String>) -> Jwt {
        Jwt::new(self.sources, self.issuer, vec![not_empty("audience", audience.into())])
    }

    /// Does the same for a service with several names. The claim `aud` must hold one of them.
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
        Ok(Jwt::new(self.sources, self.issuer, audiences))
    }
}

/// Returns the name of one issuer.
#[track_caller]
pub(super) fn issuer_name(issuer: String) -> String {
    assert!(!has_braces(&issuer), "{}", JwtError::BracesInIssuer(issuer));
    not_empty("issuer", issuer)
}

#[track_caller]
pub(super) fn not_empty(what: &'static str, name: String) -> String {
    assert!(!name.is_empty(), "{}", JwtError::Empty(what));
    name
}
