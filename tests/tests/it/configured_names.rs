//! Roles and permissions of users and keys that the application configures in memory: they are checked at start.

use auth_runtime::{
    account::MemoryAccounts,
    api_key::{ApiKeyRecord, MemoryApiKeys},
    jwt::TokenIssuer,
    prelude::*,
    session::{MemorySessions, SignInPages},
    users::{MemoryUsers, User, UserStore, UserTokens},
};
use poem::{EndpointExt, get, handler, http::StatusCode};

use crate::fixture::{Permission, Role};

const KEY: &str = "0Zr9Pq4cWv1XsT7uKb3Ln6";
const SECRET: &str = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";

#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = Role)]
struct Auth {
    #[scheme(bearer)]
    token: Option<UserTokens<MemoryUsers>>,
    #[scheme(basic)]
    password: Option<Basic<MemoryAccounts>>,
    #[scheme(api_key(header = "X-API-Key"))]
    key: Option<ApiKeys>,
    #[scheme(cookie = "__Host-session")]
    session: Option<Sessions<MemoryUsers, MemorySessions>>,
}

const NONE: Auth = Auth { token: None, password: None, key: None, session: None };

#[protected(roles("Viewer", "User"))]
#[handler]
fn me(caller: Principal<Auth>) -> String {
    format!("{:?}", caller.roles())
}

fn mount(auth: Auth) {
    drop(get(me).with(auth));
}

fn root() -> User {
    User::new("root", "").roles(["Adminstrator"])
}

fn users(user: User) -> MemoryUsers {
    MemoryUsers::new().add_user(user).unwrap()
}

fn keys(change: impl Fn(ApiKeyRecord) -> ApiKeyRecord) -> ApiKeys {
    let record = ApiKeyRecord::of(KEY, "nightly-build").unwrap();
    ApiKeys::new(MemoryApiKeys::new().add_record(change(record)).unwrap())
}

#[test]
#[should_panic(expected = "the user \"root\": unknown role `Adminstrator`; did you mean `Administrator`?")]
fn r96_an_undeclared_role_of_a_user_stops_the_start() {
    mount(Auth { password: Some(Basic::new(MemoryAccounts::new([root()]).unwrap())), ..NONE });
}

#[test]
#[should_panic(expected = "the user \"root\": unknown role `Adminstrator`")]
fn an_undeclared_role_of_a_user_with_sessions_stops_the_start() {
    let session = Sessions::with_store(&Basic::new(users(root())), MemorySessions::new());
    mount(Auth { session: Some(session), ..NONE });
}

fn sessions() -> Sessions<MemoryUsers, MemorySessions> {
    Sessions::with_store(&Basic::new(MemoryUsers::new()), MemorySessions::new())
}

fn old_database() -> Basic<MemoryUsers> {
    Basic::new(users(root())).issuer("old database")
}

#[test]
#[should_panic(expected = "the user \"root\": unknown role `Adminstrator`")]
fn an_undeclared_role_of_a_plugin_stops_the_start() {
    let session = sessions();
    let _pages = SignInPages::new(&session).plugin(old_database());
    mount(Auth { session: Some(session), ..NONE });
}

#[test]
#[should_panic(expected = "the user \"root\": unknown role `Adminstrator`")]
fn an_undeclared_role_of_a_plugin_that_is_added_later_stops_the_start() {
    let session = sessions();
    mount(Auth { session: Some(session.clone()), ..NONE });
    let _pages = SignInPages::new(&session).plugin(old_database());
}

#[test]
#[should_panic(expected = "the user \"alice\": unknown permission `veiw`; did you mean `view`?")]
fn an_undeclared_permission_of_a_user_with_tokens_stops_the_start() {
    let issuer = TokenIssuer::hs256(SECRET).unwrap().issuer("https://issuer.example").audience("entries");
    let alice = User::new("alice", "").roles([Role::Viewer]).permissions(["veiw"]);
    mount(Auth { token: Some(UserTokens::new(issuer.verifier(), users(alice)).unwrap()), ..NONE });
}

#[test]
#[should_panic(expected = "the API key of \"nightly-build\": unknown role `Veiwer`; did you mean `Viewer`?")]
fn an_undeclared_role_of_an_api_key_stops_the_start() {
    mount(Auth { key: Some(keys(|record| record.roles(["Veiwer"]))), ..NONE });
}

#[test]
#[should_panic(expected = "the API key of \"nightly-build\": unknown permission `veiw`")]
fn an_undeclared_limit_of_an_api_key_stops_the_start() {
    mount(Auth { key: Some(keys(|record| record.limited_to(["veiw"]))), ..NONE });
}

#[tokio::test]
async fn values_of_the_tables_stand_where_names_are_expected() {
    let user = User::new("alice", "").roles([Role::Viewer]).permissions([Permission::Edit]);
    assert_eq!((user.role_names(), user.permission_names()), (&["Viewer".to_owned()][..], &["edit".to_owned()][..]));
    assert_eq!(users(user).find("alice").await.unwrap().unwrap().role_names(), ["Viewer"]);
    assert_eq!(String::from(Role::Administrator), "Administrator");
    let app = get(me).with(Auth { key: Some(keys(|record| record.roles([Role::User]))), ..NONE });
    let client = poem::test::TestClient::new(app);
    let response = client.get("/").header("X-API-Key", KEY).send().await;
    response.assert_status(StatusCode::OK);
    response.assert_text("{User}").await;
}
