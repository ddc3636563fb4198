//! The default fetcher.

use std::error::Error;

use poem::http::{Response, header::ACCEPT};
use reqwest::{Client, redirect::Policy};

use super::fetch::{Fetch, FetchRequest};
use crate::{authenticate::Unavailable, jwt::error::JwtError};

/// Gets documents of an issuer with `reqwest` over `rustls`: no redirects, no cookies, no proxy, bounded in size and
/// time. Certificates are those that the operating system trusts.
///
/// `HTTP_PROXY` and its like are not read: the environment must not choose the proxy for tokens and keys. Where the
/// only way out is a proxy, implement [`Fetch`] for a client that knows it.
///
/// ```
/// use auth_runtime::jwt::{HttpFetcher, RemoteKeys};
///
/// // Several issuers can share one, and with it the connections.
/// let fetcher = HttpFetcher::new()?;
/// let staff = RemoteKeys::openid_connect("https://staff.example")?.fetcher(fetcher.clone());
/// let partners = RemoteKeys::openid_connect("https://partners.example")?.fetcher(fetcher);
/// # Ok::<(), auth_runtime::jwt::JwtError>(())
/// ```
#[derive(Clone, Debug)]
pub struct HttpFetcher(Client);

impl HttpFetcher {
    /// A new client with its own connections.
    ///
    /// # Errors
    /// [`JwtError::HttpClient`] if the certificates that the system trusts cannot be read: on Debian they are in the
    /// package `ca-certificates`.
    pub fn new() -> Result<Self, JwtError> {
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            .build();
        client.map(Self).map_err(|error| JwtError::HttpClient(whole(&error)))
    }
}

impl Fetch for HttpFetcher {
    async fn get(&self, request: &FetchRequest<'_>) -> Result<Response<Vec<u8>>, Unavailable> {
        let mut get = self.0.get(request.url()).header(ACCEPT, request.accept()).timeout(request.timeout());
        if let Some(token) = request.bearer() {
            get = get.bearer_auth(token);
        }
        let mut answer = get.send().await.map_err(no_answer)?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(no_answer)? {
            if body.len() + chunk.len() > request.max_size() {
                return Err(Unavailable::new(format!("the answer has more than {} bytes", request.max_size())));
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = Response::new(body);
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }
}

fn no_answer(error: reqwest::Error) -> Unavailable {
    Unavailable::new(whole(&error.without_url()))
}

/// An error and what caused it, as each says only its own part.
fn whole(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, Mutex},
        time::Duration,
    };

    use poem::http::{Response, header::CACHE_CONTROL};
    use secrecy::SecretString;
    use tokio::{
        io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
        net::TcpListener,
    };

    use super::{Fetch, FetchRequest, HttpFetcher, Unavailable};
    use crate::jwt::remote::{
        endpoint::{Endpoint, PlainHttp},
        fetch::Limits,
    };

    fn on_loopback() -> PlainHttp {
        PlainHttp { on_loopback: true, ..PlainHttp::default() }
    }

    /// A server that answers each request with these bytes, and then keeps silent.
    struct Server {
        url: Endpoint,
        heads: Arc<Mutex<Vec<String>>>,
    }

    impl Server {
        async fn start(answer: impl Into<Vec<u8>>) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
            let heads = Arc::new(Mutex::new(Vec::new()));
            let (answer, seen) = (answer.into(), Arc::clone(&heads));
            tokio::spawn(async move {
                let mut open = Vec::new();
                while let Ok((stream, _)) = listener.accept().await {
                    let mut stream = BufReader::new(stream);
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") && stream.read_until(b'\n', &mut head).await.unwrap() > 0 {}
                    seen.lock().unwrap().push(String::from_utf8_lossy(&head).into_owned());
                    stream.write_all(&answer).await.unwrap();
                    open.push(stream);
                }
            });
            Self { url: Endpoint::new(&url, &on_loopback()).unwrap(), heads }
        }

        async fn get(&self, timeout: Duration) -> Result<Response<Vec<u8>>, Unavailable> {
            let token = SecretString::from("aaa.bbb.ccc");
            let request = FetchRequest::new(&self.url, "application/json", Limits { max_size: 100, timeout });
            HttpFetcher::new().unwrap().get(&request.with_bearer(&token)).await
        }

        fn calls(&self) -> usize {
            self.heads.lock().unwrap().len()
        }
    }

    const LONG: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn a_document_is_got_with_its_headers() {
        let answer = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 11\r\n\r\n{\"keys\":[]}";
        let server = Server::start(answer).await;
        let response = server.get(LONG).await.unwrap();
        assert_eq!((response.status().as_u16(), response.body().as_slice()), (200, br#"{"keys":[]}"#.as_slice()));
        assert_eq!(response.headers()[CACHE_CONTROL], "max-age=60");
        let head = server.heads.lock().unwrap()[0].to_ascii_lowercase();
        for line in ["get /jwks.json http/1.1", "authorization: bearer aaa.bbb.ccc", "accept: application/json"] {
            assert!(head.contains(line), "{head}");
        }
    }

    #[tokio::test]
    async fn r45_a_redirect_is_not_followed() {
        let other = Server::start("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
        let location = other.url.as_str();
        let answer = format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(Server::start(answer).await.get(LONG).await.unwrap().status().as_u16(), 307);
        assert_eq!(other.calls(), 0);
    }

    #[tokio::test]
    async fn r45_a_body_that_is_too_large_is_not_read_to_its_end() {
        // Neither of them ever ends.
        let announced = "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n";
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n";
        for head in [announced, chunked] {
            let server = Server::start([head.as_bytes(), &[b' '; 200]].concat()).await;
            let error = server.get(LONG).await.unwrap_err().to_string();
            assert_eq!(error, "the answer has more than 100 bytes");
        }
    }

    #[tokio::test]
    async fn r45_an_answer_that_does_not_end_times_out() {
        for answer in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"] {
            let server = Server::start(answer).await;
            let error = server.get(Duration::from_millis(300)).await.unwrap_err().to_string();
            assert!(error.contains("timed out") && !error.contains("127.0.0.1"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_an_error_without_the_token() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        drop(listener);
        let server = Server { url: Endpoint::new(&url, &on_loopback()).unwrap(), heads: Arc::default() };
        let error = server.get(LONG).await.unwrap_err().to_string();
        assert!(error.contains("onnect") && !error.contains("bbb"), "{error}");
    }

    /// The server has no trusted certificate.
    #[tokio::test]
    async fn r45_https_is_not_spoken_in_plain_text() {
        let server = Server::start("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
        let url = server.url.as_str().replace("http://", "https://");
        let server = Server { url: Endpoint::new(&url, &PlainHttp::default()).unwrap(), heads: server.heads };
        assert!(server.get(Duration::from_millis(300)).await.is_err());
        let heads = server.heads.lock().unwrap().join("");
        assert!(!heads.contains("bearer"), "{heads}");
    }
}
