//! The head of a request, for authenticators that need more of it than one text.

use std::net::IpAddr;

use poem::{
    Request,
    http::{HeaderMap, Method, Uri},
};

use super::{CarriedBy, Credential, location};
use crate::{
    client_ip::{ClientAddress, TrustedProxies},
    declared::{SecurityScheme, kind},
};

/// The head of a request, read-only: for signed requests, and for certificates that a proxy verifies.
///
/// The scheme says at which location the credential stands, and so whether it is absent, present or malformed. Every
/// scheme but `basic` can carry it: `header = "X-Client-Cert"`, `http = "Signature"`, `api_key(query = "sig")`. The
/// document shows that location; the doc comment of the field says the rest, such as which certificates are accepted.
///
/// ```
/// use auth_runtime::{authenticate::*, client_ip::TrustedProxies, credential::RequestHead, prelude::*};
///
/// /// Client certificates that a proxy verifies.
/// #[derive(Clone)]
/// struct ClientCertificates {
///     proxies: TrustedProxies,
/// }
///
/// impl Authenticator for ClientCertificates {
///     type Credential = RequestHead;
///
///     async fn authenticate(&self, head: RequestHead, context: &Context) -> Result<Identity, AuthenticationError> {
///         if !head.is_from(&self.proxies) {
///             return Err(AuthenticationError::invalid("not sent by the proxy"));
///         }
///         match head.header("X-Client-Dn") {
///             Some("CN=machine-7") => Ok(context.identity("certificates", "machine-7").build()),
///             _ => Err(AuthenticationError::invalid("unknown certificate")),
///         }
///     }
/// }
///
/// #[derive(Auth, Clone)]
/// struct Auth {
///     /// Client certificate. The proxy verifies it and passes its subject on.
///     #[scheme(header = "X-Client-Dn", ambient)]
///     certificate: ClientCertificates,
/// }
/// ```
///
/// # What it does not protect against
///
/// - A client that sends the header itself. Believe the header of a proxy only if [`is_from`](Self::is_from) says that
///   the proxy sent it, and let the proxy remove the header from what its clients send (ASVS 4.1.3).
/// - A page of another site, unless the scheme says `ambient`: a browser sends its client certificate with every
///   request.
/// - A changed body. The body is not read before the caller is known: sign its digest (RFC 9530), and compare the
///   digest in the handler.
/// - A request that is sent again. Sign a time and a number that is used once.
#[derive(Clone)]
pub struct RequestHead {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    peer: poem::Addr,
}

impl RequestHead {
    /// Returns the head of a request, for a test. A scheme reads that of a request.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        Self {
            method: request.method().clone(),
            uri: target(request).clone(),
            headers: request.headers().clone(),
            peer: request.remote_addr().0.clone(),
        }
    }

    /// Returns the method.
    #[must_use]
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// Returns the request target as the client sent it, also below a nested route.
    #[must_use]
    pub const fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Returns all headers. A name can occur more than once, except the one that the scheme declares.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns the value of a header. `None` if it is absent, sent more than once, or has other characters than visible
    /// ASCII, spaces and tabs.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        values.next().filter(|_| values.next().is_none())?.to_str().ok()
    }

    /// Returns the address of the connection's peer: the last proxy, or the client. `None` on a Unix socket.
    #[must_use]
    pub fn peer(&self) -> Option<IpAddr> {
        ClientAddress::of_peer(&self.peer).ip()
    }

    /// Whether one of these proxies sent the request.
    #[must_use]
    pub fn is_from(&self, proxies: &TrustedProxies) -> bool {
        proxies.is_trusted_peer(&self.peer)
    }
}

/// Returns the request target. A request of Poem's builder has it only as its URI.
fn target(request: &Request) -> &Uri {
    if *request.original_uri() == Uri::default() { request.uri() } else { request.original_uri() }
}

/// Headers and query hold secrets.
impl std::fmt::Debug for RequestHead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RequestHead")
            .field("method", &self.method)
            .field("path", &self.uri.path())
            .finish_non_exhaustive()
    }
}

macro_rules! carried_with_a_text {
    ($($kind:ident)+) => {$(
        #[diagnostic::do_not_recommend]
        impl CarriedBy<kind::$kind> for RequestHead {
            fn find(request: &Request, scheme: &SecurityScheme) -> Credential<Self> {
                location::text(request, scheme).and_then(|_| Ok(Self::of(request)))
            }
        }
    )+};
}

carried_with_a_text! { Bearer Http Header Query Cookie }

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use poem::{Addr, Request, http::Uri};

    use super::RequestHead;

    #[test]
    fn the_peer_is_that_of_the_connection() {
        let request = Request::builder().header("X-Forwarded-For", "192.0.2.2").finish();
        let mut head = RequestHead::of(&request);
        assert_eq!(head.peer(), None);
        let address = SocketAddr::from(([192, 0, 2, 1], 443));
        head.peer = Addr::SocketAddr(address);
        assert_eq!(head.peer(), Some(address.ip()));
    }

    #[test]
    fn secrets_of_the_head_are_not_printed() {
        let request = Request::builder().uri(Uri::from_static("/a?key=secret")).header("X-API-Key", "secret").finish();
        assert_eq!(format!("{:?}", RequestHead::of(&request)), r#"RequestHead { method: GET, path: "/a", .. }"#);
    }
}
