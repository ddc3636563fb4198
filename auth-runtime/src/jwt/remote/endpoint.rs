//! The addresses of an issuer. They use TLS, as an attacker on the way could replace keys and sign tokens.

use std::{fmt, net::IpAddr};

use poem::http::{Uri, uri::Authority};

use crate::jwt::{error::JwtError, tenants::has_braces};

/// Where `http://` is let through; nowhere by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PlainHttp {
    /// To this machine: no other one is on the way.
    pub(crate) on_loopback: bool,
    /// To hosts with exactly these names, in any case of letters.
    pub(crate) to_hosts: Vec<String>,
}

impl PlainHttp {
    fn is_allowed(&self, host: &str) -> bool {
        let is_named = self.to_hosts.iter().any(|named| named.eq_ignore_ascii_case(host));
        is_named || (self.on_loopback && is_loopback(host))
    }

    /// Returns what to write instead of a refused address.
    fn hint(&self) -> &'static str {
        match (self.on_loopback, self.to_hosts.is_empty()) {
            (_, false) => "write `https://`; `http://` is for the hosts that are named only",
            (true, true) => "write `https://`; `http://` is for 127.0.0.0/8, [::1] and localhost only",
            (false, true) => "write `https://`",
        }
    }
}

/// An address that may be fetched.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Endpoint(String);

impl Endpoint {
    /// The address, if it is `https`, or `http` where that is allowed, and nothing but an address.
    pub(super) fn new(text: &str, plain: &PlainHttp) -> Result<Self, JwtError> {
        match checked(text, plain) {
            // What is fetched is what was checked.
            Ok(uri) => Ok(Self(uri.to_string())),
            Err(reason) => Err(JwtError::Url { url: shown(text), reason }),
        }
    }

    /// The discovery document of an issuer (OpenID Connect Discovery, section 4).
    pub(super) fn of_provider(issuer: &str, plain: &PlainHttp) -> Result<Self, JwtError> {
        of_issuer(issuer, plain)?;
        Self::new(&format!("{}/.well-known/openid-configuration", without_slash(issuer)), plain)
    }

    /// The metadata of an issuer that is no OpenID provider: its path comes last (RFC 8414, section 3.1).
    pub(super) fn of_authorization_server(issuer: &str, plain: &PlainHttp) -> Result<Self, JwtError> {
        let uri = of_issuer(issuer, plain)?;
        let (scheme, authority) = (uri.scheme_str().unwrap_or_default(), uri.authority().map_or("", Authority::as_str));
        let path = without_slash(uri.path());
        Self::new(&format!("{scheme}://{authority}/.well-known/oauth-authorization-server{path}"), plain)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// Parses an address, or returns why it may not be fetched.
fn checked(text: &str, plain: &PlainHttp) -> Result<Uri, &'static str> {
    is_plain_text(text)?;
    let uri = text.parse::<Uri>().map_err(|_| "not an absolute URL")?;
    let authority = uri.authority().ok_or("not an absolute URL")?;
    match uri.scheme_str() {
        Some("https") => {}
        Some("http") if plain.is_allowed(authority.host()) => {}
        Some("http") => return Err(plain.hint()),
        _ => return Err("write `https://`"),
    }
    is_host_and_port(authority)?;
    Ok(uri)
}

/// Refuses what an HTTP client may read in another way than [`Uri`] does, and what has no place in an address.
fn is_plain_text(text: &str) -> Result<(), &'static str> {
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("a URL has no spaces or control characters");
    }
    if !text.is_ascii() {
        return Err("a URL is ASCII; write the host as `xn--..`, and other parts with `%`");
    }
    if has_braces(text) {
        return Err("it is a template; write the address of one issuer, or `JwtKey::tenants` for several");
    }
    if text.contains('#') {
        return Err("a fragment (`#..`) is not sent");
    }
    Ok(())
}

fn is_host_and_port(authority: &Authority) -> Result<(), &'static str> {
    if authority.as_str().contains('@') {
        return Err("a user name or a password in a URL ends up in logs");
    }
    if authority.host().is_empty() {
        return Err("not an absolute URL");
    }
    if authority.as_str() != authority.host() && authority.port().is_none() {
        return Err("the port is not a number up to 65535");
    }
    Ok(())
}

/// Parses the name of an issuer.
fn of_issuer(issuer: &str, plain: &PlainHttp) -> Result<Uri, JwtError> {
    let refused = |reason| JwtError::Url { url: shown(issuer), reason };
    let uri = checked(issuer, plain).map_err(refused)?;
    if uri.query().is_some() {
        return Err(refused("an issuer has no query (`?..`)"));
    }
    if uri.path().contains("/.well-known/") {
        return Err(refused("write the issuer, without `/.well-known/` and what follows"));
    }
    Ok(uri)
}

/// A slash at the end is not doubled (OpenID Connect Discovery, section 4.1; RFC 8414, section 3.1).
fn without_slash(text: &str) -> &str {
    text.strip_suffix('/').unwrap_or(text)
}

/// A name below `localhost`, and a name that resolves to this machine by chance, do not count: the owner may move it.
fn is_loopback(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost") || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// For an error: without what may be a password.
fn shown(url: &str) -> String {
    match url.rsplit_once('@') {
        Some((_, rest)) => format!("..@{rest}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::{Host, Url};

    use super::{Endpoint, PlainHttp};

    fn on_loopback() -> PlainHttp {
        PlainHttp { on_loopback: true, ..PlainHttp::default() }
    }

    #[test]
    fn r45_http_to_a_named_host_only_where_it_is_allowed() {
        let named = PlainHttp { to_hosts: vec!["keycloak".to_owned()], ..PlainHttp::default() };
        for good in ["http://keycloak:8080/realms/a", "http://KEYCLOAK/", "https://issuer.example/"] {
            assert!(Endpoint::new(good, &named).is_ok(), "{good}");
        }
        for bad in [
            "http://keycloak.example/",
            "http://a.keycloak/",
            "http://keycloak@issuer.example/",
            "http://127.0.0.1/",
            "http://localhost/",
            "ftp://keycloak/",
        ] {
            assert!(Endpoint::new(bad, &named).is_err(), "{bad}");
            assert!(Endpoint::new("http://keycloak/", &on_loopback()).is_err());
        }
    }

    #[test]
    fn the_address_of_a_discovery_document_is_no_issuer() {
        let url = "https://issuer.example/.well-known/openid-configuration";
        let error = Endpoint::of_provider(url, &PlainHttp::default()).unwrap_err().to_string();
        assert!(error.contains("write the issuer, without `/.well-known/`"), "{error}");
    }

    #[test]
    fn r45_https_only() {
        assert!(Endpoint::new("https://issuer.example/jwks.json?a=b", &PlainHttp::default()).is_ok());
        for bad in [
            "http://issuer.example/jwks.json",
            "http://127.0.0.1/jwks.json",
            "ftp://issuer.example/",
            "file:///etc/passwd",
            "data:,x",
            "//issuer.example/",
            "issuer.example",
            "https://",
            "",
            "https://issuer.example/#a",
            "https://alice@issuer.example/",
            " https://issuer.example/",
            "https://issuer.example/a\n",
            "https://@issuer.example/",
            "https://issuer.example\\@evil.example/",
            "https:///issuer.example/",
            "https://:443/",
            "https://issuer.example:65536/",
            "https://issuer.example:https/",
            "https://%69ssuer.example/",
            "https://issuér.example/",
        ] {
            assert!(Endpoint::new(bad, &PlainHttp::default()).is_err(), "{bad:?}");
        }
    }

    /// Pieces of addresses that parsers read in different ways.
    fn address() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "http://",
            "HTTPS://",
            "//",
            ":",
            "/",
            "\\",
            "?",
            "#",
            "@",
            "%",
            "[",
            "]",
            ".",
            "..",
            "localhost",
            "LOCALHOST",
            "127.0.0.1",
            "127.1",
            "0x7f.1",
            "2130706433",
            "::1",
            "::ffff:127.0.0.1",
            "issuer.example",
            "80",
            "a",
            "-",
            "\t",
            "xn--",
            "\u{ff0e}",
        ]);
        let end = prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat());
        (prop::sample::select(vec!["http://", "https://", "http:", ""]), end)
            .prop_map(|(scheme, end)| scheme.to_owned() + &end)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        /// The HTTP client parses the address again, with the crate `url`.
        #[test]
        fn r45_an_http_client_reads_the_same_address(text in address()) {
            let Ok(endpoint) = Endpoint::new(&text, &on_loopback()) else { return Ok(()) };
            let Ok(url) = Url::parse(endpoint.as_str()) else { return Ok(()) };
            prop_assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
            let is_loopback = match url.host() {
                Some(Host::Domain(name)) => name == "localhost",
                Some(Host::Ipv4(address)) => address.is_loopback(),
                Some(Host::Ipv6(address)) => address.is_loopback(),
                None => false,
            };
            prop_assert!(url.scheme() == "https" || (url.scheme() == "http" && is_loopback), "{url}");
        }
    }

    #[test]
    fn r45_http_on_loopback_only_where_it_is_allowed() {
        for good in ["http://127.0.0.1:8080/a", "http://127.255.0.9/", "http://[::1]:1/", "http://localhost/"] {
            assert!(Endpoint::new(good, &on_loopback()).is_ok(), "{good}");
            assert!(Endpoint::new(good, &PlainHttp::default()).is_err(), "{good}");
        }
        for bad in [
            "http://issuer.example/",
            "http://10.0.0.1/",
            "http://0.0.0.0/",
            "http://[::]/",
            "http://[::ffff:127.0.0.1]/",
            "http://localhost.example/",
            "http://a.localhost/",
            "http://localhost@issuer.example/",
            "http://127.0.0.1.example/",
            "http://127.1/",
            "http://localhost\\@issuer.example/",
            "http://localhost:80:80/",
        ] {
            assert!(Endpoint::new(bad, &on_loopback()).is_err(), "{bad}");
        }
    }

    #[test]
    fn error_says_what_to_write_and_shows_no_password() {
        let error = Endpoint::new("https://a:pass@issuer.example/", &PlainHttp::default()).unwrap_err().to_string();
        assert!(error.contains("..@issuer.example") && !error.contains("pass@"), "{error}");
        let error = Endpoint::new("http://issuer.example/", &PlainHttp::default()).unwrap_err().to_string();
        assert!(error.contains("write `https://`"), "{error}");
    }

    #[test]
    fn well_known_documents_stand_where_the_standards_say() {
        for (issuer, provider, server) in [
            (
                "https://issuer.example",
                "https://issuer.example/.well-known/openid-configuration",
                "https://issuer.example/.well-known/oauth-authorization-server",
            ),
            (
                "https://issuer.example/",
                "https://issuer.example/.well-known/openid-configuration",
                "https://issuer.example/.well-known/oauth-authorization-server",
            ),
            (
                "https://issuer.example/realms/a",
                "https://issuer.example/realms/a/.well-known/openid-configuration",
                "https://issuer.example/.well-known/oauth-authorization-server/realms/a",
            ),
        ] {
            assert_eq!(Endpoint::of_provider(issuer, &PlainHttp::default()).unwrap().as_str(), provider);
            assert_eq!(Endpoint::of_authorization_server(issuer, &PlainHttp::default()).unwrap().as_str(), server);
        }
        assert!(Endpoint::of_provider("https://issuer.example?tenant=a", &PlainHttp::default()).is_err());
        assert!(Endpoint::of_authorization_server("https://issuer.example?a", &PlainHttp::default()).is_err());
    }
}
