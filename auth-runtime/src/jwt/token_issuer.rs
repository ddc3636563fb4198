//! The settings of an issuer of access tokens, which [`Jwt`](super::Jwt) verifies.

use std::{fmt, sync::Arc, time::Duration};

#[cfg(feature = "token-service")]
use super::key_ring::{KeyRing, KeyRingError, SigningKeyStore, live::LiveKeys};
use super::{
    algorithm::Algorithm,
    builder::{JwtKey, issuer_name, not_empty},
    error::JwtError,
    key::signing::SigningKey,
    registered_claims::MAX_LIFETIME,
    verifier::Jwt,
};

const LIFETIME: Duration = Duration::from_mins(15);
const MIN_LIFETIME: Duration = Duration::from_secs(1);

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
    pub(super) key: IssuerKey,
    pub(super) issuer: String,
    pub(super) audience: String,
    pub(super) lifetime: Duration,
}

/// The key of an issuer, or its keys.
#[derive(Clone, Debug)]
pub(super) enum IssuerKey {
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

    /// Signs with the keys of a [`KeyRing`]: with the newest one that all processes verify by. The first start
    /// makes the first key. A task in the background keeps the keys up to date.
    ///
    /// # Errors
    /// [`KeyRingError`] if the store does not answer, the secret does not open the key that signs now, or there is no
    /// Tokio runtime. Another key that does not open is ignored with a warning.
    #[cfg(feature = "token-service")]
    pub async fn key_ring<S: SigningKeyStore>(ring: KeyRing<S>) -> Result<TokenIssuerKey, KeyRingError> {
        Ok(TokenIssuerKey(IssuerKey::Ring(LiveKeys::start(ring).await?)))
    }

    /// The public keys as the text of a JWKS (RFC 7517, section 5), which others need to verify these tokens: publish
    /// it as `application/jwk-set+json`, or give it to [`Jwt::jwks`]. Secrets are not in it, so the set has no keys
    /// with [`hs256`](Self::hs256), [`hs384`](Self::hs384) and [`hs512`](Self::hs512).
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

    /// Sets how long a token is good (default: 15 minutes; one second to one day). Keep it short: only a
    /// [revocation](Jwt::revocations) or a retired key ends a token earlier.
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jsonwebtoken::Algorithm;
    use serde_json::json;

    use super::{Jwt, JwtError, TokenIssuer};
    use crate::{
        authenticate::{AuthenticationError, Context, Identity},
        declared::DeclaredNames,
        jwt::{
            claim_mapping::{EPOCH_CLAIM, ROLES_CLAIM},
            key::tests::{SECRET, generated, pem},
            new_token::RESERVED,
            verifier::now,
        },
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
