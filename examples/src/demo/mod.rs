//! The demo: a book of entries with viewers, users and an administrator, who come by password, token or API key.

pub mod access;
pub mod entries;
pub mod people;
pub mod token;
pub mod welcome;

use std::{error::Error, sync::Arc};

use auth_runtime::{jwt::TokenIssuer, prelude::*};
use poem::{Endpoint, EndpointExt, Route, get, post};

use self::{
    access::Auth,
    entries::{Book, Entries},
    people::{DIRECTORY, Person},
    token::TokenDesk,
};

/// Everything of one run that is not the same in the next.
#[derive(Clone, Debug)]
pub struct Demo {
    /// Who may sign in.
    pub people: Vec<Person>,
    /// The key of the machine client.
    pub key: String,
    /// Who authenticates.
    pub auth: Auth,
    /// Who issues tokens.
    pub desk: TokenDesk,
}

impl Demo {
    /// Users, a key and a signing secret for this run.
    ///
    /// # Errors
    /// If the system has no randomness.
    pub fn new() -> Result<Self, Box<dyn Error>> {
        let people = people::people()?;
        let (key, keys) = people::machine()?;
        let directory = people::directory(&people)?;
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        let issuer = Arc::new(TokenIssuer::hs256(secret)?.issuer(DIRECTORY).audience("entries"));
        let auth = Auth { access_token: issuer.verifier(), password: directory.clone(), key: keys };
        Ok(Self { people, key, auth, desk: TokenDesk { directory, issuer } })
    }
}

/// The application.
#[must_use]
pub fn app(demo: &Demo) -> impl Endpoint + use<> {
    let auth = &demo.auth;
    let book = Book::default();
    let api = auth.service(Entries { book: book.clone() }, "Entry book", "1.0");
    // A rule around a subtree holds for all that is in it, now and later.
    let export = Route::new().at("/entries.txt", get(entries::export)).protect(requirement!(permission("edit")));
    Route::new()
        .nest("/docs", api.swagger_ui())
        .at("/openapi.json", get(api.spec_endpoint()))
        .at("/auth/token", post(token::issue).data(demo.desk.clone()))
        .at("/admin", get(entries::statistics).with(auth.clone()))
        .nest("/export", export.with(auth.clone()))
        .nest("/", api)
        .data(book)
}
