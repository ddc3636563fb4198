//! Locations of credentials in a request.

use super::lookup::equal;

/// Location of a key or a token outside of the `Authorization` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiKeyLocation {
    /// A request header.
    Header,
    /// The query string. Access logs and browser histories record it, so prefer a header (ASVS 14.2.1).
    Query,
    /// A cookie.
    Cookie,
}

impl ApiKeyLocation {
    /// Returns the location as OpenAPI writes it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Query => "query",
            Self::Cookie => "cookie",
        }
    }
}

/// Location of a credential in a request. Schemes with the same location read the same credential.
#[derive(Debug, Clone, Copy)]
pub(crate) enum CredentialLocation {
    /// A scheme of the `Authorization` header.
    Authorization(&'static str),
    /// A header, a parameter or a cookie of this name.
    Named(ApiKeyLocation, &'static str),
}

impl CredentialLocation {
    /// Whether both are the same location.
    ///
    /// Names of schemes and headers have no letter case (RFC 9110, sections 5.1 and 11.1). Those of parameters and
    /// cookies do.
    pub(crate) const fn is(self, other: Self) -> bool {
        use ApiKeyLocation::{Cookie, Header, Query};
        match (self, other) {
            (Self::Authorization(one), Self::Authorization(other))
            | (Self::Named(Header, one), Self::Named(Header, other)) => one.eq_ignore_ascii_case(other),
            (Self::Named(Query, one), Self::Named(Query, other))
            | (Self::Named(Cookie, one), Self::Named(Cookie, other)) => equal(one, other),
            _ => false,
        }
    }
}

impl PartialEq for CredentialLocation {
    fn eq(&self, other: &Self) -> bool {
        self.is(*other)
    }
}

/// Which credential counts if a request has several, from the first to the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Precedence {
    /// The page or the program sent it.
    Explicit,
    /// A proxy added the header.
    Proxy,
    /// The browser added the cookie.
    Cookie,
}

/// Headers that a proxy fills from its own cookie, whichever page sent the request: Cloudflare Access, Google IAP, AWS
/// load balancers, oauth2-proxy, Azure App Service, Pomerium.
const SET_BY_PROXIES: [&str; 10] = [
    "Cf-Access-Jwt-Assertion",
    "X-Goog-Iap-Jwt-Assertion",
    "X-Amzn-Oidc-Data",
    "X-Amzn-Oidc-Accesstoken",
    "X-Forwarded-Access-Token",
    "X-Auth-Request-Access-Token",
    "X-Ms-Client-Principal",
    "X-Ms-Token-Aad-Access-Token",
    "X-Ms-Token-Aad-Id-Token",
    "X-Pomerium-Jwt-Assertion",
];

/// Whether a well-known proxy sets the header of this name.
pub(crate) const fn is_set_by_proxy(header: &str) -> bool {
    let mut i = 0;
    while i < SET_BY_PROXIES.len() {
        if header.eq_ignore_ascii_case(SET_BY_PROXIES[i]) {
            return true;
        }
        i += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{ApiKeyLocation, CredentialLocation, is_set_by_proxy};

    #[test]
    fn names_of_schemes_and_headers_have_no_letter_case() {
        let named = CredentialLocation::Named;
        assert_eq!(CredentialLocation::Authorization("Token"), CredentialLocation::Authorization("tOKEN"));
        assert_eq!(named(ApiKeyLocation::Header, "X-Key"), named(ApiKeyLocation::Header, "x-key"));
        for location in [ApiKeyLocation::Cookie, ApiKeyLocation::Query] {
            assert_eq!(named(location, "key"), named(location, "key"));
            assert_ne!(named(location, "key"), named(location, "Key"));
        }
        assert_ne!(named(ApiKeyLocation::Header, "key"), named(ApiKeyLocation::Cookie, "key"));
        assert_ne!(named(ApiKeyLocation::Header, "key"), CredentialLocation::Authorization("key"));
    }

    #[test]
    fn headers_of_well_known_proxies_are_found_in_any_case() {
        for header in
            ["cf-access-jwt-assertion", "x-goog-iap-jwt-assertion", "X-AMZN-OIDC-DATA", "x-ms-client-principal"]
        {
            assert!(is_set_by_proxy(header), "{header}");
        }
        assert!(!is_set_by_proxy("X-API-Key"));
    }
}
