//! The resource server: the effect of each setting, and the one-line error and exit code 2 for a wrong one.

mod common;

use std::process::Command;

use auth_examples::{
    environment::Environment,
    resource_server::{app, settings},
};
use auth_runtime::jwt::TokenIssuer;
use aws_lc_rs::{
    encoding::AsDer,
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header, get_current_timestamp};
use poem::{
    Endpoint,
    http::StatusCode,
    test::{TestClient, TestResponse},
};
use serde_json::{Value, json};

use crate::common::{Running, paste, refusal, status};

const SECRET: &str = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";
const ISSUER: (&str, &str) = ("AUTH_ISSUER", "https://issuer.example");
const AUDIENCES: (&str, &str) = ("AUTH_AUDIENCES", r#"["products", "other"]"#);
const HS256: (&str, &str) = ("AUTH_HS256_SECRET", SECRET);
/// A port of this machine on which no server listens: no test connects to other machines.
const SECOND_ISSUER: (&str, &str) = ("OIDC_ISSUER", "http://127.0.0.1:9");
const ON_LOOPBACK: (&str, &str) = ("AUTH_DANGER_ALLOW_HTTP_ON_LOOPBACK", "true");
const USERS: (&str, &str) = (
    "BASIC_AUTH_CREDENTIALS",
    r#"[{"username": "alice", "password": "correct horse"}, {"username": "bob", "password": "battery staple"}]"#,
);
const KEYS: (&str, &str) = ("API_KEYS", r#"{"ci": "kQ8vR2mX5tZ1wB7nJ4cL9p", "bob": "aB3dE6gH9jK2mN5pQ8sT1v"}"#);
const CI: (&str, &str) = ("X-API-Key", "kQ8vR2mX5tZ1wB7nJ4cL9p");

type Setting<'a> = (&'a str, &'a str);

fn client<const N: usize>(settings: [Setting<'_>; N]) -> TestClient<impl Endpoint> {
    TestClient::new(app(&settings::auth(&Environment::from(settings)).unwrap()))
}

/// Returns a token of the issuer, signed with the shared secret.
fn token(claims: Value) -> String {
    signed(claims, Algorithm::HS256, &EncodingKey::from_secret(SECRET.as_bytes()))
}

fn signed(claims: Value, algorithm: Algorithm, key: &EncodingKey) -> String {
    let mut all = json!({
        "iss": ISSUER.1, "aud": "products", "sub": "carol", "iat": 1_700_000_000, "exp": get_current_timestamp() + 60,
    });
    if let (Some(all), Value::Object(claims)) = (all.as_object_mut(), claims) {
        all.extend(claims);
    }
    // `jsonwebtoken` cannot choose a backend if the features of other crates enable several.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    let header = Header { typ: Some("at+jwt".to_owned()), ..Header::new(algorithm) };
    let token = jsonwebtoken::encode(&header, &all, key).unwrap();
    format!("Bearer {token}")
}

fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:{password}")))
}

async fn get<E: Endpoint>(client: &TestClient<E>, path: &str, header: (&str, &str)) -> TestResponse {
    client.get(path).header(header.0, header.1).send().await
}

async fn body(answer: TestResponse) -> Value {
    answer.assert_status_is_ok();
    answer.json().await.value().deserialize()
}

async fn permissions<E: Endpoint>(client: &TestClient<E>, header: (&str, &str)) -> Value {
    body(get(client, "/users/me/permissions", header).await).await
}

#[tokio::test]
async fn an_anonymous_caller_is_described_as_fastapi_security_does() {
    let client = client([USERS]);
    let auth = json!({
        "subject": "anonymous", "auth_method": "none", "issuer": null, "audience": [], "issued_at": null,
        "expires_at": null, "scopes": [], "permissions": [],
    });
    let me = body(client.get("/users/me").send().await).await;
    assert_eq!(me, json!({ "auth": auth, "info": null }));
    let wrong = basic("alice", "wrong password");
    get(&client, "/users/me", ("Authorization", &wrong)).await.assert_status(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_is_described_by_its_claims_and_never_repeated() {
    let client = client([ISSUER, AUDIENCES, HS256]);
    let claims = json!({
        "sub": "robot@clients", "aud": ["products", "else"], "scope": "openid products:view", "gty": "client-credentials",
        "permissions": ["products:create", "unknown"],
    });
    let token = token(claims);
    let text = get(&client, "/users/me", ("Authorization", &token)).await.0.into_body().into_string().await.unwrap();
    assert!(!text.contains(&token[7..]));
    let auth = &serde_json::from_str::<Value>(&text).unwrap()["auth"];
    assert_eq!(auth["subject"], "robot@clients");
    assert_eq!(auth["auth_method"], "oauth2_client_credentials");
    assert_eq!(auth["issuer"], ISSUER.1);
    assert_eq!(auth["audience"], json!(["products", "else"]));
    assert_eq!(auth["issued_at"], "2023-11-14T22:13:20Z");
    assert_eq!(auth["scopes"], json!(["openid", "products:view"]));
    assert_eq!(auth["permissions"], json!(["products:create"]));
}

#[tokio::test]
async fn each_route_enforces_its_rule() {
    let client = client([ISSUER, AUDIENCES, HS256, USERS]);
    client.get("/users/me/permissions").send().await.assert_status(StatusCode::UNAUTHORIZED);
    let (creator, admin) =
        (token(json!({ "permissions": "products:create" })), token(json!({ "roles": "Administrator" })));
    let alice = basic("alice", "correct horse");
    let product = json!({ "name": "Towel", "sizes": [1, 2] });
    for (caller, expected) in [(&alice, 403), (&creator, 201), (&admin, 201)] {
        let post = client.post("/products").header("Authorization", caller).body_json(&product).send().await;
        assert_eq!(post.0.status().as_u16(), expected, "{caller}");
        if expected == 201 {
            assert_eq!(post.json().await.value().deserialize::<Value>(), product);
        }
    }
    for (caller, expected) in [(&alice, 403), (&creator, 403), (&admin, 200)] {
        assert_eq!(get(&client, "/admin", ("Authorization", caller)).await.0.status().as_u16(), expected, "{caller}");
    }
}

#[tokio::test]
async fn a_token_needs_the_issuer_and_an_audience() {
    let client = client([ISSUER, AUDIENCES, HS256]);
    for (claims, expected) in [
        (json!({}), 200),
        (json!({ "aud": "other" }), 200),
        (json!({ "aud": "elsewhere" }), 401),
        (json!({ "iss": "https://evil.example" }), 401),
        (json!({ "exp": 1_700_000_000 }), 401),
    ] {
        let answer = get(&client, "/users/me", ("Authorization", &token(claims.clone()))).await;
        assert_eq!(answer.0.status().as_u16(), expected, "{claims}");
    }
    let issued = TokenIssuer::hs256(SECRET).unwrap().issuer(ISSUER.1).audience("products");
    let issued = format!("Bearer {}", issued.token("dave").client_id("web").sign().unwrap());
    get(&client, "/users/me", ("Authorization", &issued)).await.assert_status_is_ok();
}

/// Returns a signing key, and the public key in PEM.
fn key_pair() -> (EncodingKey, String) {
    let pair = Ed25519KeyPair::generate().unwrap();
    let public = BASE64_STANDARD.encode(pair.public_key().as_der().unwrap().as_ref());
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{public}\n-----END PUBLIC KEY-----\n");
    (EncodingKey::from_ed_der(pair.to_pkcs8v1().unwrap().as_ref()), pem)
}

/// Writes a file and returns its path. Each test uses another name.
fn file(name: &str, text: &str) -> String {
    let path = format!("{}/{name}.pem", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&path, text).unwrap();
    path
}

#[tokio::test]
async fn a_secret_and_a_public_key_can_be_used_together() {
    let (key, pem) = key_pair();
    let path = file("both", &pem);
    let by_key = signed(json!({ "sub": "erin" }), Algorithm::EdDSA, &key);
    let other = signed(json!({ "sub": "erin" }), Algorithm::EdDSA, &key_pair().0);
    let client = client([ISSUER, AUDIENCES, HS256, ("AUTH_PUBLIC_KEY_FILE", &path)]);
    for (token, expected) in [(&by_key, 200), (&token(json!({})), 200), (&other, 401)] {
        let answer = get(&client, "/users/me", ("Authorization", token)).await;
        assert_eq!(answer.0.status().as_u16(), expected);
    }
}

#[tokio::test]
async fn a_key_set_in_a_file_may_hold_the_key_of_the_issuer() {
    let (key, pem) = key_pair();
    let x = BASE64_URL_SAFE_NO_PAD.encode(&BASE64_STANDARD.decode(pem.lines().nth(1).unwrap()).unwrap()[12..]);
    let set = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": x }, { "kty": "AKP", "alg": "ML-DSA-44" }] });
    let path = file("key_set", &set.to_string());
    let client = client([ISSUER, AUDIENCES, ("OAUTH2_JWKS_FILE", &path)]);
    for (token, expected) in [
        (signed(json!({}), Algorithm::EdDSA, &key), 200),
        (signed(json!({}), Algorithm::EdDSA, &key_pair().0), 401),
        (token(json!({})), 401),
    ] {
        let answer = get(&client, "/users/me", ("Authorization", &token)).await;
        assert_eq!(answer.0.status().as_u16(), expected);
    }
}

#[tokio::test]
async fn r35_untyped_tokens_are_accepted_only_if_configured() {
    let strict = client([ISSUER, AUDIENCES, HS256]);
    let lenient = client([ISSUER, AUDIENCES, HS256, ("AUTH_TOKEN_TYPES", "JWT")]);
    let claims = json!({ "iss": ISSUER.1, "aud": "products", "sub": "carol", "exp": get_current_timestamp() + 60 });
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    let token = format!("Bearer {}", jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap());
    assert_eq!(get(&strict, "/users/me", ("Authorization", &token)).await.0.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(get(&lenient, "/users/me", ("Authorization", &token)).await.0.status(), StatusCode::OK);
}

#[tokio::test]
async fn an_override_names_the_issuer_if_there_are_several() {
    let overrides = format!(r#"{{"{} carol": "*"}}"#, ISSUER.1);
    let client = client([ISSUER, AUDIENCES, HS256, SECOND_ISSUER, ON_LOOPBACK, ("PERMISSION_OVERRIDES", &overrides)]);
    let token = token(json!({}));
    assert_ne!(permissions(&client, ("Authorization", &token)).await, json!([]));
}

#[tokio::test]
async fn only_configured_schemes_are_accepted_and_documented() {
    let client = client([KEYS]);
    let refused = client.get("/admin").send().await;
    let challenges: Vec<_> = refused.0.headers().get_all("www-authenticate").iter().collect();
    assert_eq!(challenges.len(), 1, "{challenges:?}");
    let basic = basic("alice", "correct horse");
    get(&client, "/admin", ("Authorization", &basic)).await.assert_status(StatusCode::UNAUTHORIZED);
    let document = body(client.get("/openapi.json").send().await).await;
    let schemes: Vec<_> = document["components"]["securitySchemes"].as_object().unwrap().keys().collect();
    assert_eq!(schemes, ["api_key"]);
    client.get("/docs").send().await.assert_status_is_ok();
}

#[tokio::test]
async fn an_override_replaces_the_permissions_of_the_credential() {
    let overrides = ("PERMISSION_OVERRIDES", r#"{"alice": "*", "ci": ["products:view"], "carol": [], "dave": ["*"]}"#);
    let client = client([ISSUER, AUDIENCES, HS256, USERS, KEYS, overrides]);
    let all = json!(["products:view", "products:create"]);
    let alice = basic("alice", "correct horse");
    assert_eq!(permissions(&client, ("Authorization", &alice)).await, all);
    assert_eq!(permissions(&client, CI).await, json!(["products:view"]));
    let carol = token(json!({ "permissions": "products:create" }));
    assert_eq!(permissions(&client, ("Authorization", &carol)).await, json!([]));
    assert_eq!(permissions(&client, ("Authorization", &token(json!({ "sub": "dave" })))).await, all);
    assert_eq!(permissions(&client, ("Authorization", &basic("bob", "battery staple"))).await, json!([]));
}

#[tokio::test]
async fn an_override_leaves_the_roles() {
    let client = client([ISSUER, AUDIENCES, HS256, ("PERMISSION_OVERRIDES", r#"{"carol": []}"#)]);
    let carol = token(json!({ "roles": ["Administrator"] }));
    let carol = ("Authorization", carol.as_str());
    assert_eq!(permissions(&client, carol).await, json!([]));
    get(&client, "/admin", carol).await.assert_status_is_ok();
    let help = server(&[]).arg("--help").output().expect("the binary starts").stdout;
    let help = String::from_utf8(help).expect("UTF-8");
    assert!(help.contains("does not change access by role"), "{help}");
}

#[tokio::test]
async fn a_token_does_not_inherit_the_override_of_a_user_with_its_name() {
    let overrides = ("PERMISSION_OVERRIDES", r#"{"alice": "*", "ci": "*", "bob": "*"}"#);
    let client = client([ISSUER, AUDIENCES, HS256, USERS, KEYS, overrides]);
    for name in ["alice", "ci", "bob"] {
        let token = token(json!({ "sub": name }));
        assert_eq!(permissions(&client, ("Authorization", &token)).await, json!([]), "{name}");
    }
    // If a user and a key have the same name, the override applies to the user.
    assert_ne!(permissions(&client, ("Authorization", &basic("bob", "battery staple"))).await, json!([]));
    assert_eq!(permissions(&client, ("X-API-Key", "aB3dE6gH9jK2mN5pQ8sT1v")).await, json!([]));
}

fn server(settings: &[Setting<'_>]) -> Command {
    let mut server = Command::new(env!("CARGO_BIN_EXE_resource_server"));
    server.env_clear().env("PORT", "0").envs(settings.iter().copied());
    server
}

#[test]
fn the_server_starts_and_responds() {
    let mut server = Running::start(&mut server(&[USERS]));
    let printed = server.printed_until("listens").concat();
    let address = printed.split_whitespace().find(|word| word.starts_with("http://")).unwrap().trim_end_matches(',');
    assert_eq!(status(&paste(&format!("curl -i -u 'alice:correct horse' {address}/users/me"))), 200);
    assert_eq!(status(&paste(&format!("curl -i {address}/users/me/permissions"))), 401);
    assert!(server.interrupt().success());
}

#[test]
fn a_wrong_setting_is_reported_in_one_line_without_secrets() {
    let private = file("private", "-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY-----\n");
    let overrides = |value| ("PERMISSION_OVERRIDES", value);
    let wrong: &[(&[Setting<'_>], &str)] = &[
        (&[], "OIDC_ISSUER, OAUTH2_JWKS_URL, OAUTH2_JWKS_FILE, AUTH_PUBLIC_KEY_FILE, AUTH_HS256_SECRET, BASIC_AUTH"),
        (&[ISSUER, AUDIENCES], "OIDC_ISSUER, "),
        (&[("OIDC_ISSUER", "https://a.example")], "AUTH_AUDIENCES: "),
        (&[("OIDC_ISSUER", "http://a.example"), AUDIENCES], "OIDC_ISSUER: "),
        (&[("OIDC_ISSUER", "http://127.0.0.1"), AUDIENCES], "OIDC_ISSUER: "),
        (&[("OIDC_ISSUER", "https://a.example,"), AUDIENCES], "OIDC_ISSUER: "),
        (&[("OIDC_ISSUER", "https://a.example, https://a.example"), AUDIENCES], "OIDC_ISSUER: has"),
        (
            &[("OIDC_ISSUER", "http://a.example"), AUDIENCES, ("AUTH_DANGER_ALLOW_HTTP_ON_LOOPBACK", "true")],
            "OIDC_ISSUER: ",
        ),
        (&[ISSUER, AUDIENCES, ("OAUTH2_JWKS_URL", "issuer.example/jwks")], "OAUTH2_JWKS_URL: "),
        (&[ISSUER, AUDIENCES, ("OAUTH2_JWKS_FILE", "/nowhere/to/be/found.json")], "OAUTH2_JWKS_FILE: "),
        (&[ISSUER, AUDIENCES, ("OAUTH2_JWKS_FILE", &private)], "OAUTH2_JWKS_FILE: "),
        (&[ISSUER, AUDIENCES, HS256, ("AUTH_TOKEN_TYPES", "jwt")], "AUTH_TOKEN_TYPES: "),
        (&[ISSUER, AUDIENCES, HS256, ("AUTH_JWKS_TTL", "5m")], "AUTH_JWKS_TTL: "),
        (&[ISSUER, AUDIENCES, HS256, ("AUTH_JWKS_COOLDOWN", "9")], "AUTH_JWKS_COOLDOWN: "),
        (&[ISSUER, AUDIENCES, HS256, ("AUTH_JWKS_COOLDOWN", "301")], "AUTH_JWKS_COOLDOWN: "),
        (&[("OIDC_ISSUER", "https://a.example/.well-known/openid-configuration"), AUDIENCES], "OIDC_ISSUER: "),
        (&[ISSUER, AUDIENCES, HS256, ("OIDC_ISSUER", ISSUER.1)], "AUTH_ISSUER: "),
        (&[ISSUER, AUDIENCES, HS256, ("AUTH_DANGER_ALLOW_HTTP_ON_LOOPBACK", "yes")], "AUTH_DANGER_ALLOW_HTTP"),
        (&[AUDIENCES, HS256], "AUTH_ISSUER: "),
        (&[ISSUER, HS256], "AUTH_AUDIENCES: "),
        (&[("AUTH_ISSUER", ""), AUDIENCES, HS256], "AUTH_ISSUER: "),
        (&[("AUTH_ISSUER", "basic"), AUDIENCES, HS256], "AUTH_ISSUER: "),
        (&[ISSUER, ("AUTH_AUDIENCES", "[]"), HS256], "AUTH_AUDIENCES: "),
        (&[ISSUER, ("AUTH_AUDIENCES", r#"[""]"#), HS256], "AUTH_AUDIENCES: "),
        (&[ISSUER, ("AUTH_AUDIENCES", "products"), HS256], "AUTH_AUDIENCES: "),
        (&[ISSUER, AUDIENCES, ("AUTH_HS256_SECRET", "s3cret-and-short")], "AUTH_HS256_SECRET: "),
        (&[ISSUER, AUDIENCES, ("AUTH_HS256_SECRET", "s3cs3cs3cs3cs3cs3cs3cs3cs3cs3cs3cs3c")], "AUTH_HS256_SECRET: "),
        (&[ISSUER, AUDIENCES, ("AUTH_PUBLIC_KEY_FILE", "/nowhere/to/be/found.pem")], "AUTH_PUBLIC_KEY_FILE: "),
        (&[ISSUER, AUDIENCES, ("AUTH_PUBLIC_KEY_FILE", &private)], "AUTH_PUBLIC_KEY_FILE: "),
        (&[("BASIC_AUTH_CREDENTIALS", "[]")], "BASIC_AUTH_CREDENTIALS: "),
        (&[("BASIC_AUTH_CREDENTIALS", r#""s3cret""#)], "BASIC_AUTH_CREDENTIALS: "),
        (&[("BASIC_AUTH_CREDENTIALS", r#"[{"username": "a"}]"#)], "BASIC_AUTH_CREDENTIALS: "),
        (&[("BASIC_AUTH_CREDENTIALS", r#"[{"username": "a", "password": "s3cret-1", "s3cret": 1}]"#)], "BASIC_AUTH"),
        (&[("BASIC_AUTH_CREDENTIALS", r#"[{"username": "a", "password": "s3cret"}]"#)], "BASIC_AUTH_CREDENTIALS: user"),
        (&[("BASIC_AUTH_CREDENTIALS", r#"[{"username": "a\n", "password": "s3cret-1"}]"#)], "BASIC_AUTH_CREDENTIALS: "),
        (
            &[(
                "BASIC_AUTH_CREDENTIALS",
                r#"[{"username": "a", "password": "s3cret-1"}, {"username": "a", "password": "s3cret-2"}]"#,
            )],
            "BASIC_AUTH_CREDENTIALS: ",
        ),
        (&[("API_KEYS", "{}")], "API_KEYS: "),
        (&[("API_KEYS", r#"["s3cret"]"#)], "API_KEYS: "),
        (&[("API_KEYS", r#"{"ci": "s3cret"}"#)], "API_KEYS: "),
        (&[("API_KEYS", r#"{"a": "s3cretR2mX5tZ1wB7nJ4cL9p", "b": "s3cretR2mX5tZ1wB7nJ4cL9p"}"#)], "API_KEYS: "),
        (&[("API_KEYS", r#"{"a": "s3cretR2mX5tZ1wB7nJ4cL9p", "a": "s3cretR2mX5tZ1wB7nJ4cL9q"}"#)], "API_KEYS: "),
        (&[USERS, overrides("*")], "PERMISSION_OVERRIDES: "),
        (&[USERS, overrides(r#"{"alice": "products:create"}"#)], "PERMISSION_OVERRIDES: "),
        (&[USERS, overrides(r#"{"alice": ["products:destroy"]}"#)], "PERMISSION_OVERRIDES: "),
        (&[USERS, overrides(r#"{"alice": 1}"#)], "PERMISSION_OVERRIDES: "),
        (&[USERS, overrides(r#"{"alice": [], "alice": "*"}"#)], "PERMISSION_OVERRIDES: "),
        (&[USERS, overrides(r#"{"nobody": "*"}"#)], "PERMISSION_OVERRIDES: "),
        (
            &[ISSUER, HS256, SECOND_ISSUER, ON_LOOPBACK, AUDIENCES, overrides(r#"{"carol": "*"}"#)],
            "PERMISSION_OVERRIDES: ",
        ),
        (
            &[("OIDC_DISCOVERY_URL", "https://a.example/.well-known/openid-configuration"), USERS],
            "OIDC_DISCOVERY_URL: is not a setting of this server; set OIDC_ISSUER to \"https://a.example\"",
        ),
        (
            &[ISSUER, HS256, ("OAUTH2_AUDIENCES", "[\"products\"]")],
            "OAUTH2_AUDIENCES: is not a setting of this server; set AUTH_AUDIENCES to",
        ),
        (&[USERS, ("PORT", "http")], "PORT: "),
        (&[USERS, ("PORT", "65536")], "PORT: "),
    ];
    for (settings, expected) in wrong {
        let (stderr, code) = refusal(&mut server(settings));
        let line = stderr.lines().last().unwrap_or_default();
        assert_eq!(code, Some(2), "{settings:?}: {stderr}");
        assert!(line.starts_with(&format!("resource_server: {expected}")), "{settings:?}: {stderr}");
        assert!(!stderr.contains("s3c"), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
    }
}
