//! The methods that a path does not have: 405 with `Allow` (RFC 9110, section 15.5.6).

use std::collections::HashMap;

use poem::{
    EndpointExt, Request, Response,
    endpoint::{BoxEndpoint, make_sync},
    http::{HeaderValue, Method, StatusCode, header::ALLOW},
};

/// Gives every non-standard method one name, so that a path can answer it.
pub(super) fn name_unknown(request: &mut Request) {
    if !METHODS.contains(request.method()) {
        request.set_method(unknown_method());
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
