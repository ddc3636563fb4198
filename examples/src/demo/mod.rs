//! The demo: a book of entries with viewers, users and an administrator. They sign in by password, token or API key.
//! The users are stored in a database, and the same program administers them.

pub mod access;
pub mod entries;
pub mod own_password;
pub mod people;
pub mod review;
pub mod token;
pub mod welcome;

use std::{error::Error, sync::Arc};

use auth_runtime::{
    jwt::TokenIssuer,
    policy::{Operation, RuleWatch},
    prelude::*,
    users::UserTokens,
};
use auth_store::SqlUsers;
use poem::{Endpoint, EndpointExt, Route, get, post};

use self::{
    access::Auth,
    entries::{Book, Entries},
    own_password::OwnPassword,
    people::{DIRECTORY, FirstUsers},
    token::TokenDesk,
};

/// The default database URL.
pub const DATABASE: &str = "sqlite:entry-book.db";

/// The rule of the exports.
const EXPORT: &Operation<Auth> = requirement!(permission("edit"));

/// The state of one run. Its tokens are valid only during the run, because the signing secret is not stored.
#[derive(Clone, Debug)]
pub struct Demo {
    /// The users that this start created, if the database had none.
    pub first: Option<FirstUsers>,
    /// The accepted credentials.
    pub auth: Auth,
    /// The token endpoint's state.
    pub desk: TokenDesk,
    /// Finds rules that are missing in [`policy`](review::policy).
    pub watch: RuleWatch,
    /// The store where users change their passwords.
    users: SqlUsers,
}

impl Demo {
    /// Returns a demo on this store. Creates the first users if the store is empty.
    ///
    /// # Errors
    /// Returns an error if the database is unavailable, or the system has no source of randomness.
    pub async fn new(users: &SqlUsers) -> Result<Self, Box<dyn Error>> {
        let first = people::first_users(users).await?;
        let directory = Basic::new(users.clone()).issuer(DIRECTORY);
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        let issuer = Arc::new(TokenIssuer::hs256(secret)?.issuer(DIRECTORY).audience("entries"));
        let auth = Auth {
            access_token: UserTokens::new(issuer.verifier(), users.clone())?,
            password: directory.clone(),
            key: ApiKeys::new(users.clone()).issuer(DIRECTORY),
        };
        let watch = review::rules().watch();
        Ok(Self { first, auth, desk: TokenDesk { directory, issuer }, watch, users: users.clone() })
    }
}

/// Returns the application.
#[must_use]
pub fn app(demo: &Demo) -> impl Endpoint + use<> {
    let auth = &demo.auth;
    let book = Book::default();
    let api = (Entries { book: book.clone() }, OwnPassword { users: demo.users.clone() });
    let api = auth.service(api, "Entry book", "1.0");
    // The rule of a subtree applies to every route in it, including routes added later.
    let export = Route::new().at("/entries.txt", get(entries::export)).protect(EXPORT);
    Route::new()
        .nest("/docs", api.swagger_ui())
        .at("/openapi.json", get(api.spec_endpoint()))
        .at("/auth/token", post(token::issue).data(demo.desk.clone()))
        .at("/admin", get(entries::statistics).with(auth.clone()))
        .at("/admin/access", get(review::page).with(auth.clone()))
        .nest("/export", export.with(auth.clone()))
        .nest("/", api)
        .data(book)
        .with(demo.watch.clone())
}
