//! axum with jwt-authorizer, which depends on an older `jsonwebtoken` (on ring).

use ::jwt_authorizer::{Authorizer, AuthorizerBuilder, IntoLayer, JwtAuthorizer, Validation};
use axum::{Router, routing::get};

use super::{axum_app::AxumApp, bare::entry_of_axum};
use crate::{
    contender::{Shared, runtime},
    credentials::Credentials,
    keys::{Algorithm, Keys},
    token::{AUDIENCE, Claims, ISSUER},
};

/// A handler behind the layer of jwt-authorizer.
///
/// # Panics
/// Never for keys that this crate generates.
#[must_use]
pub fn jwt_authorizer(keys: &Keys) -> Shared {
    let validation = Validation::new().iss(&[ISSUER]).aud(&[AUDIENCE]).nbf(true);
    let builder = builder(keys).validation(validation).check(Claims::may_view);
    let authorizer: Authorizer<Claims> = runtime().block_on(builder.build()).expect("a key");
    let app = Router::new().route("/entries/:id", get(entry_of_axum)).layer(authorizer.into_layer());
    AxumApp::shared(format!("axum + jwt-authorizer, {}", keys.algorithm.name()), app, Credentials::tokens(keys))
}

fn builder(keys: &Keys) -> AuthorizerBuilder<Claims> {
    match keys.algorithm {
        Algorithm::Hs256 => JwtAuthorizer::from_secret(&keys.public),
        Algorithm::Rs256 => JwtAuthorizer::from_rsa_pem_text(&keys.public),
        Algorithm::Es256 => JwtAuthorizer::from_ec_pem_text(&keys.public),
        Algorithm::EdDsa => JwtAuthorizer::from_ed_pem_text(&keys.public),
    }
}
