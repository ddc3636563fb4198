//! Poem routes outside of OpenAPI: a middleware that provides the `Auth`, and a combinator that guards a subtree.

use std::{future::Future, sync::Arc};

use futures_util::FutureExt;
use poem::{
    Endpoint, IntoEndpoint, IntoResponse, Request, Response, Result,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, HeaderValue},
    },
};

use crate::{
    guard::{AuthConfig, RequestAuth, admit},
    policy::Operation,
    respond::Rejection,
};

/// An endpoint that provides the `Auth` to the rules below it. `.with(auth)` returns it.
///
/// It rejects no request. The rules below it do, in `#[protected]` handlers and
/// [`protect`](Protect::protect).
#[derive(Debug)]
pub struct WithAuth<A, E> {
    auth: Arc<A>,
    inner: E,
}

impl<A: AuthConfig, E> WithAuth<A, E> {
    /// Wraps an endpoint with `auth`.
    #[must_use]
    pub fn new(auth: &A, inner: E) -> Self {
        Self { auth: Arc::new(auth.cloned()), inner }
    }
}

impl<A: AuthConfig, E: Endpoint> Endpoint for WithAuth<A, E> {
    type Output = Response;

    /// Not an async function: its state would hold the request twice, and copy it.
    fn call(&self, mut request: Request) -> impl Future<Output = Result<Response>> + Send {
        let auth = RequestAuth::new(Arc::clone(&self.auth));
        request.extensions_mut().insert(auth.clone());
        self.inner.call(request).map(move |answer| answer.map(|answer| not_kept(answer.into_response(), &auth)))
    }
}

static NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Keeps responses to authenticated callers out of shared caches, unless the handler decides otherwise (RFC 9111,
/// section 3.5). A 404 is unchanged: the 404 of a hidden operation must look like every other.
fn not_kept<A: AuthConfig>(mut response: Response, auth: &RequestAuth<A>) -> Response {
    if auth.admitted().is_some() && response.status() != StatusCode::NOT_FOUND {
        response.headers_mut().entry(CACHE_CONTROL).or_insert_with(|| NO_STORE.clone());
    }
    response
}

/// An endpoint guarded by a requirement.
#[derive(Debug)]
pub struct ProtectedEndpoint<A: 'static, E> {
    operation: &'static Operation<A>,
    inner: E,
}

impl<A: AuthConfig, E: Endpoint> Endpoint for ProtectedEndpoint<A, E> {
    type Output = E::Output;

    async fn call(&self, request: Request) -> Result<E::Output> {
        admit(&request, self.operation).await.map_err(Rejection::into_error)?;
        self.inner.call(request).await
    }
}

/// Guards whole subtrees: static files, WebSocket and event streams, routers of other crates.
pub trait Protect: IntoEndpoint + Sized {
    /// Admits only callers that meet the requirement; see [`requirement!`](crate::requirement).
    ///
    /// The guard wraps the endpoint, so it applies to every path and method below it. Put `.with(auth)` around it:
    /// without an `Auth`, every request gets 500.
    ///
    /// ```
    /// # use auth_runtime::prelude::*;
    /// # #[derive(Auth, Clone)] struct Auth { #[scheme(api_key(header = "X-API-Key"))] key: ApiKeys }
    /// use poem::{EndpointExt, Route, endpoint::make_sync};
    ///
    /// # fn app(auth: Auth) -> impl poem::Endpoint {
    /// let reports = Route::new().at("/*", make_sync(|_| "figures"));
    /// Route::new().nest("/reports", reports.protect(requirement!(authenticated))).with(auth)
    /// # }
    /// ```
    fn protect<A: AuthConfig>(self, requirement: &'static Operation<A>) -> ProtectedEndpoint<A, Self::Endpoint> {
        ProtectedEndpoint { operation: requirement, inner: self.into_endpoint() }
    }
}

impl<T: IntoEndpoint> Protect for T {}
