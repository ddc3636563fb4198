//! A resource server: takes tokens of another issuer, passwords and API keys, all configured by the environment.

#![allow(clippy::unused_async, reason = "an operation is async, whether it waits for something or not")]

pub mod access;
pub mod caller;
pub mod settings;
mod tokens;

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
  OIDC_ISSUER             issuers of tokens that say themselves where their keys are (OpenID Connect discovery)
  AUTH_ISSUER             the claim `iss` of tokens that are verified by the keys of the next four settings
  OAUTH2_JWKS_URL         where the issuer publishes its keys; they are fetched in the background
  OAUTH2_JWKS_FILE        file with the keys of the issuer, as a JSON Web Key Set
  AUTH_PUBLIC_KEY_FILE    PEM file with the public key of the issuer (RSA, P-256, P-384, Ed25519) or its certificate
  AUTH_HS256_SECRET       secret that the issuer signs tokens with, at least 32 bytes
  AUTH_AUDIENCES          JSON list; the claim `aud` of a token must hold one of them
  AUTH_TOKEN_TYPES        at+jwt unless set; JWT accepts tokens, too, that do not say that they are access tokens
  AUTH_JWKS_TTL           for how many seconds fetched keys are good, 300 unless set, from 10 to 3600
  AUTH_JWKS_COOLDOWN      at most one fetch in so many seconds for keys that are not known; 10 unless set, to 3600
  AUTH_DANGER_ALLOW_HTTP_ON_LOOPBACK
                          true: keys may be fetched without TLS from this machine
  BASIC_AUTH_CREDENTIALS  JSON list of {"username": "..", "password": ".."};
                          passwords have 8 characters or more
  API_KEYS                JSON object {"name": "key", ..}, sent as X-API-Key;
                          keys have 22 characters or more
  PERMISSION_OVERRIDES    JSON object {"subject": "*" or [permission, ..], ..}: what one caller may do, whatever the
                          credential says; a subject is a user name, else the name of a key, else the `sub` of a token,
                          as "issuer sub" if there are several issuers
  PORT                    3000 unless set; 0 takes any that is free

OIDC_ISSUER, OAUTH2_JWKS_URL and OAUTH2_JWKS_FILE may hold several, with commas between them. At least one of the
settings that let somebody in must be set. A token is good if any key of its issuer verifies it.
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
    async fn me(&self, caller: Option<Principal<Auth>>) -> poem::Result<Json<User>> {
        match caller {
            Some(caller) => Ok(Json(User::of(&caller).await?)),
            None => Ok(Json(User::anonymous())),
        }
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
