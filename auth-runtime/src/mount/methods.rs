//! The methods that a path does not have: 405 with `Allow` (RFC 9110, section 15.5.6).

use std::{collections::HashMap, future::Future};

use poem::{
    Endpoint, EndpointExt, Request, Response, Result,
    endpoint::{BoxEndpoint, make_sync},
    http::{HeaderValue, Method, StatusCode, header::ALLOW},
};

/// Replaces every non-standard method by one name, so that a path can answer it.
#[derive(Debug)]
pub struct KnownMethods<E>(E);

impl<E> KnownMethods<E> {
    pub(super) const fn new(inner: E) -> Self {
        Self(inner)
    }
}

impl<E: Endpoint> Endpoint for KnownMethods<E> {
    type Output = E::Output;

    fn call(&self, mut request: Request) -> impl Future<Output = Result<E::Output>> + Send {
        if !METHODS.contains(request.method()) {
            request.set_method(unknown_method());
        }
        self.0.call(request)
    }
}

const METHODS: [Method; 9] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::DELETE,
    Method::PATCH,
    Method::OPTIONS,
    Method::TRACE,
    Method::CONNECT,
];

fn unknown_method() -> Method {
    // A token, so this cannot fail.
    Method::from_bytes(b"UNKNOWN").unwrap_or(Method::TRACE)
}

/// Adds a 405 for every method that the path does not have.
pub(super) fn refuse_others(methods: &mut HashMap<Method, BoxEndpoint<'static>>) {
    let allow = allow(methods);
    // `HEAD` follows `GET`.
    for method in METHODS.into_iter().chain([unknown_method()]).filter(|method| method != Method::HEAD) {
        methods.entry(method).or_insert_with(|| not_allowed(allow.clone()));
    }
}

fn allow<E>(methods: &HashMap<Method, E>) -> HeaderValue {
    let mut names: Vec<&str> = methods.keys().map(Method::as_str).collect();
    if methods.contains_key(&Method::GET) && !methods.contains_key(&Method::HEAD) {
        names.push("HEAD");
    }
    names.sort_unstable();
    HeaderValue::try_from(names.join(", ")).unwrap_or(HeaderValue::from_static(""))
}

fn not_allowed(allow: HeaderValue) -> BoxEndpoint<'static> {
    make_sync(move |_| {
        Response::builder()
            .status(StatusCode::METHOD_NOT_ALLOWED)
            .header(ALLOW, allow.clone())
            .body("method not allowed")
    })
    .boxed()
}
