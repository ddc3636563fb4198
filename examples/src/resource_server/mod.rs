//! A resource server: accepts tokens of other issuers, passwords and API keys. All settings are environment variables.

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

/// The text about the settings in `--help`.
pub const HELP: &str = r#"Settings (environment variables):
  OIDC_ISSUER             Token issuers whose keys are found by OpenID Connect discovery
  AUTH_ISSUER             Token issuer (claim `iss`) with the keys in the next four settings
  OAUTH2_JWKS_URL         URLs of the issuer's keys, fetched in the background
  OAUTH2_JWKS_FILE        Files with the issuer's keys, each a JSON Web Key Set
  AUTH_PUBLIC_KEY_FILE    PEM file with the issuer's public key (RSA, P-256, P-384, Ed25519) or
                          certificate
  AUTH_HS256_SECRET       Secret that the issuer signs tokens with, at least 32 bytes
  AUTH_AUDIENCES          JSON list of accepted audiences; a token needs one of them in the claim
                          `aud`
  AUTH_TOKEN_TYPES        JWT: also accept tokens that are not marked as access tokens (default:
                          at+jwt)
  AUTH_JWKS_TTL           Seconds that fetched keys are cached, from 10 to 3600 (default: 300)
  AUTH_JWKS_COOLDOWN      Minimum seconds between fetches for unknown keys, from 10 to 3600
                          (default: 10)
  AUTH_DANGER_ALLOW_HTTP_ON_LOOPBACK
                          true: allow fetching keys without TLS from this machine
  BASIC_AUTH_CREDENTIALS  JSON list of {"username": "..", "password": ".."}; at least 8 characters
                          per password
  API_KEYS                JSON object {"name": "key", ..}; at least 22 characters per key, sent as
                          X-API-Key
  PERMISSION_OVERRIDES    JSON object {"subject": "*" or [permission, ..], ..}: replace all
                          permissions of a caller, including those of its roles. The caller keeps
                          the roles, so an override does not change access by role. A subject is a
                          user name, the name of a key, or the claim `sub` of a token; write
                          "issuer sub" if there are several issuers
  PORT                    Port to listen on; 0 takes a free port (default: 3000)

OIDC_ISSUER, OAUTH2_JWKS_URL and OAUTH2_JWKS_FILE accept comma-separated lists. At least one kind of
credential must be configured. A token is valid if any key of its issuer verifies it.
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
    /// Describes the caller
    #[optional_auth]
    #[oai(path = "/users/me", method = "get")]
    async fn me(&self, caller: Option<Principal<Auth>>) -> poem::Result<Json<User>> {
        match caller {
            Some(caller) => Ok(Json(User::of(&caller).await?)),
            None => Ok(Json(User::anonymous())),
        }
    }

    /// Lists the caller's permissions
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

/// Returns the application.
#[must_use]
pub fn app(auth: &Auth) -> impl Endpoint + use<> {
    let api = auth.service(Server, "Resource server", "1.0");
    Route::new().at("/openapi.json", get(api.spec_endpoint())).nest("/docs", api.swagger_ui()).nest("/", api)
}
