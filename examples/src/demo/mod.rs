//! The demo: a book of entries with viewers, users and an administrator. They sign in at a page, or send a password, a token
//! or an API key. They manage their own accounts: sessions, password, e-mail address and second factor.
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
    account::{PrintMailer, PublicUrl, SelfService},
    danger,
    jwt::{KeyRing, KeyRingError, MemorySigningKeys, Revocations, TokenIssuer, TokenIssuerKey},
    me::Me,
    policy::{Operation, RuleWatch},
    prelude::*,
    session::SignInPages,
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

/// The address of the demo, unless another port is chosen.
pub const ADDRESS: &str = "http://127.0.0.1:3000";

/// The name above each page, and in mails.
pub const SITE: &str = "Entry book";

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
    /// The accounts of the users, whose mails the terminal shows.
    pub account: SelfService<SqlUsers>,
    /// Finds rules that are missing in [`policy`](review::policy).
    pub watch: RuleWatch,
    /// The store where users change their passwords.
    users: SqlUsers,
}

impl Demo {
    /// Returns a demo on this store, at an address such as `http://127.0.0.1:3000`. Creates the first users if the store is
    /// empty.
    ///
    /// # Errors
    /// Returns an error if the database is unavailable, the address is none for links in mails, or the system has no source
    /// of randomness.
    pub async fn new(users: &SqlUsers, address: &str) -> Result<Self, Box<dyn Error>> {
        let url = PublicUrl::new(&format!("{address}/auth"))?;
        let account = SelfService::new(users.clone(), PrintMailer, SITE, url);
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
        Ok(Self { first, auth, tokens, account, watch, users: users.clone() })
    }
}

/// Returns the keys that sign tokens: in the database if there is a secret key to seal them with, else in memory.
async fn signing_key(users: &SqlUsers) -> Result<TokenIssuerKey, Box<dyn Error>> {
    match users.key_ring() {
        Ok(ring) => Ok(TokenIssuer::key_ring(ring).await?),
        Err(KeyRingError::NoSecret) => {
            tracing::info!("no secret key is set, so tokens are valid only until this process ends");
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
    let api = (Entries { book: book.clone() }, OwnPassword { users: demo.users.clone() }, Me::new(), demo.tokens.api());
    let api = auth.service(api, SITE, "1.0");
    // The rule of a subtree applies to every route in it, including routes added later.
    let export = Route::new().at("/entries.txt", get(entries::export)).protect(EXPORT);
    let first = Arc::new(get(home::home).with(auth.clone()).map_to_response());
    let pages = SignInPages::new(&auth.session).change_password(demo.users.clone()).account(auth, &demo.account);
    Route::new()
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
        .with(pages.link("Home", "/"))
        .with(demo.watch.clone())
        // The demo listens on this machine only, over plain http.
        .with(danger::plain_http_sessions(&auth.session))
}
