//! The example with access tokens, over HTTP, with an OpenID provider on this machine.

#[path = "common/authority.rs"]
mod authority;
#[path = "common/basic.rs"]
mod basic;
mod common;
#[path = "common/http.rs"]
mod http;
#[path = "common/service.rs"]
mod service;

use std::{
    iter, thread,
    time::{Duration, SystemTime},
};

use auth_runtime::jwt::TokenIssuer;
use rcgen::KeyPair;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{authority::Authority, http::Answer, service::Service};

/// Serves the discovery document and the keys of an issuer over HTTPS. Returns the URL of the issuer.
async fn provider(authority: &Authority, keys: impl FnOnce(&str) -> String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let document = json!({ "issuer": url, "jwks_uri": format!("{url}/keys") }).to_string();
    let (keys, tls) = (keys(&url), authority.acceptor());
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let mut connection = tls.accept(connection).await.unwrap();
            let mut request = [0; 4096];
            let length = connection.read(&mut request).await.unwrap();
            let body = if request[..length].starts_with(b"GET /keys ") { &keys } else { &document };
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";
            let answer = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
            connection.write_all(answer.as_bytes()).await.unwrap();
            // The client may have closed the connection already.
            let _ = connection.shutdown().await;
        }
    });
    url
}

fn issuer(url: &str, key: &KeyPair) -> TokenIssuer {
    TokenIssuer::private_key_pem(key.serialize_pem()).unwrap().issuer(url).audience("notes")
}

/// Returns a token of a user that signed in some minutes ago.
fn token(issuer: &TokenIssuer, scope: &str, roles: &[&str], minutes: u64) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let token = issuer.token("alice").client_id("web").scope(scope).roles(roles.iter().copied());
    token.auth_time(now - 60 * minutes).sign().unwrap()
}

fn call(service: &Service, method: &str, token: &str) -> Answer {
    service.request(method, "/notes").bearer(token).send()
}

/// Reads the notes, and repeats the request until the service has the keys of the issuer.
fn read(service: &Service, token: &str) -> Answer {
    let wait = || {
        thread::sleep(Duration::from_millis(20));
        call(service, "GET", token)
    };
    let first = call(service, "GET", token);
    iter::successors(Some(first), |_| Some(wait())).take(500).find(|answer| answer.status != 503).expect("the keys")
}

#[tokio::test(flavor = "multi_thread")]
async fn scope_role_and_a_recent_sign_in_are_required() {
    let (authority, key) = (Authority::new("provider"), KeyPair::generate().unwrap());
    let url = provider(&authority, |url| issuer(url, &key).jwks().unwrap()).await;
    let (issuer, file) = (issuer(&url, &key), authority.file());
    let settings = [("ISSUER", url.as_str()), ("AUDIENCE", "notes"), ("SSL_CERT_FILE", &file)];
    let service = Service::start(env!("CARGO_BIN_EXE_jwt"), &settings);

    let answer = read(&service, &token(&issuer, "notes:read", &[], 0));
    assert_eq!((answer.status, answer.body), (200, format!("The notes of alice at {url}")));
    let answer = call(&service, "GET", &token(&issuer, "notes:write", &["Administrator"], 0));
    assert!(answer.status == 403 && answer.head.contains("scope=\"notes:read\""), "{answer:?}");

    for (scope, roles, minutes, expected) in [
        ("notes:write", &["Administrator"][..], 0, 200),
        ("notes:read", &["Administrator"], 0, 403),
        ("notes:write", &[], 0, 403),
        ("notes:write", &["Administrator"], 16, 401),
    ] {
        let answer = call(&service, "DELETE", &token(&issuer, scope, roles, minutes));
        assert_eq!(answer.status, expected, "{scope} {roles:?} {minutes}: {answer:?}");
    }
    assert_eq!(service.request("GET", "/notes").send().status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_issuer_or_for_another_audience_is_rejected() {
    let (authority, key) = (Authority::new("audience"), KeyPair::generate().unwrap());
    let url = provider(&authority, |url| issuer(url, &key).jwks().unwrap()).await;
    let file = authority.file();
    let settings = [("ISSUER", url.as_str()), ("AUDIENCE", "notes"), ("SSL_CERT_FILE", &file)];
    let service = Service::start(env!("CARGO_BIN_EXE_jwt"), &settings);
    assert_eq!(read(&service, &token(&issuer(&url, &key), "notes:read", &[], 0)).status, 200);

    let pem = key.serialize_pem();
    let other = TokenIssuer::private_key_pem(&pem).unwrap().issuer(&url).audience("photos");
    assert_eq!(call(&service, "GET", &token(&other, "notes:read", &[], 0)).status, 401);
    let other = TokenIssuer::private_key_pem(&pem).unwrap().issuer("https://login.example").audience("notes");
    assert_eq!(call(&service, "GET", &token(&other, "notes:read", &[], 0)).status, 401);
}
