//! Where an issuer publishes its keys, and how often it is asked.

use std::{fmt, time::Duration};

use super::{
    endpoint::{Endpoint, PlainHttp},
    fetch::{Fetch, Fetcher, Limits},
};
use crate::jwt::{
    algorithm::{Algorithm, RSA},
    error::JwtError,
    stale::StaleHandle,
};

const TTL: Duration = Duration::from_mins(5);
const SHORTEST_TTL: Duration = Duration::from_secs(10);
const LONGEST_TTL: Duration = Duration::from_hours(1);
const STALE_FOR: Duration = Duration::from_hours(1);
const LONGEST_STALE_FOR: Duration = Duration::from_hours(24);
const TIMEOUT: Duration = Duration::from_secs(5);
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(100);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_SIZE: usize = 256 << 10;
const SMALLEST_MAX_SIZE: usize = 1 << 10;
const LARGEST_MAX_SIZE: usize = 4 << 20;
const COOLDOWN: Duration = Duration::from_secs(10);
const LONGEST_COOLDOWN: Duration = Duration::from_mins(5);

/// The keys that an issuer publishes: where they are, and how they are kept up to date.
///
/// Needs the feature `http-client`, or `custom-fetcher` and a [`Fetch`] of the application.
///
/// ```
/// # #[cfg(any(feature = "http-client", feature = "custom-fetcher"))] {
/// use std::time::Duration;
/// use auth_runtime::jwt::RemoteKeys;
///
/// let keys = RemoteKeys::openid_connect("https://issuer.example/realms/staff")?.ttl(Duration::from_mins(1));
///
/// // Keys come over TLS, or not at all.
/// let error = RemoteKeys::jwks_url("http://issuer.example/jwks.json").unwrap_err();
/// assert!(error.to_string().contains("write `https://`"));
/// # }
/// # Ok::<(), auth_runtime::jwt::JwtError>(())
/// ```
///
/// # How keys are kept up to date
///
/// One task in the background fetches them when the verifier is made, and again before they are old. That is after
/// eight tenths of their lifetime. The lifetime is that of the issuer's `Cache-Control`, but at least 30 seconds and at
/// most the [`ttl`](Self::ttl). Without this header, it is the `ttl`. No request waits for the next fetch. A key that
/// the issuer no longer lists ends with it, and so do all tokens that the key verified.
///
/// A token with an unknown key waits for the fetch under way, or else starts one, at most once per
/// [`cooldown`](Self::cooldown) for all callers together. Within the cooldown it gets a 503 and not a 401, as the
/// issuer may have published the key meanwhile. With discovery, each fetch is two documents, as the issuer may have
/// moved its keys.
///
/// While the issuer does not answer, the fetch is retried, after at most one second at first, and every 15 to 30
/// seconds at last. Known keys stay valid for `ttl` and [`stale_for`](Self::stale_for) after the last fetch that
/// succeeded. A service starts without its issuer; until keys are there, and once they are too old, tokens get a 503
/// and not a 401.
///
/// A key set without any usable key counts as a mistake of the issuer, and the fetch is retried. Known keys stay valid
/// for the `ttl` since they were last listed, and no longer. An issuer that withdraws its last key on purpose waits no
/// longer than for one of several. A document in which no key can be read counts as no answer.
///
/// # Limits
///
/// The keys are as safe as the address and the certificate authorities that this machine trusts. A key that was
/// withdrawn while the issuer cannot be reached goes on until `ttl` and `stale_for` have passed. Tokens without a `kid`
/// are tried with up to four keys of their algorithm, and start a fetch only if there is none.
#[derive(Clone)]
#[must_use = "keys are fetched once a verifier is made of it"]
pub struct RemoteKeys {
    pub(super) source: KeyLocation,
    pub(super) plain_http: PlainHttp,
    pub(super) ttl: Duration,
    pub(super) stale_for: Duration,
    pub(super) limits: Limits,
    pub(super) cooldown: Duration,
    /// The algorithm of RSA keys without `alg`.
    pub(super) rsa_algorithm: Option<Algorithm>,
    fetcher: Option<Fetcher>,
    /// The name for the log, in place of the address.
    name: Option<&'static str>,
    /// A mark makes the task fetch.
    pub(super) changes: Option<StaleHandle>,
}

/// Where the keys are.
#[derive(Clone, Debug)]
pub(super) enum KeyLocation {
    KeySet(Endpoint),
    Discovery { issuer: String, document: Endpoint },
}

impl RemoteKeys {
    /// A JWK Set (RFC 7517, section 5) at this `https` URL.
    ///
    /// # Errors
    /// [`JwtError::Url`] if it is not `https`, or holds a user name, a password or a fragment. An internationalized
    /// host is written in its ASCII form (`xn--..`).
    pub fn jwks_url(url: impl AsRef<str>) -> Result<Self, JwtError> {
        Self::new_jwks_url(url.as_ref(), PlainHttp::default())
    }

    /// The keys of an OpenID provider. Its discovery document is at `/.well-known/openid-configuration` below the
    /// issuer, and must be of this issuer, to the letter (OpenID Connect Discovery, section 4.3). It has the addresses
    /// of the key set and of the user information
    /// ([`Principal::user_info`](crate::authenticate::Principal::user_info)).
    ///
    /// # Errors
    /// [`JwtError::Url`] if the issuer is not an `https` URL, or has a user name, a password, a query, a fragment or
    /// `/.well-known/` in its path.
    pub fn openid_connect(issuer: impl Into<String>) -> Result<Self, JwtError> {
        Self::new_openid_connect(issuer.into(), PlainHttp::default())
    }

    /// The same for an authorization server that is no OpenID provider: the document is where RFC 8414, section 3,
    /// has it, `/.well-known/oauth-authorization-server` before the path of the issuer.
    ///
    /// # Errors
    /// [`JwtError::Url`] if the issuer is not an `https` URL, or has a user name, a password, a query, a fragment or
    /// `/.well-known/` in its path.
    pub fn authorization_server(issuer: impl Into<String>) -> Result<Self, JwtError> {
        Self::new_authorization_server(issuer.into(), PlainHttp::default())
    }

    /// Sets the longest time between two fetches (default: five minutes; 10 seconds to one hour). While the issuer
    /// answers, a key that it withdrew stops verifying within this time. Otherwise keys stay valid for
    /// [`stale_for`](Self::stale_for) longer.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl.clamp(SHORTEST_TTL, LONGEST_TTL);
        self
    }

    /// Sets how long keys stay valid beyond the [`ttl`](Self::ttl) while the issuer does not answer (default: one hour;
    /// zero to 24 hours).
    pub fn stale_for(mut self, time: Duration) -> Self {
        self.stale_for = time.min(LONGEST_STALE_FOR);
        self
    }

    /// Sets how long one document may take, from connecting to its last byte (default: five seconds; 100 milliseconds
    /// to 30 seconds).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.limits.timeout = timeout.clamp(SHORTEST_TIMEOUT, LONGEST_TIMEOUT);
        self
    }

    /// Sets how many bytes one document may have (default: 256 KiB; 1 KiB to 4 MiB).
    pub fn max_size(mut self, bytes: usize) -> Self {
        self.limits.max_size = bytes.clamp(SMALLEST_MAX_SIZE, LARGEST_MAX_SIZE);
        self
    }

    /// Sets the time between two fetches that tokens with an unknown key start (default: 10 seconds; 10 seconds to five
    /// minutes).
    pub fn cooldown(mut self, time: Duration) -> Self {
        self.cooldown = time.clamp(COOLDOWN, LONGEST_COOLDOWN);
        self
    }

    /// States the algorithm of RSA keys that the issuer publishes without `alg`: `RS256` unless set. A key with `alg`
    /// keeps its own. Each key has one algorithm (RFC 8725, section 3.1).
    ///
    /// ```
    /// # #[cfg(any(feature = "http-client", feature = "custom-fetcher"))] {
    /// use auth_runtime::jwt::{Algorithm, RemoteKeys};
    ///
    /// let keys = RemoteKeys::openid_connect("https://issuer.example")?.rsa_algorithm(Algorithm::PS256)?;
    /// # }
    /// # Ok::<(), auth_runtime::jwt::JwtError>(())
    /// ```
    ///
    /// # Errors
    /// [`JwtError::OtherAlgorithm`] if it is not for RSA.
    pub fn rsa_algorithm(mut self, algorithm: Algorithm) -> Result<Self, JwtError> {
        if !RSA.contains(&algorithm) {
            return Err(JwtError::OtherAlgorithm { algorithm, fitting: RSA });
        }
        self.rsa_algorithm = Some(algorithm);
        Ok(self)
    }

    /// Sets the fetcher of the documents; [`HttpFetcher`](super::HttpFetcher) unless set.
    pub fn fetcher(mut self, fetch: impl Fetch) -> Self {
        self.fetcher = Some(Fetcher::new(fetch));
        self
    }

    /// Sets the name for the log, and the handle that makes the task fetch.
    #[cfg(feature = "token-service")]
    pub(in super::super) fn of_store(self, name: &'static str, changes: StaleHandle) -> Self {
        Self { name: Some(name), changes: Some(changes), ..self }
    }

    /// Returns the name for the log.
    pub(super) fn name(&self) -> &str {
        self.name.unwrap_or_else(|| self.source.name())
    }

    /// The name of the issuer, where it is known.
    pub(in super::super) fn issuer(&self) -> Option<&str> {
        match &self.source {
            KeyLocation::KeySet(_) => None,
            KeyLocation::Discovery { issuer, .. } => Some(issuer),
        }
    }

    /// Returns the configured fetcher, or the standard one.
    pub(super) fn make_fetcher(&self) -> Result<Fetcher, JwtError> {
        self.fetcher.clone().map_or_else(standard_fetcher, Ok)
    }

    pub(crate) fn new_jwks_url(url: &str, plain: PlainHttp) -> Result<Self, JwtError> {
        Ok(Self::new(KeyLocation::KeySet(Endpoint::new(url, &plain)?), plain))
    }

    pub(crate) fn new_openid_connect(issuer: String, plain: PlainHttp) -> Result<Self, JwtError> {
        let document = Endpoint::of_provider(&issuer, &plain)?;
        Ok(Self::new(KeyLocation::Discovery { issuer, document }, plain))
    }

    pub(crate) fn new_authorization_server(issuer: String, plain: PlainHttp) -> Result<Self, JwtError> {
        let document = Endpoint::of_authorization_server(&issuer, &plain)?;
        Ok(Self::new(KeyLocation::Discovery { issuer, document }, plain))
    }

    fn new(source: KeyLocation, plain_http: PlainHttp) -> Self {
        Self {
            source,
            plain_http,
            ttl: TTL,
            stale_for: STALE_FOR,
            limits: Limits { max_size: MAX_SIZE, timeout: TIMEOUT },
            cooldown: COOLDOWN,
            rsa_algorithm: None,
            fetcher: None,
            name: None,
            changes: None,
        }
    }
}

/// The fetcher of an application that brings none.
fn standard_fetcher() -> Result<Fetcher, JwtError> {
    #[cfg(feature = "http-client")]
    return super::http::HttpFetcher::new().map(Fetcher::new);
    #[cfg(not(feature = "http-client"))]
    return Err(JwtError::NoFetcher);
}

impl KeyLocation {
    fn name(&self) -> &str {
        match self {
            Self::KeySet(url) => url.as_str(),
            Self::Discovery { issuer, .. } => issuer,
        }
    }
}

impl fmt::Debug for RemoteKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteKeys")
            .field("source", &self.source)
            .field("plain_http", &self.plain_http)
            .field("ttl", &self.ttl)
            .field("stale_for", &self.stale_for)
            .field("limits", &self.limits)
            .field("cooldown", &self.cooldown)
            .field("rsa_algorithm", &self.rsa_algorithm)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Algorithm, JwtError, RemoteKeys};

    #[test]
    fn r46_options_stay_within_their_bounds() {
        let keys = || RemoteKeys::jwks_url("https://issuer.example/jwks.json").unwrap();
        let least = keys().ttl(Duration::ZERO).timeout(Duration::ZERO).cooldown(Duration::ZERO).max_size(0);
        assert_eq!((least.ttl.as_secs(), least.limits.timeout.as_millis()), (10, 100));
        assert_eq!((least.cooldown.as_secs(), least.limits.max_size), (10, 1024));
        assert_eq!(keys().stale_for(Duration::ZERO).stale_for, Duration::ZERO);
        let most = keys().ttl(Duration::MAX).stale_for(Duration::MAX).timeout(Duration::MAX).max_size(usize::MAX);
        assert_eq!((most.ttl.as_secs(), most.stale_for.as_secs()), (3600, 86400));
        assert_eq!((most.limits.timeout.as_secs(), most.limits.max_size), (30, 4 << 20));
        assert_eq!(keys().cooldown(Duration::MAX).cooldown.as_secs(), 300);
    }

    #[test]
    fn r30_only_an_algorithm_for_rsa_can_be_stated_for_rsa_keys() {
        let keys = || RemoteKeys::jwks_url("https://issuer.example/jwks.json").unwrap();
        assert_eq!(keys().rsa_algorithm(Algorithm::RS384).unwrap().rsa_algorithm, Some(Algorithm::RS384));
        for other in [Algorithm::HS256, Algorithm::ES256, Algorithm::EdDSA] {
            assert!(matches!(keys().rsa_algorithm(other), Err(JwtError::OtherAlgorithm { .. })), "{other}");
        }
    }

    #[cfg(not(feature = "http-client"))]
    #[test]
    fn without_an_http_client_the_error_says_what_to_write() {
        let keys = RemoteKeys::jwks_url("https://issuer.example/jwks.json").unwrap();
        let error = keys.make_fetcher().err().unwrap().to_string();
        assert!(error.contains(r#"features = ["http-client"]"#), "{error}");
    }

    #[test]
    fn issuer_is_known_where_it_is_discovered() {
        assert_eq!(RemoteKeys::jwks_url("https://issuer.example/jwks.json").unwrap().issuer(), None);
        let keys = RemoteKeys::openid_connect("https://issuer.example/").unwrap();
        assert_eq!(keys.issuer(), Some("https://issuer.example/"));
        let keys = RemoteKeys::authorization_server("https://issuer.example").unwrap();
        assert_eq!(keys.issuer(), Some("https://issuer.example"));
        let shown = format!("{keys:?}");
        assert!(shown.contains("https://issuer.example/.well-known/oauth-authorization-server"), "{shown}");
    }
}
