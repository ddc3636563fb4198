//! A facade with the code that the services of a company share. They depend on this crate, and not on `auth-runtime`.

/// The library. Macros of a crate that depends on the facade alone need `crate = example_platform::auth`.
pub use auth_runtime as auth;
use poem::{Endpoint, IntoEndpoint, Route};

use crate::auth::{
    guard::AuthConfig,
    mount::{Protected, Service},
};

/// Mounts an API as every service of the company does: with its document at `/openapi.json`.
pub fn mount<A: AuthConfig, T: Protected<Auth = A> + 'static>(
    auth: &A,
    api: T,
    title: &str,
) -> impl Endpoint + use<A, T> {
    let service = auth.service(api, title, "1.0");
    let document = service.spec_endpoint();
    Route::new().at("/openapi.json", document).nest("/", service).into_endpoint()
}
