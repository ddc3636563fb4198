//! The mounted service of a protected API: its routes, its documents and its `Auth`.

use std::{
    fmt,
    future::Future,
    sync::{Arc, OnceLock},
};

use poem::{
    Endpoint, IntoEndpoint, Request, Response, Result,
    endpoint::{BoxEndpoint, DynEndpoint},
};
use poem_openapi::{
    OpenApi, OpenApiService, Webhook,
    registry::{MetaApi, MetaPath, Registry},
};
use serde_json::Value;

#[cfg(feature = "swagger-ui")]
use super::swagger_ui::OAuthClient;
use super::{
    methods,
    openapi::{self, Choice},
    pages,
    protected::{Protected, rows},
    stateful::{self, Routes},
};
use crate::{
    guard::{AuthConfig, MountedAuth},
    policy::{Access, Operation},
};

/// The mounted `Auth`, once there is one.
type Slot<A> = Arc<OnceLock<Arc<MountedAuth<A>>>>;

/// An endpoint that serves a protected API and its documents. [`service`](Service::service) returns it.
pub struct ProtectedService<A, T: Protected, W = ()> {
    auth: A,
    /// Where the routes find the `Auth` when they are mounted.
    mounted: Slot<T::Auth>,
    inner: OpenApiService<Api<T>, W>,
    document: Choice,
}

impl<A, T: Protected, W> std::fmt::Debug for ProtectedService<A, T, W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProtectedService").finish_non_exhaustive()
    }
}

/// Mounts protected APIs: `auth.service(api, "Title", "1.0")`.
pub trait Service: AuthConfig {
    /// Returns an endpoint for a protected API or a tuple of them. It replaces `OpenApiService::new`.
    ///
    /// # Panics
    /// Panics if an operation accepts only schemes that are not configured, because no caller could reach it. Also
    /// panics if two different security schemes of the `Auth` and of the operations' arguments have the same name.
    fn service<T>(&self, api: T, title: impl Into<String>, version: impl Into<String>) -> ProtectedService<Self, T>
    where
        T: Protected<Auth = Self>,
    {
        let rows = rows::<T>();
        for row in &rows {
            assert_reachable(self, row.operation);
        }
        openapi::assert_one_scheme_per_name(&rows);
        let mounted = Slot::default();
        ProtectedService {
            auth: self.cloned(),
            inner: OpenApiService::new(Api { api, mounted: Arc::clone(&mounted) }, title, version),
            mounted,
            document: Choice::default(),
        }
    }
}

impl<A: AuthConfig> Service for A {}

fn assert_reachable<A: AuthConfig>(auth: &A, operation: &'static Operation<A>) {
    let accepted = operation.accepted(auth.configured());
    assert!(
        !matches!(operation.access(), Access::Required { .. }) || !accepted.is_empty(),
        "`{}` can only be called with security schemes that are not configured",
        operation.name(),
    );
}

impl<A: AuthConfig, T: Protected<Auth = A>, W: Webhook> ProtectedService<A, T, W> {
    /// Changes settings of [`OpenApiService`]: servers, description, licence, extra headers, the cookie key.
    ///
    /// ```
    /// # use auth_runtime::{mount::ProtectedService, prelude::*};
    /// # fn configured<A: auth_runtime::guard::AuthConfig, T: auth_runtime::mount::Protected<Auth = A>>(
    /// #     service: ProtectedService<A, T>,
    /// # ) -> ProtectedService<A, T> {
    /// service.configure(|service| service.description("Who wrote what").server("https://api.example.com"))
    /// # }
    /// ```
    #[must_use]
    pub fn configure(mut self, f: impl FnOnce(OpenApiService<Api<T>, W>) -> OpenApiService<Api<T>, W>) -> Self {
        self.inner = f(self.inner);
        self
    }

    /// Documents webhooks: requests that the service sends to others (default: none). It drops a URL prefix that
    /// [`configure`](Self::configure) has set, so call it first.
    ///
    /// OpenAPI 3.0 has no webhooks, so a document of 3.0 has them under `x-webhooks`, which Redoc shows. With
    /// [3.1](Self::openapi_3_1), all pages show them.
    ///
    /// ```
    /// # use auth_runtime::{mount::ProtectedService, prelude::*};
    /// # use poem_openapi::{Webhook, payload::Json};
    /// #[Webhook]
    /// trait Events {
    ///     /// An entry is new.
    ///     #[oai(name = "entry.created", method = "post")]
    ///     fn created(&self, entry: Json<String>);
    /// }
    ///
    /// # fn document<A: auth_runtime::guard::AuthConfig, T: auth_runtime::mount::Protected<Auth = A>>(
    /// #     service: ProtectedService<A, T>,
    /// # ) {
    /// let service = service.webhooks::<&dyn Events>().openapi_3_1();
    /// assert!(service.spec().contains("entry.created"));
    /// # }
    /// ```
    #[must_use]
    pub fn webhooks<W2: Webhook>(self) -> ProtectedService<A, T, W2> {
        let Self { auth, mounted, inner, document } = self;
        ProtectedService { auth, mounted, inner: inner.webhooks(), document }
    }

    /// Includes operations with `hide` in the OpenAPI document. By default they are omitted, because every caller can
    /// read the document.
    ///
    /// Guard the endpoints of the document and its pages with `.protect(..)`. Call this method before you create them.
    ///
    /// ```
    /// # use auth_runtime::{mount::ProtectedService, prelude::*};
    /// # fn documents<A: auth_runtime::guard::AuthConfig, T: auth_runtime::mount::Protected<Auth = A>>(
    /// #     service: ProtectedService<A, T>,
    /// # ) {
    /// let for_all_callers = service.spec_endpoint();
    /// let service = service.document_hidden();
    /// let for_administrators = service.spec_endpoint();
    /// # }
    /// ```
    #[must_use]
    pub fn document_hidden(mut self) -> Self {
        self.document.hidden = true;
        self
    }

    /// Makes the document OpenAPI 3.1 (default: 3.0), in which schemes without scopes list the roles that a caller
    /// needs.
    ///
    /// ```
    /// # use auth_runtime::{mount::ProtectedService, prelude::*};
    /// # fn document<A: auth_runtime::guard::AuthConfig, T: auth_runtime::mount::Protected<Auth = A>>(
    /// #     service: ProtectedService<A, T>,
    /// # ) {
    /// assert!(service.openapi_3_1().spec().contains(r#""openapi": "3.1.0""#));
    /// # }
    /// ```
    #[must_use]
    pub fn openapi_3_1(mut self) -> Self {
        self.document.is_3_1 = true;
        self
    }

    /// Returns the OpenAPI document as JSON, with the security of every operation.
    #[must_use]
    pub fn spec(&self) -> String {
        openapi::document(&self.inner.spec(), &rows::<T>(), &self.auth, self.document)
    }

    /// Returns [`spec`](Self::spec) as YAML.
    ///
    /// # Panics
    /// Never: the document is JSON, and each JSON value can be written as YAML.
    #[must_use]
    pub fn spec_yaml(&self) -> String {
        let document: Value = serde_json::from_str(&self.spec()).expect("the document is JSON");
        serde_yaml::to_string(&document).expect("a JSON value can be written as YAML")
    }

    /// Serves [`spec_yaml`](Self::spec_yaml) as `application/yaml` (RFC 9512).
    pub fn spec_endpoint_yaml(&self) -> impl Endpoint + use<A, T, W> {
        pages::text("application/yaml", self.spec_yaml())
    }

    /// Serves [`spec`](Self::spec).
    pub fn spec_endpoint(&self) -> impl Endpoint + use<A, T, W> {
        pages::text("application/json", self.spec())
    }

    /// Serves Swagger UI from inside the binary, without requests to other hosts.
    #[cfg(feature = "swagger-ui")]
    pub fn swagger_ui(&self) -> impl Endpoint + use<A, T, W> {
        pages::page::swagger_ui(&self.spec(), None)
    }

    /// Serves Swagger UI as [`swagger_ui`](Self::swagger_ui) does, with an OAuth 2 client to sign in with.
    #[cfg(feature = "swagger-ui")]
    pub fn swagger_ui_with(&self, client: &OAuthClient) -> impl Endpoint + use<A, T, W> {
        pages::page::swagger_ui(&self.spec(), Some(client))
    }

    /// Serves Redoc from inside the binary; it loads its fonts from Google.
    #[cfg(feature = "redoc")]
    pub fn redoc(&self) -> impl Endpoint + use<A, T, W> {
        pages::page::redoc(&self.spec())
    }

    /// Serves Scalar from inside the binary; it loads its fonts from `fonts.scalar.com`.
    #[cfg(feature = "scalar")]
    pub fn scalar(&self) -> impl Endpoint + use<A, T, W> {
        pages::page::scalar(&self.spec())
    }

    /// Serves `RapiDoc` from inside the binary; it loads its fonts from Google.
    #[cfg(feature = "rapidoc")]
    pub fn rapidoc(&self) -> impl Endpoint + use<A, T, W> {
        pages::page::rapidoc(&self.spec())
    }

    /// Serves the OpenAPI explorer from inside the binary; it loads its fonts from Google.
    #[cfg(feature = "openapi-explorer")]
    pub fn openapi_explorer(&self) -> impl Endpoint + use<A, T, W> {
        pages::page::openapi_explorer(&self.spec())
    }
}

impl<A: AuthConfig, T: Protected<Auth = A> + 'static, W: Webhook + 'static> IntoEndpoint for ProtectedService<A, T, W> {
    type Endpoint = ServiceEndpoint;

    fn into_endpoint(self) -> Self::Endpoint {
        // The cell is empty: only this method fills it, and it takes the service.
        let _ = self.mounted.set(Arc::new(MountedAuth::new(&self.auth)));
        ServiceEndpoint { inner: self.inner.into_endpoint() }
    }
}

/// The routes of a protected API, with their `Auth`; made by [`IntoEndpoint`] of a [`ProtectedService`].
pub struct ServiceEndpoint {
    inner: BoxEndpoint<'static>,
}

impl fmt::Debug for ServiceEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceEndpoint").finish_non_exhaustive()
    }
}

impl Endpoint for ServiceEndpoint {
    type Output = Response;

    /// Not an async function: its state would hold the request twice, to be copied with it.
    fn call(&self, mut request: Request) -> impl Future<Output = Result<Response>> + Send {
        methods::name_unknown(&mut request);
        DynEndpoint::call(&*self.inner, request)
    }
}

/// An API as Poem serves it, with the parts that Poem omits.
pub struct Api<T: Protected> {
    api: T,
    mounted: Slot<T::Auth>,
}

impl<T: Protected> fmt::Debug for Api<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").finish_non_exhaustive()
    }
}

impl<T: Protected<Auth: AuthConfig>> OpenApi for Api<T> {
    /// Joins paths that several impl blocks share. Poem would write them twice, and a reader would keep the last.
    fn meta() -> Vec<MetaApi> {
        let mut paths: Vec<MetaPath> = Vec::new();
        for path in T::meta().into_iter().flat_map(|api| api.paths) {
            match paths.iter_mut().find(|known| known.path == path.path) {
                Some(known) => known.operations.extend(path.operations),
                None => paths.push(path),
            }
        }
        vec![MetaApi { paths }]
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    /// Gives the operations the `Auth`, and answers methods that a path does not have with 405 and `Allow`.
    fn add_routes(self, routes: &mut Routes) {
        self.api.add_routes(routes);
        if let Some(auth) = self.mounted.get() {
            stateful::provide::<T>(routes, auth, &rows::<T>());
        }
        routes.values_mut().for_each(methods::refuse_others);
    }
}
