//! API keys and passwords without a library: a `SecurityScheme` of poem-openapi, and a `HashMap` of the standard library.
//!
//! They are floors, not examples: they hold keys and passwords as plain text, and have neither a rate limit nor constant-time
//! comparisons.

#![allow(clippy::unused_async, reason = "poem-openapi requires async operations")]

use std::{collections::HashMap, sync::Arc, time::SystemTime};

use poem::{EndpointExt, Error, Request, Result, Route, http::StatusCode};
use poem_openapi::{
    OpenApi, OpenApiService, SecurityScheme,
    auth::{ApiKey, Basic},
    param::Path,
    payload::Json,
};

use super::{
    poem_app::PoemApp,
    this_library::{ALICE, ANOTHER, BOB, GOOD_KEY, OLD_KEY, OTHER_KEY, sent_keys, sent_passwords},
};
use crate::{
    contender::Shared,
    entry::{Entry, PERMISSION},
};

/// The caller behind a key or a password.
#[derive(Clone)]
struct Caller {
    permissions: Arc<[String]>,
    expires_at: Option<SystemTime>,
}

impl Caller {
    fn with(permission: &str) -> Self {
        Self { permissions: Arc::new([permission.to_owned()]), expires_at: None }
    }

    fn entry(&self, id: i64) -> Result<Json<Entry>> {
        if !self.permissions.iter().any(|permission| permission == PERMISSION) {
            return Err(Error::from_status(StatusCode::FORBIDDEN));
        }
        Ok(Json(Entry::of(id)))
    }
}

struct Keys(HashMap<String, Caller>);
struct Users(HashMap<String, (String, Caller)>);

/// A scheme that looks a key up.
#[must_use]
pub fn keys() -> Shared {
    let expired = Caller { expires_at: Some(SystemTime::UNIX_EPOCH), ..Caller::with(PERMISSION) };
    let keys = [(GOOD_KEY, Caller::with(PERMISSION)), (OTHER_KEY, Caller::with(ANOTHER)), (OLD_KEY, expired)];
    let keys = Keys(keys.into_iter().map(|(key, caller)| (key.to_owned(), caller)).collect());
    let app = Route::new().nest("/", OpenApiService::new(KeyEntries, "Entries", "1.0")).data(Arc::new(keys));
    PoemApp::shared("hand-written, API keys", app, sent_keys())
}

/// A scheme that compares passwords.
#[must_use]
pub fn passwords() -> Shared {
    let users = [(ALICE, PERMISSION), (BOB, ANOTHER)];
    let users =
        users.map(|([name, password], permission)| (name.to_owned(), (password.to_owned(), Caller::with(permission))));
    let users = Arc::new(Users(users.into_iter().collect()));
    let app = Route::new().nest("/", OpenApiService::new(PasswordEntries, "Entries", "1.0")).data(users);
    PoemApp::shared("hand-written, passwords", app, sent_passwords())
}

#[derive(SecurityScheme)]
#[oai(ty = "api_key", key_name = "x-api-key", key_in = "header", checker = "known_key")]
struct Key(Caller);

async fn known_key(request: &Request, key: ApiKey) -> Option<Caller> {
    let caller = request.data::<Arc<Keys>>()?.0.get(&key.key)?;
    let is_expired = caller.expires_at.is_some_and(|end| end <= SystemTime::now());
    (!is_expired).then(|| caller.clone())
}

#[derive(SecurityScheme)]
#[oai(ty = "basic", checker = "known_password")]
struct Password(Caller);

async fn known_password(request: &Request, basic: Basic) -> Option<Caller> {
    let (password, caller) = request.data::<Arc<Users>>()?.0.get(&basic.username)?;
    (*password == basic.password).then(|| caller.clone())
}

struct KeyEntries;

#[OpenApi]
impl KeyEntries {
    #[oai(path = "/entries/:id", method = "get")]
    async fn entry(&self, Key(caller): Key, Path(id): Path<i64>) -> Result<Json<Entry>> {
        caller.entry(id)
    }
}

struct PasswordEntries;

#[OpenApi]
impl PasswordEntries {
    #[oai(path = "/entries/:id", method = "get")]
    async fn entry(&self, Password(caller): Password, Path(id): Path<i64>) -> Result<Json<Entry>> {
        caller.entry(id)
    }
}
