//! The trait of everything that verifies a credential.

use std::future::Future;

use poem::Request;

use super::{AuthenticationError, Context, Identity};
use crate::declared::SecurityScheme;

/// Verifies one kind of credential. A type that implements this trait may be a field of an `Auth` struct.
///
/// ```
/// use auth_runtime::{authenticate::*, credential::HttpCredentials, prelude::*};
///
/// /// Card holders that the reader at the door knows.
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
    note = "use an authenticator such as `Jwt`, `Basic` or `ApiKeys`, or implement `auth_runtime::authenticate::Authenticator` for `{Self}`"
)]
pub trait Authenticator: Send + Sync + 'static {
    /// The credential that it verifies: [`BearerToken`](crate::credential::BearerToken),
    /// [`BasicCredentials`](crate::credential::BasicCredentials), [`ApiKey`](crate::credential::ApiKey),
    /// [`HttpCredentials`](crate::credential::HttpCredentials) or [`RequestHead`](crate::credential::RequestHead). The
    /// field's scheme [must carry it](crate::credential).
    type Credential: Send + Sync;

    /// Whether [`cached`](Self::cached) can return an identity.
    #[doc(hidden)]
    const CACHES_TEXTS: bool = false;

    /// Returns the identity of a credential that was verified before, and is valid now (default: none). The text is the
    /// one of the request, and has not been checked for its form.
    ///
    /// It must return what [`authenticate`](Self::authenticate) would return for a credential of this text, or none.
    /// The context has no client address.
    #[doc(hidden)]
    fn cached(&self, text: &[u8], request: &Request, context: &Context) -> Option<Identity> {
        let _ = (text, request, context);
        None
    }

    /// Returns the identity that the credential belongs to.
    ///
    /// # Errors
    /// - [`AuthenticationError::invalid`] if the credential is wrong: 401.
    /// - [`AuthenticationError::unavailable`] if a backend does not answer: 503.
    /// - [`AuthenticationError::throttled`] if the rate limit is exceeded: 429, or 503 if
    ///   [`is_throttled`](Self::is_throttled) is false.
    /// - [`AuthenticationError::session_ended`] or [`AuthenticationError::sign_in_incomplete`]: the caller is anonymous
    ///   on an optional route, and gets a 401 elsewhere.
    fn authenticate(
        &self,
        credential: Self::Credential,
        context: &Context,
    ) -> impl Future<Output = Result<Identity, AuthenticationError>> + Send;

    /// Whether the authenticator is configured (default: true; false for an `Option` that is `None`).
    ///
    /// A scheme without a configured authenticator is not accepted, not offered in challenges, and not documented.
    fn is_configured(&self) -> bool {
        true
    }

    /// Receives the scheme of the field and the declared names when the `Auth` is mounted (default: does nothing).
    ///
    /// # Panics
    /// If the authenticator does not accept the scheme: the application must not start.
    fn mounted(&self, scheme: &'static SecurityScheme, context: &Context) {
        let _ = (scheme, context);
    }

    /// Whether it can return [`AuthenticationError::throttled`] (default: false).
    ///
    /// The document lists a 429 for each operation that accepts its scheme. If this is false, a `throttled` error is
    /// answered with 503.
    fn is_throttled(&self) -> bool {
        false
    }
}

/// For schemes that the configuration may leave out.
impl<A: Authenticator> Authenticator for Option<A> {
    type Credential = A::Credential;

    const CACHES_TEXTS: bool = A::CACHES_TEXTS;

    fn cached(&self, text: &[u8], request: &Request, context: &Context) -> Option<Identity> {
        self.as_ref()?.cached(text, request, context)
    }

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

    fn mounted(&self, scheme: &'static SecurityScheme, context: &Context) {
        if let Some(authenticator) = self {
            authenticator.mounted(scheme, context);
        }
    }

    fn is_throttled(&self) -> bool {
        self.as_ref().is_some_and(A::is_throttled)
    }
}
