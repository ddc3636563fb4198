//! The addresses of an issuer. They use TLS, as an attacker on the way could replace keys and sign tokens.

use std::fmt;

use url::{Host, Url};

use crate::jwt::{error::JwtError, tenants::has_braces};

/// Where `http://` is let through; nowhere by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PlainHttp {
    /// To this machine: no other one is on the way.
    pub(crate) on_loopback: bool,
    /// To these hosts, to the letter.
    pub(crate) to_hosts: Vec<String>,
}

impl PlainHttp {
    fn is_allowed(&self, url: &Url) -> bool {
        let is_named = |host: &str| self.to_hosts.iter().any(|named| named.eq_ignore_ascii_case(host));
        (self.on_loopback && is_loopback(url)) || url.host_str().is_some_and(is_named)
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
pub(super) struct Endpoint(Url);

impl Endpoint {
    /// The address, if it is `https`, or `http` where that is allowed, and nothing but an address.
    pub(super) fn new(text: &str, plain: &PlainHttp) -> Result<Self, JwtError> {
        let refused = |reason| JwtError::Url { url: shown(text), reason };
        let url = Url::parse(text).map_err(|_| refused("not an absolute URL"))?;
        if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(refused("a URL has no spaces or control characters"));
        }
        if has_braces(text) {
            return Err(refused("it is a template; write the address of one issuer, or `JwtKey::tenants` for several"));
        }
        match url.scheme() {
            "https" => {}
            "http" if plain.is_allowed(&url) => {}
            "http" => return Err(refused(plain.hint())),
            _ => return Err(refused("write `https://`")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("a user name or a password in a URL ends up in logs"));
        }
        if url.fragment().is_some() {
            return Err(refused("a fragment (`#..`) is not sent"));
        }
        Ok(Self(url))
    }

    /// The discovery document of an issuer (OpenID Connect Discovery, section 4).
    pub(super) fn of_provider(issuer: &str, plain: &PlainHttp) -> Result<Self, JwtError> {
        Self::of_issuer(issuer, plain)?;
        Self::new(&format!("{}/.well-known/openid-configuration", without_slash(issuer)), plain)
    }

    /// The metadata of an issuer that is no OpenID provider: its path comes last (RFC 8414, section 3.1).
    pub(super) fn of_authorization_server(issuer: &str, plain: &PlainHttp) -> Result<Self, JwtError> {
        let mut url = Self::of_issuer(issuer, plain)?.0;
        let path = format!("/.well-known/oauth-authorization-server{}", without_slash(url.path()));
        url.set_path(&path);
        Ok(Self(url))
    }

    fn of_issuer(issuer: &str, plain: &PlainHttp) -> Result<Self, JwtError> {
        let endpoint = Self::new(issuer, plain)?;
        let refused = |reason| Err(JwtError::Url { url: shown(issuer), reason });
        if endpoint.0.query().is_some() {
            return refused("an issuer has no query (`?..`)");
        }
        if endpoint.0.path().contains("/.well-known/") {
            return refused("write the issuer, without `/.well-known/` and what follows");
        }
        Ok(endpoint)
    }

    pub(super) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// A slash at the end is not doubled (OpenID Connect Discovery, section 4.1; RFC 8414, section 3.1).
fn without_slash(text: &str) -> &str {
    text.strip_suffix('/').unwrap_or(text)
}

/// A name below `localhost`, and a name that resolves to this machine by chance, do not count: the owner may move it.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
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
        ] {
            assert!(Endpoint::new(bad, &PlainHttp::default()).is_err(), "{bad:?}");
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
