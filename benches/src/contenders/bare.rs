//! The operation without protection. All other rows are compared with it.

#![allow(clippy::unused_async, reason = "poem-openapi requires async operations")]

use poem::{Route, get, handler, web};
use poem_openapi::{OpenApi, OpenApiService, param::Path, payload::Json};

use super::{axum_app::AxumApp, poem_app::PoemApp};
use crate::{contender::Shared, credentials::Credentials, entry::Entry, keys::Keys};

/// A Poem handler.
#[must_use]
pub fn poem() -> Shared {
    let app = Route::new().at("/entries/:id", get(entry_of_poem));
    PoemApp::shared("bare Poem handler", app, Credentials::none())
}

#[handler]
async fn entry_of_poem(web::Path(id): web::Path<i64>) -> web::Json<Entry> {
    web::Json(Entry::of(id))
}

/// A poem-openapi operation.
#[must_use]
pub fn poem_openapi() -> Shared {
    let app = Route::new().nest("/", OpenApiService::new(Entries, "Entries", "1.0"));
    PoemApp::shared("bare poem-openapi operation", app, Credentials::none())
}

/// A poem-openapi operation that gets a token and ignores it: the headers of a request cost instructions too.
#[must_use]
pub fn with_token(keys: &Keys) -> Shared {
    let app = Route::new().nest("/", OpenApiService::new(Entries, "Entries", "1.0"));
    PoemApp::shared("bare operation, with a token", app, Credentials::ignored(keys))
}

struct Entries;

#[OpenApi]
impl Entries {
    #[oai(path = "/entries/:id", method = "get")]
    async fn entry(&self, Path(id): Path<i64>) -> Json<Entry> {
        Json(Entry::of(id))
    }
}

/// An axum handler: the baseline of jwt-authorizer.
#[must_use]
pub fn axum() -> Shared {
    let app = axum::Router::new().route("/entries/:id", axum::routing::get(entry_of_axum));
    AxumApp::shared("bare axum handler", app, Credentials::none())
}

pub(super) async fn entry_of_axum(axum::extract::Path(id): axum::extract::Path<i64>) -> axum::Json<Entry> {
    axum::Json(Entry::of(id))
}
