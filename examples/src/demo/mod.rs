//! The demo: a book of entries with viewers, users and an administrator. They sign in at a page, or send a password, a token
//! or an API key.
//! The users are stored in a database, and the same program administers them.

pub mod access;
pub mod entries;
pub mod home;
pub mod own_password;
pub mod people;
pub mod review;
pub mod welcome;

use std::{error::Error, sync::Arc};

use auth_runtime::{
    danger,
    jwt::{KeyRing, KeyRingError, MemorySigningKeys, Revocations, TokenIssuer, TokenIssuerKey},
    policy::{Operation, RuleWatch},
    prelude::*,
    session::{SignInPages, SignInRedirect},
    token_service::TokenService,
    users::UserTokens,
};
use auth_store::SqlUsers;
use poem::{Endpoint, EndpointExt, IntoResponse, Route, get};

use self::{
    access::Auth,
    entries::{Book, Entries},
    own_password::OwnPassword,
    people::{DIRECTORY, FirstUsers},
};

/// The default database URL.
pub const DATABASE: &str = "sqlite:entry-book.db";

/// The only OAuth client: the documentation page, which has no secret.
const CLIENT: &str = "entry-book-docs";

/// The token service of the demo. Refresh tokens, revocations and API keys of clients are in the database.
pub type Tokens = TokenService<SqlUsers, SqlUsers, SqlUsers>;

/// The rule of the exports.
const EXPORT: &Operation<Auth> = requirement!(permission("edit"));

/// The state of one run. Tokens outlast a restart if there is a secret key, which seals the signing keys in the database.
#[derive(Clone, Debug)]
pub struct Demo {
    /// The users that this start created, if the database had none.
    pub first: Option<FirstUsers>,
    /// The accepted credentials.
    pub auth: Auth,
    /// The token service.
    pub tokens: Tokens,
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
        let issuer = signing_key(users).await?.issuer(DIRECTORY).audience("entries");
        let tokens = TokenService::new(issuer, directory.clone())
            .refresh_tokens(users.clone())
            .clients(users.clone())
            .revocations(&Revocations::shared(users.clone()))
            .password_grant(CLIENT);
        let auth = Auth {
            access_token: UserTokens::new(tokens.verifier(), users.clone())?,
            session: Sessions::new(&directory),
            password: directory,
            key: ApiKeys::new(users.clone()).issuer(DIRECTORY),
        };
        let watch = review::rules().watch();
        Ok(Self { first, auth, tokens, watch, users: users.clone() })
    }
}

/// Returns the keys that sign tokens: in the database if there is a secret key to seal them with, else in memory.
async fn signing_key(users: &SqlUsers) -> Result<TokenIssuerKey, Box<dyn Error>> {
    match users.key_ring() {
        Ok(ring) => Ok(TokenIssuer::key_ring(ring).await?),
        Err(KeyRingError::NoSecret) => {
            tracing::info!("no secret key is set, so tokens end with this run");
            let mut secret = [0; 32];
            getrandom::fill(&mut secret)?;
            Ok(TokenIssuer::key_ring(KeyRing::new(MemorySigningKeys::new(), secret)?).await?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Returns the application.
#[must_use]
pub fn app(demo: &Demo) -> impl Endpoint + use<> {
    let auth = &demo.auth;
    let book = Book::default();
    let api = (Entries { book: book.clone() }, OwnPassword { users: demo.users.clone() }, demo.tokens.api());
    let api = auth.service(api, "Entry book", "1.0");
    // The rule of a subtree applies to every route in it, including routes added later.
    let export = Route::new().at("/entries.txt", get(entries::export)).protect(EXPORT);
    let first = Arc::new(get(home::home).with(auth.clone()).map_to_response());
    let pages = SignInPages::new(&auth.session).change_password(demo.users.clone()).site("Entry book");
    let pages = pages.link("Documentation", "/docs");
    Route::new()
        // Not nested: the API has other paths below `/auth`.
        .at("/auth/login", pages.login())
        .at("/auth/logout", pages.logout())
        .at("/auth/sessions", pages.sessions())
        .at("/auth/password", pages.password())
        .nest("/docs", api.swagger_ui())
        .at("/openapi.json", get(api.spec_endpoint()))
        .at("/admin", get(entries::statistics).with(auth.clone()))
        .at("/admin/access", get(review::page).with(auth.clone()))
        .nest("/export", export.with(auth.clone()))
        .nest("/", api)
        .data(book)
        // A nested API answers `/` itself, with 404.
        .around(move |rest, request| {
            let first = Arc::clone(&first);
            async move {
                match request.uri().path() {
                    "/" => first.call(request).await,
                    _ => rest.call(request).await.map(IntoResponse::into_response),
                }
            }
        })
        .with(demo.watch.clone())
        .with(SignInRedirect::to("/auth/login"))
        // The demo listens on this machine only, over plain http.
        .with(danger::plain_http_sessions(&auth.session))
}
