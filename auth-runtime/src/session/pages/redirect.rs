//! Sends a browser that navigates to a protected page to the sign-in page.

use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response, Result,
    error::ResponseError,
    http::{
        HeaderValue, StatusCode, Uri,
        header::{CACHE_CONTROL, LOCATION, SET_COOKIE},
    },
};

use super::next::{is_navigation, own_path, with_next};
use crate::respond::Rejection;

/// A middleware that redirects a browser to the sign-in page when a page requires a sign-in, and back after the
/// sign-in.
///
/// Only a `GET` for HTML without an `Authorization` header is redirected. Scripts and other clients get the 401.
///
/// ```
/// use auth_runtime::session::SignInRedirect;
/// use poem::{EndpointExt, Route};
///
/// # fn app(api: impl poem::IntoEndpoint<Endpoint: 'static>) -> impl poem::Endpoint {
/// Route::new().nest("/", api).with(SignInRedirect::to("/auth/login"))
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SignInRedirect {
    page: String,
}

impl SignInRedirect {
    /// Returns a middleware that redirects to the sign-in page at this path.
    ///
    /// # Panics
    /// If the path does not start with exactly one `/`, because it could lead to another origin.
    #[must_use]
    pub fn to(page: impl Into<String>) -> Self {
        let page = page.into();
        assert!(own_path(&page).is_some(), "the path of a sign-in page starts with one `/`, unlike {page:?}");
        Self { page }
    }
}

impl<E: Endpoint> Middleware<E> for SignInRedirect {
    type Output = RedirectedEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        RedirectedEndpoint { redirect: self.clone(), inner }
    }
}

/// An endpoint that redirects to the sign-in page; returned by `.with(SignInRedirect::to(..))`.
#[derive(Debug)]
pub struct RedirectedEndpoint<E> {
    redirect: SignInRedirect,
    inner: E,
}

impl<E: Endpoint> Endpoint for RedirectedEndpoint<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let from = is_navigation(&request).then(|| target(&request));
        match (self.inner.call(request).await, from) {
            (Ok(response), _) => Ok(response.into_response()),
            (Err(error), Some(from)) => self.redirect.redirected(error, &from),
            (Err(error), None) => Err(error),
        }
    }
}

/// Returns the path and the query that the browser sent, also below a nested route.
fn target(request: &Request) -> String {
    // A request of Poem's builder has its target as its URI only.
    let uri = if *request.original_uri() == Uri::default() { request.uri() } else { request.original_uri() };
    uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string)
}

impl SignInRedirect {
    /// Returns the redirect for an error that a sign-in resolves, or else the error.
    pub(crate) fn redirected(&self, error: poem::Error, from: &str) -> Result<Response> {
        let Some(rejection) = error.downcast_ref::<Rejection>().filter(|rejection| rejection.needs_sign_in()) else {
            return Err(error);
        };
        let location = own_path(from).map_or_else(|| self.page.clone(), |from| with_next(&self.page, from));
        let Ok(location) = HeaderValue::try_from(location) else { return Err(error) };
        let mut response = StatusCode::SEE_OTHER.into_response();
        // The cookie of an ended session is deleted here too.
        for cookie in rejection.as_response().headers().get_all(SET_COOKIE) {
            response.headers_mut().append(SET_COOKIE, cookie.clone());
        }
        response.headers_mut().insert(LOCATION, location);
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    }
}
