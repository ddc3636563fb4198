//! An application with everything for signing in: pages, sessions, accounts, tokens, and `GET /auth/me`.

use std::time::Duration;

use auth_runtime::{
    account::{Mailer, PublicUrl, SelfService},
    client_ip::TrustedProxies,
    jwt::{KeyRing, RevocationStore, Revocations, SigningKeyStore, TokenIssuer},
    me::Me,
    prelude::*,
    session::{SessionStore, SignInPages},
    token_service::{RefreshTokenStore, TokenService},
    users::{Passwords, UserTokens},
};
use auth_store::{SqlOptions, SqlUsers};
use poem::{EndpointExt, Route};

permissions! {
    pub(crate) enum Permission { View = "view", Edit = "edit" }
}

roles! {
    pub(crate) enum Role: Permission { Viewer = "Viewer" => [View], User = "User": Viewer => [Edit] }
}

const SECRET: &str = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";
const ISSUER: &str = "https://issuer.example";

/// The state of sign-ins, which is in SQL or in Redis.
pub(crate) trait State: SessionStore + RefreshTokenStore + RevocationStore + SigningKeyStore + Clone {}

impl<T: SessionStore + RefreshTokenStore + RevocationStore + SigningKeyStore + Clone> State for T {}

/// The accepted credentials.
#[derive(Auth)]
#[auth(permissions = Permission, roles = Role)]
pub(crate) struct AuthOver<S: SessionStore> {
    #[scheme(oauth2(password(token_url = "/auth/token")))]
    token: UserTokens<SqlUsers>,
    #[scheme(cookie = "__Host-session")]
    session: Sessions<SqlUsers, S>,
}

pub(crate) type Auth = AuthOver<SqlUsers>;

impl<S: SessionStore> Clone for AuthOver<S> {
    fn clone(&self) -> Self {
        Self { token: self.token.clone(), session: self.session.clone() }
    }
}

/// Returns options with cheap hashes, because the tests sign in often.
pub(crate) fn options(bound: Duration) -> SqlOptions {
    let passwords = Passwords::new().secret_key(SECRET).expect("a good secret").cost(8, 1);
    SqlUsers::options().passwords(passwords).freshness(bound).max_connections(4).declared_by::<Auth>()
}

/// Returns the ring of signing keys of the application.
pub(crate) fn key_ring<S: State>(state: &S) -> KeyRing<S> {
    KeyRing::new(state.clone(), SECRET).expect("a good secret")
}

/// Returns the application. Its clients send their addresses as a proxy does.
pub(crate) async fn application<S: State>(
    users: &SqlUsers,
    state: &S,
    mailer: impl Mailer,
    bound: Duration,
) -> (Route, SelfService<SqlUsers>) {
    let issuer = TokenIssuer::key_ring(key_ring(state)).await.expect("a key").issuer(ISSUER).audience("entries");
    let basic = Basic::new(users.clone()).issuer("users");
    let tokens = TokenService::new(issuer, basic.clone())
        .refresh_tokens(state.clone())
        .revocations(&Revocations::shared(state.clone()).freshness(bound))
        .password_grant("web");
    let auth = AuthOver {
        token: UserTokens::new(tokens.verifier(), users.clone()).expect("one issuer"),
        session: Sessions::with_store(&basic, state.clone()),
    };
    let url = PublicUrl::new("https://app.example/account").expect("a URL");
    let account = SelfService::new(users.clone(), mailer, "Entry book", url).issuers(["users", ISSUER]);
    let pages = SignInPages::new(&auth.session).change_password(users.clone());
    let app = Route::new()
        .at("/auth/login", pages.login())
        .at("/auth/logout", pages.logout())
        .at("/auth/sessions", pages.sessions())
        .at("/auth/password", pages.password())
        .at("/auth/second-factor", account.code_endpoint(&auth.session, "/"))
        .nest("/account", account.routes::<AuthOver<S>>().with(auth.clone()))
        .nest("/", auth.service((Me::new(), tokens.api()), "Entry book", "1"));
    (app, account)
}

/// Returns the proxy in front of the application.
pub(crate) fn proxy() -> TrustedProxies {
    TrustedProxies::new(["127.0.0.1"]).expect("an address")
}
