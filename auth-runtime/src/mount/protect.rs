//! Poem routes outside of OpenAPI: a middleware that supplies the `Auth`, and a combinator that guards a subtree.

use std::{future::Future, sync::Arc};

use poem::{Endpoint, IntoEndpoint, IntoResponse, Request, Response, Result};

use crate::{
    guard::{AuthConfig, MountedAuth, RequestAuth, admit},
    policy::Operation,
    respond::{Rejection, forbid_store, without_cookie},
};

/// An endpoint with an `Auth` for the rules inside of it; returned by `.with(auth)`.
///
/// It rejects no request itself. The rules are in `#[protected]` handlers and in [`protect`](Protect::protect).
#[derive(Debug)]
pub struct WithAuth<A, E> {
    auth: Arc<MountedAuth<A>>,
    inner: E,
}

impl<A: AuthConfig, E> WithAuth<A, E> {
    /// Puts `auth` in front of an endpoint.
    #[must_use]
    pub fn new(auth: &A, inner: E) -> Self {
        Self { auth: Arc::new(MountedAuth::new(auth)), inner }
    }
}

impl<A: AuthConfig, E: Endpoint> Endpoint for WithAuth<A, E> {
    type Output = E::Output;

    /// Not an async function: its state would hold the request twice, to be copied with it.
    fn call(&self, mut request: Request) -> impl Future<Output = Result<E::Output>> + Send {
        RequestAuth::put(&self.auth, &mut request);
        self.inner.call(request)
    }
}

/// An endpoint guarded by a requirement.
#[derive(Debug)]
pub struct ProtectedEndpoint<A: 'static, E> {
    operation: &'static Operation<A>,
    inner: E,
}

impl<A: AuthConfig, E: Endpoint> Endpoint for ProtectedEndpoint<A, E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let mut admission = admit(&request, self.operation).await.map_err(Rejection::into_error)?;
        admission.keep();
        let ended_cookie = admission.ended_cookie();
        let mut answer = self.inner.call(request).await?.into_response();
        forbid_store(&mut answer);
        Ok(match ended_cookie {
            Some(cookie) => without_cookie(answer, cookie),
            None => answer,
        })
    }
}

/// Guards whole subtrees: static files, WebSocket and event streams, routers of other crates.
pub trait Protect: IntoEndpoint + Sized {
    /// Admits only callers that meet the requirement; see [`requirement!`](crate::requirement).
    ///
    /// The guard wraps the endpoint, so it applies to every path and method below it. Add `.with(auth)` outside of it:
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
