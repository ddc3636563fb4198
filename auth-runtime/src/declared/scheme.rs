//! The security schemes that `derive(Auth)` reads from the fields.

use std::marker::PhantomData;

use super::location::{ApiKeyLocation, CredentialLocation, Precedence, is_set_by_proxy};

/// Default of [`SecurityScheme::max_len`]: 16 KiB. An access token with 200 groups has 10.9 kB.
pub const MAX_CREDENTIAL_LEN: usize = 16 * 1024;

/// A Security Scheme Object (OpenAPI 3.0, section 4.7.25) as constant data.
///
/// ```
/// use auth_runtime::declared::{SchemeKind, SecurityScheme};
///
/// const TOKEN: SecurityScheme = SecurityScheme::new("token", SchemeKind::Bearer { format: None }).max_len(32 * 1024);
/// assert_eq!(TOKEN.name, "token");
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct SecurityScheme {
    /// Its name in the document: the field's name unless it is renamed.
    pub name: &'static str,
    /// The field's doc comment.
    pub description: &'static str,
    /// Location of the credential, and how the document shows it.
    pub kind: SchemeKind,
    /// Maximum length of the credential in bytes (default: [`MAX_CREDENTIAL_LEN`]). A larger one is rejected with 431,
    /// before any computation on it.
    pub max_len: usize,
    /// Whether a browser or a proxy adds the credential on its own, so that a page of another site can use it (default:
    /// true for cookies, and for the headers of well-known proxies that read a cookie).
    pub is_ambient: bool,
    /// Whether scripts of a page get the challenge `xBasic` in place of `Basic`, so that the browser opens no password
    /// dialog (default: false).
    pub is_silent_for_scripts: bool,
}

/// Location of a credential, and how the document shows it. The type of the field verifies what stands there.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum SchemeKind {
    /// User name and password in the `Authorization` header (RFC 7617).
    Basic,
    /// A token in the `Authorization` header (RFC 6750).
    Bearer {
        /// Format for the reader of the document, such as `JWT`.
        format: Option<&'static str>,
    },
    /// A bearer token from an OAuth 2 authorization server (RFC 6749).
    OAuth2 {
        /// The flows that issue one.
        flows: &'static [OAuthFlow],
        /// The scopes with their descriptions (default: the permission table).
        scopes: Option<&'static [(&'static str, &'static str)]>,
    },
    /// A bearer token from an OpenID Connect provider.
    OpenIdConnect {
        /// URL of the discovery document.
        url: &'static str,
    },
    /// A key or a token in a named header, in the query or in a cookie.
    ApiKey {
        /// Location of the credential.
        location: ApiKeyLocation,
        /// Name of the header, parameter or cookie.
        name: &'static str,
    },
    /// Any other scheme of the `Authorization` header.
    Http {
        /// Name of the scheme, such as `Token`.
        scheme: &'static str,
    },
}

/// An OAuth Flow Object (OpenAPI 3.0, section 4.7.27).
#[derive(Debug, Clone, Copy)]
pub struct OAuthFlow {
    /// The grant type.
    pub grant: GrantType,
    /// Authorization endpoint, for `authorization_code` and `implicit`.
    pub authorization_url: Option<&'static str>,
    /// Token endpoint, for all grants but `implicit`.
    pub token_url: Option<&'static str>,
    /// Endpoint that refreshes a token.
    pub refresh_url: Option<&'static str>,
}

/// The grant type of an OAuth 2 flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantType {
    /// Resource owner password credentials (RFC 6749, section 4.3; RFC 9700 advises against it).
    Password,
    /// Client credentials (RFC 6749, section 4.4).
    ClientCredentials,
    /// Authorization code (RFC 6749, section 4.1).
    AuthorizationCode,
    /// Implicit (RFC 6749, section 4.2; RFC 9700 advises against it).
    Implicit,
}

impl SecurityScheme {
    /// Returns a scheme with the defaults of its kind.
    #[must_use]
    pub const fn new(name: &'static str, kind: SchemeKind) -> Self {
        let is_ambient = match kind {
            SchemeKind::ApiKey { location: ApiKeyLocation::Cookie, .. } => true,
            SchemeKind::ApiKey { location: ApiKeyLocation::Header, name } => is_set_by_proxy(name),
            _ => false,
        };
        Self { name, description: "", kind, max_len: MAX_CREDENTIAL_LEN, is_ambient, is_silent_for_scripts: false }
    }

    /// Returns the same scheme with this [description](Self::description).
    #[must_use]
    pub const fn description(self, description: &'static str) -> Self {
        Self { description, ..self }
    }

    /// Returns the same scheme with this [bound](Self::max_len).
    #[must_use]
    pub const fn max_len(self, max_len: usize) -> Self {
        Self { max_len, ..self }
    }

    /// Returns the same scheme with an [ambient](Self::is_ambient) credential.
    #[must_use]
    pub const fn ambient(self) -> Self {
        Self { is_ambient: true, ..self }
    }

    /// Returns the same scheme, made [silent for scripts](Self::is_silent_for_scripts).
    #[must_use]
    pub const fn silent_for_scripts(self) -> Self {
        Self { is_silent_for_scripts: true, ..self }
    }

    pub(crate) const fn location(&self) -> CredentialLocation {
        match self.kind {
            SchemeKind::Basic => CredentialLocation::Authorization("Basic"),
            SchemeKind::Bearer { .. } | SchemeKind::OAuth2 { .. } | SchemeKind::OpenIdConnect { .. } => {
                CredentialLocation::Authorization("Bearer")
            }
            SchemeKind::Http { scheme } => CredentialLocation::Authorization(scheme),
            SchemeKind::ApiKey { location, name } => CredentialLocation::Named(location, name),
        }
    }

    /// Returns the name of the cookie, if the credential stands in one.
    pub(crate) const fn cookie(&self) -> Option<&'static str> {
        match self.kind {
            SchemeKind::ApiKey { location: ApiKeyLocation::Cookie, name } => Some(name),
            _ => None,
        }
    }

    /// Whether a request cannot have credentials of both schemes: there is one `Authorization` header.
    pub(crate) const fn shares_location(&self, other: &Self) -> bool {
        match (self.location(), other.location()) {
            (CredentialLocation::Authorization(_), CredentialLocation::Authorization(_)) => true,
            (one, other) => one.is(other),
        }
    }

    /// Returns the precedence of the credential of this scheme.
    pub(crate) const fn precedence(&self) -> Precedence {
        match self.location() {
            CredentialLocation::Named(ApiKeyLocation::Cookie, _) => Precedence::Cookie,
            _ if self.is_ambient => Precedence::Proxy,
            _ => Precedence::Explicit,
        }
    }

    /// Whether OpenAPI 3.0 lets a document list scopes for this scheme.
    pub(crate) const fn has_scopes(&self) -> bool {
        matches!(self.kind, SchemeKind::OAuth2 { .. } | SchemeKind::OpenIdConnect { .. })
    }

    /// Whether challenges of this scheme can have the error codes of RFC 6750.
    pub(crate) const fn is_bearer(&self) -> bool {
        matches!(self.kind, SchemeKind::Bearer { .. } | SchemeKind::OAuth2 { .. } | SchemeKind::OpenIdConnect { .. })
    }
}

/// The locations as types, so that the compiler checks which credential a scheme can carry.
pub mod kind {
    /// `Authorization: Basic` (`basic`).
    #[derive(Debug)]
    pub enum Basic {}
    /// `Authorization: Bearer` (`bearer`, `oauth2`, `openid_connect`).
    #[derive(Debug)]
    pub enum Bearer {}
    /// Another scheme of the `Authorization` header (`http = ".."`).
    #[derive(Debug)]
    pub enum Http {}
    /// A named header (`header = ".."`, `api_key(header = "..")`).
    #[derive(Debug)]
    pub enum Header {}
    /// A parameter of the query (`api_key(query = "..")`).
    #[derive(Debug)]
    pub enum Query {}
    /// A cookie (`cookie = ".."`).
    #[derive(Debug)]
    pub enum Cookie {}
}

/// Marks names of the schemes of `A`.
pub struct Scheme<A>(PhantomData<fn() -> A>);

/// Marks names of the OAuth 2 scopes of `A`.
pub struct Scope<A>(PhantomData<fn() -> A>);

#[cfg(test)]
mod tests {
    use super::{SchemeKind, SecurityScheme};

    #[test]
    fn a_scheme_has_its_settings_or_the_defaults() {
        let plain = SecurityScheme::new("token", SchemeKind::Bearer { format: None });
        assert_eq!((plain.description, plain.max_len), ("", 16_384));
        assert!(!plain.is_ambient && !plain.is_silent_for_scripts);
        let set = plain.description("A token.").max_len(64).ambient().silent_for_scripts();
        assert_eq!((set.description, set.max_len), ("A token.", 64));
        assert!(set.is_ambient && set.is_silent_for_scripts);
    }
}
