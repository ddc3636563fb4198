//! Credentials that a service must refuse.

use base64::{Engine, prelude::BASE64_STANDARD};
use poem::{Endpoint, test::TestRequestBuilder};

use crate::declared::{ApiKeyLocation, CredentialLocation, SecurityScheme};
#[cfg(feature = "_jwt")]
use crate::jwt::TokenIssuer;

/// A credential that every operation must refuse, except those with `#[public]`: an expired token, the password of a
/// disabled user.
///
/// ```
/// use auth_runtime::testing::RefusedCredential;
///
/// let disabled = RefusedCredential::basic("a disabled user", "mallory", "correct horse battery staple");
/// let revoked = RefusedCredential::header("a revoked key", "X-API-Key", "notes_0123456789");
/// ```
#[derive(Clone)]
#[must_use = "give it to `AccessTests::refuses`"]
pub struct RefusedCredential {
    pub(super) name: String,
    scheme: Option<&'static str>,
    place: Place,
    value: String,
}

#[derive(Clone)]
enum Place {
    Header(String),
    Query(String),
}

/// Shows the name alone.
impl std::fmt::Debug for RefusedCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RefusedCredential").field("name", &self.name).finish_non_exhaustive()
    }
}

impl RefusedCredential {
    /// Returns a credential in a header. The report shows `name`, such as `an expired key`.
    pub fn header(name: impl Into<String>, header: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), scheme: None, place: Place::Header(header.into()), value: value.into() }
    }

    /// Returns a bearer token. The report shows `name`.
    pub fn bearer(name: impl Into<String>, token: &str) -> Self {
        Self::header(name, "Authorization", format!("Bearer {token}"))
    }

    /// Returns a user name and password for HTTP Basic. The report shows `name`.
    pub fn basic(name: impl Into<String>, user: &str, password: &str) -> Self {
        Self::header(name, "Authorization", basic(user, password))
    }

    /// Returns a credential of this scheme that no authenticator knows.
    pub(super) fn garbage(scheme: &SecurityScheme) -> Self {
        let (place, value) = match scheme.location() {
            CredentialLocation::Authorization("Basic") => {
                (Place::Header("Authorization".to_owned()), basic("garbage", "garbage"))
            }
            CredentialLocation::Authorization(name) => {
                (Place::Header("Authorization".to_owned()), format!("{name} garbage"))
            }
            CredentialLocation::Named(ApiKeyLocation::Header, name) => {
                (Place::Header(name.to_owned()), "garbage".to_owned())
            }
            CredentialLocation::Named(ApiKeyLocation::Query, name) => {
                (Place::Query(name.to_owned()), "garbage".to_owned())
            }
            CredentialLocation::Named(ApiKeyLocation::Cookie, name) => {
                (Place::Header("Cookie".to_owned()), format!("{name}=garbage"))
            }
        };
        Self { name: format!("garbage for {:?}", scheme.name), scheme: Some(scheme.name), place, value }
    }

    /// Returns the scheme that the credential was made for.
    pub(super) const fn scheme(&self) -> Option<&'static str> {
        self.scheme
    }

    pub(super) fn put<'a, E: Endpoint>(&self, request: TestRequestBuilder<'a, E>) -> TestRequestBuilder<'a, E> {
        // A cookie counts only in requests of the same site.
        match &self.place {
            Place::Header(name) => request.header(name, &self.value).header("Sec-Fetch-Site", "same-origin"),
            Place::Query(name) => request.query(name, &self.value),
        }
    }
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
}

/// A source of credentials that the service must refuse.
///
/// [`TokenIssuer`](crate::jwt::TokenIssuer) implements it, with an expired token, one for another audience, and one
/// with a changed signature. Implement it for your own credentials.
pub trait RefusedCredentials {
    /// Returns the credentials.
    fn refused_credentials(&self) -> Vec<RefusedCredential>;
}

impl RefusedCredentials for RefusedCredential {
    fn refused_credentials(&self) -> Vec<RefusedCredential> {
        vec![self.clone()]
    }
}

impl<const N: usize> RefusedCredentials for [RefusedCredential; N] {
    fn refused_credentials(&self) -> Vec<RefusedCredential> {
        self.to_vec()
    }
}

/// # Panics
/// If the system has no randomness for a token.
#[cfg(feature = "_jwt")]
impl RefusedCredentials for TokenIssuer {
    fn refused_credentials(&self) -> Vec<RefusedCredential> {
        let tokens = self.refused_tokens().expect("a test signs tokens");
        tokens.into_iter().map(|(name, token)| RefusedCredential::bearer(name, &token)).collect()
    }
}
