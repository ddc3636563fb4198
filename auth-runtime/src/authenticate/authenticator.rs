//! The trait of everything that verifies a credential.

use std::future::Future;

use super::{AuthenticationError, Context, Identity};

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
