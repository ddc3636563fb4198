//! An application over a store, and tests of its callers by password.

use std::time::{Duration, SystemTime};

use auth_runtime::{
    jwt::TokenIssuer,
    prelude::*,
    session::NewSession,
    users::{User, UserStore, UserTokens},
};
use auth_store::{NewUser, SqlUsers};
use base64::{Engine, prelude::BASE64_STANDARD};
use poem::{
    Endpoint, EndpointExt, IntoResponse, Request, Response, endpoint::BoxEndpoint, get, handler, http::StatusCode,
    web::WithHeader,
};

use crate::database::TestDatabase;

permissions! {
    pub(crate) enum Permission { View = "view", Edit = "edit", Delete = "delete" }
}

roles! {
    pub(crate) enum Role: Permission {
        Viewer = "Viewer" => [View],
        Editor = "Editor": Viewer => [Edit],
        Administrator = "Administrator" => all,
    }
}

/// A password for users in tests.
pub(crate) const PASSWORD: &str = "correct horse battery";
const SECRET: &str = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";

#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = Role)]
pub(crate) struct Auth {
    #[scheme(basic)]
    password: Basic<SqlUsers>,
    #[scheme(bearer)]
    token: UserTokens<SqlUsers>,
    #[scheme(api_key(header = "X-API-Key"))]
    key: ApiKeys<SqlUsers>,
    #[scheme(cookie = "__Host-session")]
    session: Sessions<SqlUsers>,
    #[overrides]
    overrides: PermissionOverrides<Permission>,
}

/// Returns the issuer of the tokens.
pub(crate) fn issuer() -> TokenIssuer {
    TokenIssuer::hs256(SECRET).unwrap().issuer("store").audience("tests")
}

/// A caller: the name and value of a header.
#[derive(Clone)]
pub(crate) struct Caller(&'static str, String);

impl Caller {
    pub(crate) fn password(name: &str, password: &str) -> Self {
        Self("Authorization", format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:{password}"))))
    }

    pub(crate) fn key(key: &str) -> Self {
        Self("X-API-Key", key.to_owned())
    }

    pub(crate) fn token(token: &str) -> Self {
        Self("Authorization", format!("Bearer {token}"))
    }

    /// Returns the text of the credential.
    pub(crate) fn text(&self) -> &str {
        &self.1
    }
}

/// An application over a store. Its operation returns name, roles and permissions of the caller.
pub(crate) struct App {
    endpoint: BoxEndpoint<'static, Response>,
    sessions: Sessions<SqlUsers>,
}

#[protected]
#[handler]
fn describe(caller: Principal<Auth>) -> WithHeader<String> {
    let roles = caller.roles().iter().map(|role| role.to_string()).collect::<Vec<_>>().join(",");
    let permissions =
        caller.permissions().iter().map(|permission| permission.to_string()).collect::<Vec<_>>().join(",");
    let name = caller.username().unwrap_or_default();
    format!("{name} roles: {roles} permissions: {permissions}").with_header("X-Subject", caller.subject())
}

impl App {
    pub(crate) fn over(store: &SqlUsers) -> Self {
        Self::with(store, PermissionOverrides::new())
    }

    /// Creates an application with permissions of single callers.
    pub(crate) fn with(store: &SqlUsers, overrides: PermissionOverrides<Permission>) -> Self {
        let password = Basic::new(store.clone()).issuer("store");
        let sessions = Sessions::new(&password);
        let auth = Auth {
            session: sessions.clone(),
            password,
            token: UserTokens::new(issuer().verifier(), store.clone()).unwrap(),
            key: ApiKeys::new(store.clone()).issuer("store"),
            overrides,
        };
        Self { endpoint: get(describe).with(auth).map_to_response().boxed(), sessions }
    }

    /// Returns the sessions of the application.
    pub(crate) const fn sessions(&self) -> &Sessions<SqlUsers> {
        &self.sessions
    }

    /// Signs a user in.
    pub(crate) async fn session(&self, user: &User) -> Caller {
        self.session_after(&Caller("X-Nothing", String::new()), user).await
    }

    /// Signs a user in, in a browser with the cookie of this caller.
    pub(crate) async fn session_after(&self, former: &Caller, user: &User) -> Caller {
        let request = Request::builder().header(former.0, former.1.clone()).finish();
        let started = self.sessions.start(&request, NewSession::of_user(user)).await.unwrap();
        let mut response = Response::default();
        started.add_to(&mut response);
        let cookie = response.header("Set-Cookie").unwrap();
        Caller("Cookie", cookie.split(';').next().unwrap().to_owned())
    }

    /// Calls the application. Returns the description of the caller, or the status of a rejection.
    pub(crate) async fn call(&self, caller: &Caller) -> Result<String, u16> {
        let request = Request::builder().header(caller.0, caller.1.clone()).finish();
        let response = self.endpoint.get_response(request).await;
        match response.status() {
            StatusCode::OK => Ok(response.into_body().into_string().await.unwrap()),
            status => Err(status.as_u16()),
        }
    }

    /// Calls the application. Returns the subject of the caller, or the status of a rejection.
    pub(crate) async fn subject(&self, caller: &Caller) -> Result<String, u16> {
        let request = Request::builder().header(caller.0, caller.1.clone()).finish();
        let response = self.endpoint.get_response(request).await;
        match response.status() {
            StatusCode::OK => Ok(response.header("X-Subject").unwrap().to_owned()),
            status => Err(status.as_u16()),
        }
    }
}

/// Reads a user as a sign-in does.
pub(crate) async fn user(store: &SqlUsers, name: &str) -> User {
    store.find_at_sign_in(name).await.unwrap().expect("there is this user")
}

pub(crate) async fn r36_user_is_authenticated_by_password(database: TestDatabase) {
    let store = database.store().await;
    let alice = NewUser::new("Alice").password(PASSWORD).roles(["Viewer"]).permissions(["delete"]);
    store.add(alice).await.unwrap();
    let app = App::over(&store);
    for name in ["alice", "ALICE", "ａｌｉｃｅ"] {
        let said = app.call(&Caller::password(name, PASSWORD)).await;
        assert_eq!(said.unwrap(), "alice roles: Viewer permissions: view,delete", "{name}");
    }
}

pub(crate) async fn r73_unknown_disabled_and_wrong_are_one_error(database: TestDatabase) {
    let store = database.store().await;
    store.add(NewUser::new("alice").password(PASSWORD)).await.unwrap();
    store.add(NewUser::new("carol").password(PASSWORD).disabled(true)).await.unwrap();
    store.add(NewUser::new("robot")).await.unwrap();
    let app = App::over(&store);
    for (name, password) in [
        ("alice", "wrong horse battery"),
        ("bob", PASSWORD),
        ("carol", PASSWORD),
        ("robot", PASSWORD),
        ("a  b", PASSWORD),
    ] {
        assert_eq!(app.call(&Caller::password(name, password)).await, Err(401), "{name}");
    }
}

pub(crate) async fn r72_password_of_an_administrator_expires(database: TestDatabase) {
    let store = database.store().await;
    let now = SystemTime::now();
    let user = |name| NewUser::new(name).password(PASSWORD);
    store.add(user("alice").password_expires_at(now + Duration::from_secs(1000))).await.unwrap();
    store.add(user("bob").password_expires_at(now - Duration::from_secs(1))).await.unwrap();
    let app = App::over(&store);
    assert!(app.call(&Caller::password("alice", PASSWORD)).await.is_ok());
    assert_eq!(app.call(&Caller::password("bob", PASSWORD)).await, Err(401));
    assert!(store.verify_password("alice", PASSWORD).await.unwrap());
    assert!(!store.verify_password("bob", PASSWORD).await.unwrap());
    // A new password without an expiry does not expire.
    store.set_password("bob", "a horse of another colour", None).await.unwrap();
    assert!(app.call(&Caller::password("bob", "a horse of another colour")).await.is_ok());
    assert_eq!(store.get("bob").await.unwrap().password_expires_at, None);
}

pub(crate) async fn r70_weak_hash_is_replaced_at_sign_in(database: TestDatabase) {
    let store = database.store().await;
    // `PASSWORD` as hashed by Django, with 1,000 iterations.
    let weak = "pbkdf2_sha256$1000$Xk3vT9qLm2Pz$LJ9RG07yl6/V5LzCHh/tAYMzdhbT5P9jugcqc0242Ns=";
    store.import(vec![NewUser::new("alice").password_hash(weak)]).await.unwrap().remove(0).unwrap();
    let (app, other) = (App::over(&store), App::over(&database.store().await));
    let alice = Caller::password("alice", PASSWORD);
    let epoch = user(&store, "alice").await.current_epoch();
    assert!(other.call(&alice).await.is_ok());
    let hashes = database.texts("SELECT password_hash FROM auth_user").await;
    assert!(hashes[0].starts_with("$argon2id$"), "{hashes:?}");
    // The password is the same, so tokens stay valid.
    assert_eq!(user(&store, "alice").await.current_epoch(), epoch);
    for app in [&app, &other] {
        assert!(app.call(&alice).await.is_ok());
        assert_eq!(app.call(&Caller::password("alice", "wrong horse battery")).await, Err(401));
    }
    assert_eq!(database.texts("SELECT password_hash FROM auth_user").await, hashes);
}

pub(crate) async fn r51_hash_replaced_elsewhere_costs_one_sign_in(database: TestDatabase) {
    let here = database.sleepy_store().await;
    here.add(NewUser::new("alice").password(PASSWORD)).await.unwrap();
    let token = issuer().token_of(&user(&here, "alice").await).client_id("tests").sign().unwrap();
    let app = App::over(&here);
    // The cached user has the old hash, and the database gets another hash of the same password.
    assert!(app.call(&Caller::token(&token)).await.is_ok());
    let hash = auth_runtime::users::hash_password(PASSWORD).unwrap();
    database.execute(&format!("UPDATE auth_user SET password_hash = '{hash}'")).await;
    assert!(app.call(&Caller::password("alice", PASSWORD)).await.is_ok());
    let signed_in = || database.number("SELECT last_sign_in_at FROM auth_user");
    database.execute("UPDATE auth_user SET last_sign_in_at = 1").await;
    assert!(app.call(&Caller::password("alice", PASSWORD)).await.is_ok());
    assert_eq!(signed_in().await, 1, "the password is cached by then");
}

pub(crate) async fn last_sign_in_is_recorded(database: TestDatabase) {
    let store = database.store().await;
    store.add(NewUser::new("alice").password(PASSWORD)).await.unwrap();
    assert_eq!(store.get("alice").await.unwrap().last_sign_in_at, None);
    let app = App::over(&store);
    assert_eq!(app.call(&Caller::password("alice", "wrong horse battery")).await, Err(401));
    assert_eq!(store.get("alice").await.unwrap().last_sign_in_at, None);
    assert!(app.call(&Caller::password("alice", PASSWORD)).await.is_ok());
    let signed_in = store.get("alice").await.unwrap().last_sign_in_at.unwrap();
    assert!(signed_in.elapsed().unwrap() < Duration::from_mins(1));
}
