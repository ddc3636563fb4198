//! Access control without a library: a `SecurityScheme` of poem-openapi, and `jsonwebtoken`.

#![allow(clippy::unused_async, reason = "poem-openapi requires async operations")]

use std::sync::Arc;

use jsonwebtoken::{DecodingKey, Validation, decode};
use poem::{EndpointExt, Error, Request, Result, Route, http::StatusCode};
use poem_openapi::{OpenApi, OpenApiService, SecurityScheme, auth::Bearer, param::Path, payload::Json};

use super::poem_app::PoemApp;
use crate::{
    contender::Shared,
    credentials::Credentials,
    entry::Entry,
    keys::Keys,
    token::{AUDIENCE, Claims, ISSUER},
};

/// A scheme whose checker prepares the key and the validation once, as a careful author would.
#[must_use]
pub fn hand_written(keys: &Keys) -> Shared {
    let service = OpenApiService::new(Entries, "Entries", "1.0");
    let app = Route::new().nest("/", service).data(Arc::new(Verifier::new(keys)));
    PoemApp::shared(format!("hand-written, {}", keys.algorithm.name()), app, Credentials::tokens(keys))
}

/// Verifies a token with `jsonwebtoken`.
pub(super) struct Verifier {
    key: DecodingKey,
    validation: Validation,
}

impl Verifier {
    pub(super) fn new(keys: &Keys) -> Self {
        let mut validation = Validation::new(keys.algorithm.of_jsonwebtoken());
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation.validate_nbf = true;
        Self { key: keys.decoding(), validation }
    }

    pub(super) fn claims(&self, token: &str) -> Option<Claims> {
        decode(token, &self.key, &self.validation).ok().map(|data| data.claims)
    }
}

#[derive(SecurityScheme)]
#[oai(ty = "bearer", bearer_format = "JWT", checker = "verified")]
struct Token(Claims);

async fn verified(request: &Request, bearer: Bearer) -> Option<Claims> {
    request.data::<Arc<Verifier>>()?.claims(&bearer.token)
}

struct Entries;

#[OpenApi]
impl Entries {
    #[oai(path = "/entries/:id", method = "get")]
    async fn entry(&self, Token(claims): Token, Path(id): Path<i64>) -> Result<Json<Entry>> {
        if !claims.may_view() {
            return Err(Error::from_status(StatusCode::FORBIDDEN));
        }
        Ok(Json(Entry::of(id)))
    }
}
