//! Second step: credential to identity. Reads nothing from the request but the credential.

#[cfg(any(feature = "api-key", feature = "basic"))]
mod cache;
mod identity;
mod outcome;
mod overrides;
mod principal;
mod user_info;

use std::{borrow::Cow, error::Error, fmt, future::Future, time::Duration};

use poem::Request;

#[cfg(any(feature = "api-key", feature = "basic"))]
pub(crate) use cache::{IdentityCache, Owner};
pub use identity::{Identity, IdentityBuilder};
pub(crate) use identity::{contains, scopes};
pub(crate) use outcome::RefusalKind;
pub use outcome::{Authentication, Refusal, RefusalCause, SchemeErrors};
pub use overrides::PermissionOverrides;
pub use principal::Principal;
#[cfg(any(feature = "jwt", feature = "jwt-rust-crypto"))]
pub(crate) use user_info::OnDemand;
pub use user_info::{LoadingUserInfo, UserInfo, UserInfoError, UserInfoSource};

use crate::{
    client_ip::ClientAddress,
    declared::{AuthSchema, DeclaredNames},
};

/// Verifies one kind of credential: the plugin point. A type that implements it may be a field of an `Auth` struct.
///
/// ```
/// use auth_runtime::{authenticate::*, credential::HttpCredentials, prelude::*};
///
/// /// Everybody whose card the reader at the door has seen.
/// #[derive(Clone)]
/// struct Cards;
///
/// impl Authenticator for Cards {
///     type Credential = HttpCredentials;
///
///     async fn authenticate(
///         &self,
///         credential: HttpCredentials,
///         context: &Context,
///     ) -> Result<Identity, AuthenticationError> {
///         match credential.as_str() {
///             "1234" => Ok(context.identity("cards", "alice").role("Viewer").build()),
///             _ => Err(AuthenticationError::invalid("unknown card")),
///         }
///     }
/// }
///
/// #[derive(Auth, Clone)]
/// struct Auth {
///     #[scheme(http = "card")]
///     cards: Cards,
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot verify credentials",
    label = "a field with `#[scheme(..)]` holds an authenticator",
    note = "use one of `Jwt`, `Basic`, `ApiKeys`, or implement `auth_runtime::authenticate::Authenticator` for `{Self}`"
)]
pub trait Authenticator: Send + Sync + 'static {
    /// What it verifies: [`BearerToken`](crate::credential::BearerToken),
    /// [`BasicCredentials`](crate::credential::BasicCredentials), [`ApiKey`](crate::credential::ApiKey) or
    /// [`HttpCredentials`](crate::credential::HttpCredentials), as the scheme carries.
    type Credential: Send + Sync;

    /// Says whose credential it is.
    ///
    /// # Errors
    /// [`AuthenticationError::invalid`] if it is nobody's, which is a 401;
    /// [`AuthenticationError::unavailable`] if that cannot be told now, which is a 503;
    /// [`AuthenticationError::throttled`] if too much was tried, which is a 429, if it [`is_throttled`](Self::is_throttled).
    fn authenticate(
        &self,
        credential: Self::Credential,
        context: &Context,
    ) -> impl Future<Output = Result<Identity, AuthenticationError>> + Send;

    /// Whether there is anything to verify against. A scheme that is not configured is neither accepted, nor offered
    /// in challenges, nor documented. True, unless the authenticator is an `Option` that is `None`.
    fn is_configured(&self) -> bool {
        true
    }

    /// Whether it may say [`AuthenticationError::throttled`]: operations that accept its scheme are documented with a
    /// 429. What is not documented does not happen: one that says so all the same is answered with 503.
    fn is_throttled(&self) -> bool {
        false
    }
}

/// For schemes that the configuration may leave out.
impl<A: Authenticator> Authenticator for Option<A> {
    type Credential = A::Credential;

    async fn authenticate(
        &self,
        credential: Self::Credential,
        context: &Context,
    ) -> Result<Identity, AuthenticationError> {
        match self {
            Some(authenticator) => authenticator.authenticate(credential, context).await,
            None => Err(AuthenticationError::invalid("the scheme is not configured")),
        }
    }

    fn is_configured(&self) -> bool {
        self.as_ref().is_some_and(A::is_configured)
    }

    fn is_throttled(&self) -> bool {
        self.as_ref().is_some_and(A::is_throttled)
    }
}

/// What an authenticator may know besides the credential.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    names: &'static DeclaredNames,
    client: ClientAddress,
}

impl Context {
    pub(crate) const fn new(names: &'static DeclaredNames) -> Self {
        Self { names, client: ClientAddress::UNKNOWN }
    }

    /// The same for a caller from this address.
    #[must_use]
    pub const fn with_client(self, client: ClientAddress) -> Self {
        Self { client, ..self }
    }

    /// The names that the application declares.
    #[must_use]
    pub const fn declared_names(&self) -> &'static DeclaredNames {
        self.names
    }

    /// From where the credential comes: by this an authenticator may bound how much is tried.
    #[must_use]
    pub const fn client(&self) -> ClientAddress {
        self.client
    }

    /// Starts to describe whose credential it is: who vouches for the caller, and the name by which that party knows
    /// the caller. Only both together identify somebody (OpenID Connect Core, section 5.7).
    pub fn identity(&self, issuer: impl Into<String>, subject: impl Into<String>) -> IdentityBuilder {
        IdentityBuilder::new(self.names, issuer.into(), subject.into())
    }
}

impl Context {
    /// For the authenticators of `A`: to ask one of them outside of a request that a rule judges, as a token endpoint
    /// does with a user name and a password.
    #[must_use]
    pub fn of<A: AuthSchema>() -> Self {
        Self::new(A::declared_names())
    }

    /// The same inside of a request: it knows the address of the caller.
    #[must_use]
    pub fn of_request<A: AuthSchema>(request: &Request) -> Self {
        Self::of::<A>().with_client(ClientAddress::of(request))
    }
}

/// Why a credential proves nothing. What it says goes to the log, and never to the caller.
#[derive(Debug)]
pub struct AuthenticationError(AuthenticationErrorKind);

#[derive(Debug)]
enum AuthenticationErrorKind {
    Invalid(Cow<'static, str>),
    Unavailable(Box<dyn Error + Send + Sync>),
    Throttled(Duration),
}

impl AuthenticationError {
    /// The credential is wrong, expired, revoked or nobody's. The reason must not hold the credential.
    pub fn invalid(reason: impl Into<Cow<'static, str>>) -> Self {
        Self(AuthenticationErrorKind::Invalid(reason.into()))
    }

    /// What is needed to tell (a database, a key server) does not answer.
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(AuthenticationErrorKind::Unavailable(source.into()))
    }

    /// Too much was tried, and so the credential is not looked at; it may be after this time. The caller is told so in
    /// `Retry-After`, whoever the caller claims to be: it must not depend on whether there is such a user.
    #[must_use]
    pub const fn throttled(retry_after: Duration) -> Self {
        Self(AuthenticationErrorKind::Throttled(retry_after))
    }

    /// After which time the credential may be looked at, if too much was tried.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self.0 {
            AuthenticationErrorKind::Throttled(time) => Some(time),
            _ => None,
        }
    }

    /// Whether nothing can be said of the credential now.
    #[must_use]
    pub const fn is_unavailable(&self) -> bool {
        matches!(self.0, AuthenticationErrorKind::Unavailable(_))
    }
}

impl fmt::Display for AuthenticationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            AuthenticationErrorKind::Invalid(reason) => f.write_str(reason),
            AuthenticationErrorKind::Unavailable(source) => write!(f, "cannot be verified now: {source}"),
            AuthenticationErrorKind::Throttled(time) => write!(f, "too many attempts; again in {} s", time.as_secs()),
        }
    }
}

impl Error for AuthenticationError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            AuthenticationErrorKind::Invalid(_) | AuthenticationErrorKind::Throttled(_) => None,
            AuthenticationErrorKind::Unavailable(source) => Some(&**source),
        }
    }
}

impl From<Unavailable> for AuthenticationError {
    fn from(error: Unavailable) -> Self {
        Self::unavailable(error)
    }
}

/// A backend that does not answer. As the error of a store or of a `check`, it makes the answer a 503.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(#[source] Box<dyn Error + Send + Sync>);

impl Unavailable {
    /// For the reason that the backend gives.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}
