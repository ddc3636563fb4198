//! How callers may prove who they are: the security schemes that `derive(Auth)` reads from the fields.

use std::{fmt, marker::PhantomData};

/// One way of proving who one is: a Security Scheme Object (OpenAPI 3.0, section 4.7.25) as constant data.
#[derive(Debug, Clone, Copy)]
pub struct SecurityScheme {
    /// Its name in the document: the field's name unless it is renamed.
    pub name: &'static str,
    /// The field's doc comment.
    pub description: &'static str,
    /// What it carries, and where.
    pub kind: SchemeKind,
}

/// What a security scheme carries, and where.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum SchemeKind {
    /// User name and password in the `Authorization` header (RFC 7617).
    Basic,
    /// A token in the `Authorization` header (RFC 6750); `format` is for the reader of the document.
    Bearer {
        /// Such as `JWT`.
        format: Option<&'static str>,
    },
    /// A bearer token from an OAuth 2 authorization server (RFC 6749).
    OAuth2 {
        /// How to get one.
        flows: &'static [OAuthFlow],
        /// The scopes with their descriptions; the permission table where none are given.
        scopes: Option<&'static [(&'static str, &'static str)]>,
    },
    /// A bearer token from an OpenID Connect provider.
    OpenIdConnect {
        /// Of its discovery document.
        url: &'static str,
    },
    /// A key in a header, the query or a cookie.
    ApiKey {
        /// Where it stands.
        location: ApiKeyLocation,
        /// What the header, parameter or cookie is called.
        name: &'static str,
    },
    /// Any other scheme of the `Authorization` header, by its registered name.
    Http {
        /// Such as `ldap`.
        scheme: &'static str,
    },
}

/// Where an API key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiKeyLocation {
    /// A request header.
    Header,
    /// The query string; it ends up in access logs and browser histories, so prefer a header (ASVS 14.2.1).
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

/// One way of getting an OAuth 2 token: an OAuth Flow Object (OpenAPI 3.0, section 4.7.27).
#[derive(Debug, Clone, Copy)]
pub struct OAuthFlow {
    /// Which grant.
    pub grant: GrantType,
    /// Where the user is sent; for `authorization_code` and `implicit`.
    pub authorization_url: Option<&'static str>,
    /// Where the token is fetched; for all but `implicit`.
    pub token_url: Option<&'static str>,
    /// Where it is renewed.
    pub refresh_url: Option<&'static str>,
}

/// The grant of an OAuth 2 flow.
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

/// Where in a request a scheme looks; two schemes of one place see the same credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CredentialLocation {
    Authorization(&'static str),
    Key(ApiKeyLocation, &'static str),
}

impl SecurityScheme {
    pub(crate) const fn place(&self) -> CredentialLocation {
        match self.kind {
            SchemeKind::Basic => CredentialLocation::Authorization("Basic"),
            SchemeKind::Bearer { .. } | SchemeKind::OAuth2 { .. } | SchemeKind::OpenIdConnect { .. } => {
                CredentialLocation::Authorization("Bearer")
            }
            SchemeKind::Http { scheme } => CredentialLocation::Authorization(scheme),
            SchemeKind::ApiKey { location, name } => CredentialLocation::Key(location, name),
        }
    }

    /// Whether tokens of this scheme carry scopes that OpenAPI 3.0 lets a document list.
    pub(crate) const fn has_scopes(&self) -> bool {
        matches!(self.kind, SchemeKind::OAuth2 { .. } | SchemeKind::OpenIdConnect { .. })
    }

    /// Whether a refusal may carry the error codes of RFC 6750.
    pub(crate) const fn is_bearer(&self) -> bool {
        matches!(self.place(), CredentialLocation::Authorization(scheme) if crate::declared::lookup::equal(scheme, "Bearer"))
    }
}

impl CredentialLocation {
    /// Whether a browser sends it by itself; what a caller sends on purpose comes before it.
    pub(crate) const fn is_ambient(self) -> bool {
        matches!(self, Self::Key(ApiKeyLocation::Cookie, _))
    }
}

/// The kinds of scheme, as types: which credential fits which scheme is settled at compile time.
pub mod kind {
    /// User name and password.
    #[derive(Debug)]
    pub enum Basic {}
    /// A bearer token, whichever way it was got.
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

    /// This set and one more scheme.
    #[must_use]
    pub const fn with(self, index: usize) -> Self {
        Self(self.0 | 1 << index)
    }

    /// What is in both.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether no scheme is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The first so many schemes.
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
