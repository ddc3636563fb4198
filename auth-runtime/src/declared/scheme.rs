//! The security schemes that `derive(Auth)` reads from the fields.

use std::{fmt, marker::PhantomData};

/// A Security Scheme Object (OpenAPI 3.0, section 4.7.25) as constant data.
#[derive(Debug, Clone, Copy)]
pub struct SecurityScheme {
    /// Its name in the document: the field's name unless it is renamed.
    pub name: &'static str,
    /// The field's doc comment.
    pub description: &'static str,
    /// Kind of credential and its location.
    pub kind: SchemeKind,
}

/// Kind of credential of a security scheme, and its location.
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
    /// A key in a header, the query or a cookie.
    ApiKey {
        /// Location of the key.
        location: ApiKeyLocation,
        /// Name of the header, parameter or cookie.
        name: &'static str,
    },
    /// Any other scheme of the `Authorization` header, by its registered name.
    Http {
        /// Registered name, such as `ldap`.
        scheme: &'static str,
    },
}

/// Location of an API key.
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

/// Location of a credential in a request. Schemes with the same location read the same credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CredentialLocation {
    Authorization(&'static str),
    Key(ApiKeyLocation, &'static str),
}

impl SecurityScheme {
    pub(crate) const fn location(&self) -> CredentialLocation {
        match self.kind {
            SchemeKind::Basic => CredentialLocation::Authorization("Basic"),
            SchemeKind::Bearer { .. } | SchemeKind::OAuth2 { .. } | SchemeKind::OpenIdConnect { .. } => {
                CredentialLocation::Authorization("Bearer")
            }
            SchemeKind::Http { scheme } => CredentialLocation::Authorization(scheme),
            SchemeKind::ApiKey { location, name } => CredentialLocation::Key(location, name),
        }
    }

    /// Whether OpenAPI 3.0 lets a document list scopes for this scheme.
    pub(crate) const fn has_scopes(&self) -> bool {
        matches!(self.kind, SchemeKind::OAuth2 { .. } | SchemeKind::OpenIdConnect { .. })
    }

    /// Whether challenges of this scheme can have the error codes of RFC 6750.
    pub(crate) const fn is_bearer(&self) -> bool {
        matches!(self.location(), CredentialLocation::Authorization(scheme) if crate::declared::lookup::equal(scheme, "Bearer"))
    }
}

impl CredentialLocation {
    /// Whether a browser adds the credential on its own. Explicit credentials take precedence.
    pub(crate) const fn is_ambient(self) -> bool {
        matches!(self, Self::Key(ApiKeyLocation::Cookie, _))
    }
}

/// The kinds of scheme as types, so that the compiler checks which credential fits which scheme.
pub mod kind {
    /// User name and password.
    #[derive(Debug)]
    pub enum Basic {}
    /// A bearer token, from any grant.
    #[derive(Debug)]
    pub enum Bearer {}
    /// A key in a header, the query or a cookie.
    #[derive(Debug)]
    pub enum ApiKey {}
    /// Any other scheme of the `Authorization` header.
    #[derive(Debug)]
    pub enum Http {}
}

/// Marks names of the schemes of `A`.
pub struct Scheme<A>(PhantomData<fn() -> A>);

/// Marks names of the OAuth 2 scopes of `A`.
pub struct Scope<A>(PhantomData<fn() -> A>);

/// A set of the schemes of one `Auth`, by position.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct SchemeSet(u64);

impl SchemeSet {
    /// No scheme.
    pub const EMPTY: Self = Self(0);

    /// Whether the scheme at this position is in the set.
    #[must_use]
    pub const fn contains(self, index: usize) -> bool {
        self.0 >> index & 1 == 1
    }

    /// Returns this set and one more scheme.
    #[must_use]
    pub const fn with(self, index: usize) -> Self {
        Self(self.0 | 1 << index)
    }

    /// Returns the schemes that are in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether no scheme is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the first `count` schemes.
    pub(crate) const fn first(count: usize) -> Self {
        if count >= u64::BITS as usize { Self(u64::MAX) } else { Self((1 << count) - 1) }
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = usize> {
        (0..u64::BITS as usize).filter(move |index| self.contains(*index))
    }
}

impl FromIterator<usize> for SchemeSet {
    fn from_iter<I: IntoIterator<Item = usize>>(indices: I) -> Self {
        indices.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl fmt::Debug for SchemeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
