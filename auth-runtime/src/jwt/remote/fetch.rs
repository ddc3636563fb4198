//! How an issuer is called: the plugin point for applications that have a way of their own to the outside.

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use poem::http::{Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};

use super::endpoint::Endpoint;
use crate::{authenticate::Unavailable, jwt::error::JwtError};

/// Gets documents of an issuer. [`HttpFetcher`](super::HttpFetcher) is the default. An application brings its own for a
/// proxy, for a private certificate authority, or to share a client.
///
/// ```
/// # #[cfg(any(feature = "http-client", feature = "custom-fetcher"))] {
/// use auth_runtime::{authenticate::Unavailable, jwt::{Fetch, FetchRequest, RemoteKeys}};
/// use poem::http::Response;
///
/// /// An issuer for tests, which has no keys.
/// struct Nothing;
///
/// impl Fetch for Nothing {
///     async fn get(&self, request: &FetchRequest<'_>) -> Result<Response<Vec<u8>>, Unavailable> {
///         assert_eq!(request.url(), "https://issuer.example/jwks.json");
///         Ok(Response::new(br#"{"keys":[]}"#.to_vec()))
///     }
/// }
///
/// let keys = RemoteKeys::jwks_url("https://issuer.example/jwks.json")?.fetcher(Nothing);
/// # }
/// # Ok::<(), auth_runtime::jwt::JwtError>(())
/// ```
///
/// # Duties of an implementation
///
/// - The certificate of the server is checked. An attacker in its place could sign tokens.
/// - Redirects are not followed. The issuer's name vouches for this address only, and the request may hold a token.
/// - Reading ends at [`max_size`](FetchRequest::max_size). A larger answer is refused here too, but only after it has
///   been read. After the [`timeout`](FetchRequest::timeout), the future is dropped.
/// - Nothing of [`bearer`](FetchRequest::bearer) is logged.
pub trait Fetch: Send + Sync + 'static {
    /// Gets the document at a URL: status, headers (only `Cache-Control`, `Age` and `Content-Type` are read) and body.
    ///
    /// # Errors
    /// [`Unavailable`] if there is no answer. A status other than 200 is an answer.
    fn get(&self, request: &FetchRequest<'_>) -> impl Future<Output = Result<Response<Vec<u8>>, Unavailable>> + Send;
}

/// A request for one document, with its limits.
pub struct FetchRequest<'a> {
    url: &'a Endpoint,
    accept: &'static str,
    bearer: Option<&'a SecretString>,
    max_size: usize,
    timeout: Duration,
}

impl<'a> FetchRequest<'a> {
    pub(super) fn new(url: &'a Endpoint, accept: &'static str, limits: Limits) -> Self {
        Self { url, accept, bearer: None, max_size: limits.max_size, timeout: limits.timeout }
    }

    pub(super) fn with_bearer(self, token: &'a SecretString) -> Self {
        Self { bearer: Some(token), ..self }
    }

    /// The address.
    #[must_use]
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// The header `Accept`.
    #[must_use]
    pub fn accept(&self) -> &str {
        self.accept
    }

    /// The token for the header `Authorization: Bearer` (RFC 6750, section 2.1); `None` if none is sent.
    #[must_use]
    pub fn bearer(&self) -> Option<&str> {
        self.bearer.map(ExposeSecret::expose_secret)
    }

    /// How many bytes the body may have.
    #[must_use]
    pub fn max_size(&self) -> usize {
        self.max_size
    }

    /// How long it may take from connecting to the last byte.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }
}

/// Shows whether the request has a token, but not the token.
impl fmt::Debug for FetchRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchRequest")
            .field("url", &self.url)
            .field("accept", &self.accept)
            .field("bearer", &self.bearer)
            .field("max_size", &self.max_size)
            .field("timeout", &self.timeout)
            .finish()
    }
}

/// The limits of one fetch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) max_size: usize,
    pub(super) timeout: Duration,
}

/// Why there is no document. Of a body, it holds no more than names and addresses.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("{0}")]
    NoAnswer(#[source] Unavailable),
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    #[error("the answer has more than {0} bytes")]
    TooLarge(usize),
    #[error("the answer is {0}")]
    Status(StatusCode),
    #[error("not a discovery document with `issuer` and `jwks_uri` (line {line}, column {column})")]
    NotDiscovery { line: usize, column: usize },
    #[error("the issuer calls itself {0:?} in its discovery document; if it is your issuer, configure that name")]
    OtherIssuer(String),
    #[error("in the discovery document, {0}")]
    Url(JwtError),
    #[error("not a key set: {0}")]
    NotAKeySet(JwtError),
    #[error("the key set has no key that tokens can be verified with")]
    NoKeys,
    #[error("the fetcher panicked")]
    Panic,
    #[error("the clock stands before 1970")]
    Clock,
}

impl Failure {
    /// Returns the error for the application.
    pub(super) fn explained(&self, issuer: &str) -> JwtError {
        let issuer = issuer.to_owned();
        match self {
            Self::OtherIssuer(published) => JwtError::OtherIssuer { configured: issuer, published: published.clone() },
            other => JwtError::KeysNotFetched { issuer, reason: other.to_string() },
        }
    }
}

type Fetching<'a> = Pin<Box<dyn Future<Output = Result<Response<Vec<u8>>, Unavailable>> + Send + 'a>>;

/// [`Fetch`] behind a pointer.
trait AnyFetch: Send + Sync {
    fn get_boxed<'a>(&'a self, request: &'a FetchRequest<'a>) -> Fetching<'a>;
}

impl<F: Fetch> AnyFetch for F {
    fn get_boxed<'a>(&'a self, request: &'a FetchRequest<'a>) -> Fetching<'a> {
        Box::pin(self.get(request))
    }
}

/// The fetcher in use, behind the limits: they apply whether or not the fetcher keeps them.
#[derive(Clone)]
pub(super) struct Fetcher(Arc<dyn AnyFetch>);

impl Fetcher {
    pub(super) fn new(fetch: impl Fetch) -> Self {
        Self(Arc::new(fetch))
    }

    /// The answer, whatever its status.
    pub(super) async fn get(&self, request: &FetchRequest<'_>) -> Result<Response<Vec<u8>>, Failure> {
        let answer = tokio::time::timeout(request.timeout, self.0.get_boxed(request)).await;
        let answer = answer.map_err(|_| Failure::Timeout(request.timeout))?.map_err(Failure::NoAnswer)?;
        if answer.body().len() > request.max_size {
            return Err(Failure::TooLarge(request.max_size));
        }
        Ok(answer)
    }

    /// The answer, if it is a 200: a redirect is none, and an error page is not a document.
    pub(super) async fn get_document(&self, request: &FetchRequest<'_>) -> Result<Response<Vec<u8>>, Failure> {
        let answer = self.get(request).await?;
        if answer.status() != StatusCode::OK {
            return Err(Failure::Status(answer.status()));
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::{FetchRequest, Limits};
    use crate::jwt::remote::endpoint::{Endpoint, PlainHttp};

    #[test]
    fn debug_shows_no_token() {
        let url = Endpoint::new("https://issuer.example/userinfo", &PlainHttp::default()).unwrap();
        let token = SecretString::from("aaa.bbb.ccc");
        let limits = Limits { max_size: 1, timeout: std::time::Duration::from_secs(1) };
        let request = FetchRequest::new(&url, "application/json", limits).with_bearer(&token);
        assert_eq!(request.bearer(), Some("aaa.bbb.ccc"));
        let shown = format!("{request:?}");
        assert!(shown.contains("https://issuer.example/userinfo") && !shown.contains("bbb"), "{shown}");
    }
}
