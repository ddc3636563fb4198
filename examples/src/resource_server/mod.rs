//! A resource server: takes tokens of another issuer, passwords and API keys, all configured by the environment.

#![allow(clippy::unused_async, reason = "an operation is async, whether it waits for something or not")]

pub mod access;
pub mod caller;
pub mod environment;
pub mod settings;

use auth_runtime::prelude::*;
use poem::{Endpoint, Route, get};
use poem_openapi::{
    ApiResponse, OpenApi,
    payload::{Json, PlainText},
};
use serde_json::Value;

use self::{access::Auth, caller::User};

/// The settings, for `--help`.
pub const HELP: &str = r#"Settings (environment variables):
  AUTH_ISSUER             the claim `iss` of tokens
  AUTH_AUDIENCES          JSON list; the claim `aud` of a token must hold one of them
  AUTH_HS256_SECRET       secret that the issuer signs tokens with, at least 32 bytes
  AUTH_PUBLIC_KEY_FILE    PEM file with the public key of the issuer (RSA, P-256, P-384, Ed25519)
  BASIC_AUTH_CREDENTIALS  JSON list of {"username": "..", "password": ".."};
                          passwords have 8 characters or more
  API_KEYS                JSON object {"name": "key", ..}, sent as X-API-Key;
                          keys have 22 characters or more
  PERMISSION_OVERRIDES    JSON object {"subject": "*" or [permission, ..], ..}: what one caller may do, whatever the
                          credential says; a subject is a user name, else the name of a key, else the `sub` of a token
  PORT                    3000 unless set; 0 takes any that is free

At least one of AUTH_HS256_SECRET, AUTH_PUBLIC_KEY_FILE, BASIC_AUTH_CREDENTIALS and API_KEYS must be set.
With both AUTH_HS256_SECRET and AUTH_PUBLIC_KEY_FILE, a token is good if either verifies it.
"#;

struct Server;

#[derive(ApiResponse)]
enum Created {
    /// The product
    #[oai(status = 201)]
    Product(Json<Value>),
}

#[protected]
#[OpenApi]
impl Server {
    /// Tells who calls
    #[optional_auth]
    #[oai(path = "/users/me", method = "get")]
    async fn me(&self, caller: Option<Principal<Auth>>) -> Json<User> {
        Json(caller.as_ref().map_or_else(User::anonymous, User::of))
    }

    /// Lists what the caller may do
    #[protected]
    #[oai(path = "/users/me/permissions", method = "get")]
    async fn permissions(&self, caller: Principal<Auth>) -> Json<Vec<String>> {
        Json(caller::permissions(&caller))
    }

    /// Creates a product
    #[permission("products:create")]
    #[oai(path = "/products", method = "post")]
    async fn create_product(&self, product: Json<Value>) -> Created {
        Created::Product(product)
    }

    /// Greets administrators
    #[protected(roles = "Administrator")]
    #[oai(path = "/admin", method = "get")]
    async fn admin(&self, caller: Principal<Auth>) -> PlainText<String> {
        PlainText(format!("Hello, {}", caller.display_name()))
    }
}

/// The application.
#[must_use]
pub fn app(auth: &Auth) -> impl Endpoint + use<> {
    let api = auth.service(Server, "Resource server", "1.0");
    Route::new().at("/openapi.json", get(api.spec_endpoint())).nest("/docs", api.swagger_ui()).nest("/", api)
}
