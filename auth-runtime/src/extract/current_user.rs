//! The application's own user type, loaded for the caller.

use std::{fmt, future::Future, ops::Deref, sync::Arc};

use poem::{FromRequest, Request, RequestBody, Result};

use crate::{
    authenticate::{Principal, Unavailable},
    event,
    guard::{AuthConfig, MountedAuth, RequestAuth},
    respond::{DenialCause, Rejection, RejectionCode},
};

/// A user type of the application that is loaded for a caller.
///
/// ```
/// # use auth_runtime::{authenticate::Unavailable, prelude::*};
/// # #[derive(Auth, Clone)] struct Auth { #[scheme(api_key(header = "X-API-Key"))] key: ApiKeys }
/// use poem::Request;
///
/// struct Account { email: String }
///
/// impl LoadUser for Account {
///     type Auth = Auth;
///
///     async fn load(caller: &Principal<Auth>, _request: &Request) -> Result<Option<Self>, Unavailable> {
///         // Ask the database; its pool is in `request.data()`.
///         Ok(Some(Account { email: format!("{}@example.com", caller.subject()) }))
///     }
/// }
///
/// async fn hello(account: CurrentUser<Account>) -> String { account.email.clone() }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be loaded for a caller",
    note = "implement `auth_runtime::extract::LoadUser` for `{Self}`"
)]
pub trait LoadUser: Send + Sync + Sized + 'static {
    /// The `Auth` that authenticates callers.
    type Auth: AuthConfig;

    /// Loads the user. `None` means that this caller has no user: 401.
    ///
    /// # Errors
    /// [`Unavailable`] if a backend does not answer: 503.
    fn load(
        caller: &Principal<Self::Auth>,
        request: &Request,
    ) -> impl Future<Output = Result<Option<Self>, Unavailable>> + Send;

    /// Returns the value for an anonymous caller (default: none; `Some(None)` for an `Option`).
    #[must_use]
    fn anonymous() -> Option<Self> {
        None
    }
}

/// For `#[optional_auth]`: take `CurrentUser<Option<Account>>`.
///
/// Do not take `Option<CurrentUser<Account>>`: Poem would make an unavailable database look like an anonymous caller.
impl<U: LoadUser> LoadUser for Option<U> {
    type Auth = U::Auth;

    async fn load(caller: &Principal<Self::Auth>, request: &Request) -> Result<Option<Self>, Unavailable> {
        Ok(U::load(caller, request).await?.map(Some))
    }

    fn anonymous() -> Option<Self> {
        Some(None)
    }
}

/// Extractor of the application's own user for the caller. The user is loaded once for each request.
pub struct CurrentUser<U>(Arc<U>);

impl<U> Clone for CurrentUser<U> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<U> CurrentUser<U> {
    /// Wraps a user, for a test that calls a handler.
    #[must_use]
    pub fn new(user: U) -> Self {
        Self(Arc::new(user))
    }
}

impl<U> Deref for CurrentUser<U> {
    type Target = U;

    fn deref(&self) -> &U {
        &self.0
    }
}

impl<U: fmt::Debug> fmt::Debug for CurrentUser<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CurrentUser").field(&*self.0).finish()
    }
}

impl<'a, U: LoadUser> FromRequest<'a> for CurrentUser<U> {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        load(request).await.map(Self).map_err(Rejection::into_error)
    }
}

async fn load<U: LoadUser>(request: &Request) -> Result<Arc<U>, Rejection> {
    let auth = RequestAuth::<U::Auth>::of(request)?;
    if let Some(user) = auth.user::<U>() {
        return Ok(user);
    }
    let user = match auth.admitted() {
        None => {
            event::no_rule::<CurrentUser<U>>();
            return Err(Rejection::with_code(RejectionCode::Misconfigured));
        }
        Some((None, point)) => {
            U::anonymous().ok_or_else(|| MountedAuth::rejection(point, &DenialCause::NoCredential))?
        }
        Some((Some(caller), point)) => {
            let mounted = auth.mounted();
            let watch = mounted.watch();
            U::load(&caller, request)
                .await
                .map_err(|error| {
                    mounted.denied(point, &DenialCause::UserUnavailable { caller: &caller, error: &error }, watch)
                })?
                .ok_or_else(|| mounted.denied(point, &DenialCause::NoUser { caller: &caller }, watch))?
        }
    };
    let user = Arc::new(user);
    auth.keep_user(&user);
    Ok(user)
}
