//! Cross-origin check for cookies, against cross-site request forgery (CSRF).
//!
//! The rules are those of Go's `http.CrossOriginProtection`: `Sec-Fetch-Site` if present, else `Origin` compared with
//! `Host`. Current browsers send one of them, so a request with neither does not come from a victim's browser.

use poem::{
    Request,
    http::{
        Method,
        header::{HOST, ORIGIN, UPGRADE},
        uri::Authority,
    },
};

/// Returns whether a page of another origin sent a request that does more than read. Such a request must not be
/// authenticated by a cookie, and must not sign a user in or out.
///
/// Safe methods are left to the browser's same-origin policy, except a WebSocket handshake.
#[must_use]
pub fn is_cross_origin(request: &Request) -> bool {
    crosses_origin(request, request.headers().contains_key(&UPGRADE))
}

/// Does what [`is_cross_origin`] does, for a request that is known to have an `Upgrade` header or not.
#[inline]
pub(super) fn crosses_origin(request: &Request, upgrades: bool) -> bool {
    let only_reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if only_reads && !upgrades {
        return false;
    }
    match header(request, "sec-fetch-site") {
        Some("same-origin" | "none") => false,
        Some(_) => true,
        None => header(request, ORIGIN.as_str()).is_some_and(|origin| !is_same_host(request, origin)),
    }
}

/// Whether an origin is the host of the request. The default port may be written or not (RFC 6454, section 4).
fn is_same_host(request: &Request, origin: &str) -> bool {
    let host = header(request, HOST.as_str()).or_else(|| request.uri().authority().map(Authority::as_str));
    let (Some((scheme, origin)), Some(host)) = (origin.split_once("://"), host) else { return false };
    let port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return false,
    };
    let bare = |host: &str| host.strip_suffix(port).unwrap_or(host).to_ascii_lowercase();
    bare(origin) == bare(host)
}

/// Returns the only value of a header. A value that is not text, or is repeated, is not trusted.
fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let mut values = request.headers().get_all(name).iter();
    let first = values.next()?;
    Some(if values.next().is_some() { "" } else { first.to_str().unwrap_or("") })
}

#[cfg(test)]
mod tests {
    use poem::{Request, http::Method};

    use super::is_cross_origin;

    fn request(method: Method, headers: &[(&str, &str)]) -> Request {
        headers
            .iter()
            .fold(Request::builder().method(method), |builder, (name, value)| builder.header(*name, *value))
            .finish()
    }

    #[test]
    fn r65_a_page_of_another_site_cannot_use_a_cookie_to_write() {
        for (foreign, headers) in [
            (true, &[("sec-fetch-site", "cross-site")][..]),
            (true, &[("sec-fetch-site", "same-site")]),
            (true, &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "none")]),
            (false, &[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")]),
            (false, &[("sec-fetch-site", "none")]),
            (false, &[("origin", "https://app.example"), ("host", "app.example")]),
            (false, &[("origin", "https://app.example"), ("host", "App.example:443")]),
            (true, &[("origin", "https://app.example"), ("host", "app.example:8443")]),
            (true, &[("origin", "https://app.example:80"), ("host", "app.example")]),
            (false, &[("origin", "http://app.example"), ("host", "app.example:80")]),
            (true, &[("origin", "http://app.example:443"), ("host", "app.example")]),
            (true, &[("origin", "file://app.example"), ("host", "app.example")]),
            (true, &[("origin", "https://evil.example"), ("host", "app.example")]),
            (true, &[("origin", "null"), ("host", "app.example")]),
            (true, &[("origin", "https://app.example")]),
            (false, &[]),
        ] {
            assert_eq!(is_cross_origin(&request(Method::POST, headers)), foreign, "{headers:?}");
        }
    }

    #[test]
    fn r68_a_web_socket_handshake_is_no_mere_reading() {
        let foreign = ("sec-fetch-site", "cross-site");
        assert!(!is_cross_origin(&request(Method::GET, &[foreign])));
        assert!(is_cross_origin(&request(Method::GET, &[foreign, ("upgrade", "websocket")])));
    }
}
