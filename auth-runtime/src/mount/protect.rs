//! Poem routes outside of OpenAPI: a middleware that brings the `Auth`, and a combinator that guards a subtree.

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

/// An endpoint whose rules know who authenticates: what `.with(auth)` makes.
///
/// It lets everything through by itself; the rules are below it, in `#[protected]` handlers and
/// [`protect`](Protect::protect).
#[derive(Debug)]
pub struct WithAuth<A, E> {
    auth: Arc<A>,
    inner: E,
}

impl<A: AuthConfig, E> WithAuth<A, E> {
    /// Puts `auth` in front of an endpoint.
    #[must_use]
    pub fn new(auth: &A, inner: E) -> Self {
        Self { auth: Arc::new(auth.cloned()), inner }
    }
}

impl<A: AuthConfig, E: Endpoint> Endpoint for WithAuth<A, E> {
    type Output = Response;

    /// Not an async function, whose state would hold the request twice, to be copied with it.
    fn call(&self, mut request: Request) -> impl Future<Output = Result<Response>> + Send {
        let auth = RequestAuth::new(Arc::clone(&self.auth));
        request.extensions_mut().insert(auth.clone());
        self.inner.call(request).map(move |answer| answer.map(|answer| not_kept(answer.into_response(), &auth)))
    }
}

static NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// What depends on who asks is not for a shared cache, unless the handler knows better (RFC 9111, section 3.5). A 404
/// stays as it is: one that hides an operation must look like any other.
fn not_kept<A: AuthConfig>(mut response: Response, auth: &RequestAuth<A>) -> Response {
    if auth.admitted().is_some() && response.status() != StatusCode::NOT_FOUND {
        response.headers_mut().entry(CACHE_CONTROL).or_insert_with(|| NO_STORE.clone());
    }
    response
}

/// An endpoint that only those reach who meet a requirement.
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
    /// Lets only those through who meet the requirement; see [`requirement!`](crate::requirement).
    ///
    /// Stands around the endpoint, so no spelling of a path below it and no method gets past. Needs `.with(auth)`
    /// around it: without that, every request is answered with 500.
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
