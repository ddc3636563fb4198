//! poem-grants: permissions on operations. The application supplies the permissions; as in the examples of
//! poem-grants, this one reads them with `jsonwebtoken`.

#![allow(clippy::unused_async, reason = "poem-openapi requires async operations")]

use std::{collections::HashSet, sync::Arc};

use poem::{EndpointExt, Error, Request, Result, Route, http::StatusCode};
use poem_grants::{GrantsMiddleware, open_api};
use poem_openapi::{OpenApi, OpenApiService, param::Path, payload::Json};

use super::{hand_written::Verifier, poem_app::PoemApp};
use crate::{contender::Shared, credentials::Credentials, entry::Entry, keys::Keys};

/// An operation with a required permission, behind the middleware of poem-grants.
#[must_use]
pub fn poem_grants(keys: &Keys) -> Shared {
    let service = OpenApiService::new(Entries, "Entries", "1.0");
    let app = Route::new().nest("/", service).with(GrantsMiddleware::with_extractor(permissions));
    let app = app.data(Arc::new(Verifier::new(keys)));
    PoemApp::shared(format!("poem-grants, {}", keys.algorithm.name()), app, Credentials::tokens(keys))
}

async fn permissions(request: &Request) -> Result<HashSet<String>> {
    let claims = bearer(request).and_then(|token| request.data::<Arc<Verifier>>()?.claims(token));
    let claims = claims.ok_or_else(|| Error::from_status(StatusCode::UNAUTHORIZED))?;
    Ok(claims.permissions.into_iter().collect())
}

fn bearer(request: &Request) -> Option<&str> {
    request.header("Authorization")?.strip_prefix("Bearer ")
}

struct Entries;

#[open_api]
#[OpenApi]
impl Entries {
    #[protect("entries:view")]
    #[oai(path = "/entries/:id", method = "get")]
    async fn entry(&self, Path(id): Path<i64>) -> Json<Entry> {
        Json(Entry::of(id))
    }
}
