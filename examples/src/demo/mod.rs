//! The demo: a book of entries with viewers, users and an administrator, who come by password, token or API key. They are
//! kept in a database, and administered by the same program.

pub mod access;
pub mod entries;
pub mod own_password;
pub mod people;
pub mod token;
pub mod welcome;

use std::{error::Error, sync::Arc};

use auth_runtime::{jwt::TokenIssuer, prelude::*, users::UserTokens};
use auth_store::SqlUsers;
use poem::{Endpoint, EndpointExt, Route, get, post};

use self::{
    access::Auth,
    entries::{Book, Entries},
    own_password::OwnPassword,
    people::{DIRECTORY, FirstUsers},
    token::TokenDesk,
};

/// Where users are kept, unless the settings say otherwise.
pub const DATABASE: &str = "sqlite:entry-book.db";

/// What one run needs. Tokens end with it, as the secret that they are signed with does.
#[derive(Clone, Debug)]
pub struct Demo {
    /// Who was made by this start, if there was nobody.
    pub first: Option<FirstUsers>,
    /// Who authenticates.
    pub auth: Auth,
    /// Who issues tokens.
    pub desk: TokenDesk,
    /// Where users change their passwords.
    users: SqlUsers,
}

impl Demo {
    /// The demo on these users, who are made if there are none.
    ///
    /// # Errors
    /// If the database does not answer, or the system has no randomness.
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
        Ok(Self { first, auth, desk: TokenDesk { directory, issuer }, users: users.clone() })
    }
}

/// The application.
#[must_use]
pub fn app(demo: &Demo) -> impl Endpoint + use<> {
    let auth = &demo.auth;
    let book = Book::default();
    let api = (Entries { book: book.clone() }, OwnPassword { users: demo.users.clone() });
    let api = auth.service(api, "Entry book", "1.0");
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
