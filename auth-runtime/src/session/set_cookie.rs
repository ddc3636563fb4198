//! Sets and deletes the cookie of a session. `credential/cookie.rs` parses it.

use poem::{
    Request, Response,
    http::header::{CACHE_CONTROL, HeaderValue, SET_COOKIE},
};

use crate::{
    authenticate::Unavailable,
    credential::{CarriedBy, Credential, SessionToken},
    declared::{ApiKeyLocation, SchemeKind, SecurityScheme, kind},
    respond::{HOST_PREFIX, attributes, deletion},
};

/// The scheme of a session that no `Auth` has mounted yet.
static DEFAULT: SecurityScheme =
    SecurityScheme::new("session", SchemeKind::ApiKey { location: ApiKeyLocation::Cookie, name: "__Host-session" });

/// A cookie with the prefix `__Host-`: only this host can have set it, over https (RFC 6265bis, section 4.1.3.2).
#[derive(Clone, Copy, Debug)]
pub(super) struct SessionCookie(&'static SecurityScheme);

impl Default for SessionCookie {
    fn default() -> Self {
        Self(&DEFAULT)
    }
}

impl SessionCookie {
    /// Returns the cookie of a scheme; `None` if its name lacks the prefix.
    pub(super) fn of(scheme: &'static SecurityScheme) -> Option<Self> {
        scheme.cookie().filter(|name| name.starts_with(HOST_PREFIX)).map(|_| Self(scheme))
    }

    pub(super) fn name(self) -> &'static str {
        self.0.cookie().unwrap_or_default()
    }

    /// Returns the token of a request; `None` if there is none of the right form.
    pub(super) fn token(self, request: &Request) -> Option<SessionToken> {
        match <SessionToken as CarriedBy<kind::Cookie>>::find(request, self.0) {
            Credential::Found(token) => Some(token),
            Credential::Absent | Credential::Malformed(_) => None,
        }
    }

    /// Returns the `Set-Cookie` for a token. Without `Max-Age`, the browser forgets the cookie when it closes.
    pub(super) fn set(self, token: &SessionToken) -> Result<HeaderValue, Unavailable> {
        let text = format!("{}={}; {}", self.name(), token.as_str(), attributes(self.name()));
        let mut value = HeaderValue::try_from(text).map_err(Unavailable::new)?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// Returns the `Set-Cookie` that deletes the cookie.
    pub(super) fn delete(self) -> HeaderValue {
        deletion(self.name())
    }
}

/// Adds a cookie to a response, which no cache may store (RFC 9111, section 5.2.2.5).
pub(super) fn add(response: &mut Response, cookie: HeaderValue) {
    response.headers_mut().append(SET_COOKIE, cookie);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
