//! Signing keys and tokens: each subcommand.

use auth_runtime::{
    jwt::{Revocations, TokenIssuer},
    prelude::*,
    token_service::TokenService,
    users::Passwords,
};
use auth_store::SqlUsers;
use poem::{IntoEndpoint, test::TestClient};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::fixture::{Admin, PASSWORD, Ran, ran, ran_with};

const SECRET: &str = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";

#[derive(Auth, Clone)]
struct Auth {
    #[scheme(basic)]
    password: Basic<SqlUsers>,
}

fn run(admin: &Admin, words: &[&str]) -> Ran {
    ran(admin.command(words).env("AUTH_SECRET_KEY", SECRET).stdin(std::process::Stdio::null()))
}

fn run_with(admin: &Admin, words: &[&str], input: &str) -> Ran {
    ran_with(admin.command(words).env("AUTH_SECRET_KEY", SECRET), format!("{input}\n"))
}

fn json_of(admin: &Admin, words: &[&str], input: &str) -> Value {
    run_with(admin, &[words, &["--output", "json"]].concat(), input).json()
}

fn states(admin: &Admin) -> Vec<(String, String)> {
    let keys = run(admin, &["key-ring", "list", "--output", "json"]).json();
    let text = |key: &Value, member: &str| key[member].as_str().unwrap().to_owned();
    keys.as_array().unwrap().iter().map(|key| (text(key, "id"), text(key, "state"))).collect()
}

#[test]
fn keys_rotate_and_retire() {
    let admin = Admin::new();
    assert_eq!(states(&admin), []);
    run(&admin, &["key-ring", "rotate", "--now"]).done();
    let shown = run(&admin, &["key-ring", "rotate"]).done();
    let keys = states(&admin);
    assert_eq!([&*keys[0].1, &*keys[1].1], ["signing", "published"]);
    assert!(shown.contains(&keys[1].0) && shown.contains("signs from"), "{shown}");
    let last = format!("signing key {:?} is the last one that can sign; rotate first", keys[0].0);
    run(&admin, &["key-ring", "retire", &keys[0].0, "--yes"]).refused(1, &last);
    run(&admin, &["key-ring", "rotate", "--now"]).done();
    let unconfirmed = run(&admin, &["key-ring", "retire", &keys[0].0]);
    assert_eq!(unconfirmed.code, 2, "{}", unconfirmed.errors);
    for sentence in ["was retired\n", "was retired already\n"] {
        let retired = run(&admin, &["key-ring", "retire", &keys[0].0, "--yes"]).done();
        assert!(retired.ends_with(sentence), "{retired}");
    }
    assert_eq!(states(&admin).iter().filter(|(_, state)| state == "retired").count(), 1);
    let table = run(&admin, &["key-ring", "list"]).done();
    assert!(table.starts_with("ID") && table.contains("retired"), "{table}");
    run(&admin, &["key-ring", "retire", "x", "--yes"]).refused(1, "there is no signing key \"x\"");
}

#[test]
fn keys_need_the_secret_key() {
    let admin = Admin::new();
    let reason = "the secret key for passwords, which seals signing keys, is not set; set it";
    admin.run(&["key-ring", "rotate"]).refused(2, reason);
    admin.run(&["key-ring", "list"]).done();
}

/// Returns the tokens of a sign-in, as a running service issues them.
pub(crate) fn sign_in(admin: &Admin) -> (String, String) {
    Runtime::new().unwrap().block_on(async {
        let passwords = Passwords::new().secret_key(SECRET).unwrap();
        let users = SqlUsers::options().passwords(passwords).connect(admin.url()).await.unwrap();
        let issuer = TokenIssuer::key_ring(users.key_ring().unwrap()).await.unwrap().issuer("users").audience("api");
        let password = Basic::new(users.clone());
        let tokens = TokenService::new(issuer, password.clone())
            .refresh_tokens(users.clone())
            .revocations(&Revocations::shared(users.clone()))
            .password_grant("web");
        let app = Auth { password }.service(tokens.api(), "Tokens", "1").into_endpoint();
        let form = format!("grant_type=password&username=alice&password={}", PASSWORD.replace(' ', "+"));
        let client = TestClient::new(app);
        let request = client.post("/auth/token").content_type("application/x-www-form-urlencoded").body(form);
        let answer: Value = request.send().await.json().await.value().deserialize();
        users.close().await;
        (answer["refresh_token"].as_str().unwrap().to_owned(), answer["access_token"].as_str().unwrap().to_owned())
    })
}

fn with_alice() -> Admin {
    let admin = Admin::new();
    run_with(&admin, &["user", "add", "alice", "--password-stdin"], PASSWORD).done();
    admin
}

#[test]
fn a_refresh_token_is_inspected_and_revoked_with_its_access_tokens() {
    let admin = with_alice();
    let (refresh, access) = sign_in(&admin);
    let shown = json_of(&admin, &["token", "inspect"], &refresh);
    assert_eq!(
        (&shown["status"], &shown["user"], &shown["client_id"]),
        (&"active".into(), &"alice".into(), &"web".into())
    );
    assert_eq!(json_of(&admin, &["token", "inspect"], &access)["status"], "not revoked");
    let printed = run_with(&admin, &["token", "inspect"], &refresh).done();
    assert!(printed.contains("active") && !printed.contains(&refresh), "{printed}");

    let revoked = run_with(&admin, &["token", "revoke"], &refresh).done();
    assert_eq!(revoked, "the refresh token and all tokens of its sign-in were revoked\n");
    assert_eq!(json_of(&admin, &["token", "inspect"], &refresh)["status"], "unknown or ended");
    assert_eq!(json_of(&admin, &["token", "inspect"], &access)["status"], "revoked");
    let again = run_with(&admin, &["token", "revoke"], &refresh).done();
    assert_eq!(again, "the refresh token is unknown, or has ended already\n");
}

#[test]
fn an_access_token_is_revoked_alone() {
    let admin = with_alice();
    let (refresh, access) = sign_in(&admin);
    let claims = json_of(&admin, &["token", "inspect"], &access);
    assert_eq!((&claims["type"], &claims["iss"]), (&"access token, not verified".into(), &"users".into()));
    let revoked = run_with(&admin, &["token", "revoke"], &access).done();
    assert_eq!(revoked, format!("access token {:?} was revoked\n", claims["jti"].as_str().unwrap()));
    assert_eq!(json_of(&admin, &["token", "inspect"], &access)["status"], "revoked");
    assert_eq!(json_of(&admin, &["token", "inspect"], &refresh)["status"], "active");
    run(&admin, &["user", "disable", "alice", "--yes"]).done();
    assert_eq!(json_of(&admin, &["token", "inspect"], &refresh)["status"], "ended with the credentials");
}

#[test]
fn r74_a_token_is_no_argument_and_is_not_repeated() {
    let admin = Admin::new();
    let refused = run(&admin, &["token", "inspect", "rt_secret"]);
    assert_eq!(refused.code, 2);
    for bad in ["not a token", "a.b.c", "rt_short"] {
        run_with(&admin, &["token", "revoke"], bad).refused(2, "this is neither a refresh token nor an access token");
    }
    run(&admin, &["token", "inspect"]).refused(2, "no token was given");
}
