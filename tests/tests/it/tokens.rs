//! The bundled token verifier over HTTP: the response and the log for a token, from its first use to its end.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use auth_runtime::{
    authenticate::Unavailable,
    jwt::{Fetch, FetchRequest, Jwt, RemoteKeys, Revocations, TokenIssuer},
    prelude::*,
};
use poem::{Endpoint, IntoEndpoint, http::Response};
use poem_openapi::{OpenApi, payload::PlainText};

use crate::{
    fixture::{Answer, get},
    log::logged,
};

permissions! { enum Permission { View = "view", Edit = "edit" } }

#[derive(Auth, Clone)]
#[auth(permissions = Permission, realm = "tokens")]
struct Tokens {
    #[scheme(bearer(format = "JWT"))]
    token: Jwt,
}

struct Api;

#[protected(auth = Tokens)]
#[OpenApi]
impl Api {
    #[permission("view")]
    #[oai(path = "/me", method = "get")]
    async fn me(&self, caller: Principal<Tokens>) -> PlainText<String> {
        PlainText(format!("{} of {}", caller.subject(), caller.issuer()))
    }
}

const SECRET: &str = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";
const OTHER: &str = "8Gf2HjMa0Zr9Pq4cWv1XsT7uKb3Ln6Yd";
const ISSUER: &str = "https://issuer.example";

fn app(token: Jwt) -> impl Endpoint {
    Tokens { token }.service(Api, "Tokens", "1").into_endpoint()
}

fn issuer(name: &str, secret: &str) -> TokenIssuer {
    TokenIssuer::hs256(secret).unwrap().issuer(name).audience("entries")
}

fn token(issuer: &TokenIssuer) -> String {
    issuer.token("alice").client_id("web").permissions(["view"]).sign().unwrap()
}

async fn me(app: &impl Endpoint, token: &str) -> Answer {
    get("/me").header("Authorization", format!("Bearer {token}")).to(app).await
}

#[tokio::test]
async fn r12_a_rejected_token_is_explained_in_the_log_only() {
    let app = app(issuer(ISSUER, SECRET).verifier());
    let elsewhere = TokenIssuer::hs256(SECRET).unwrap().issuer(ISSUER).audience("elsewhere");
    for (token, reason) in [
        (token(&issuer(ISSUER, OTHER)), "https://issuer.example: signature"),
        (token(&elsewhere), "https://issuer.example: audience"),
        (token(&issuer("https://evil.example", SECRET)), r#"unknown issuer: \"https://evil.example\""#),
        ("a.b.c".to_owned(), "not base64url of a JSON object with unique members"),
        ("garbage".to_owned(), "not three parts"),
    ] {
        let answer = me(&app, &token).await;
        assert_eq!(answer.challenges(), [r#"Bearer realm="tokens", error="invalid_token""#]);
        assert_eq!(answer.code(), "invalid_credentials");
        let (status, log) = logged(&app, get("/me").header("Authorization", format!("Bearer {token}"))).await;
        assert_eq!(status, 401, "{token}");
        assert!(log.contains(reason) && !log.contains(&token), "{reason} is not in {log}");
    }
}

#[tokio::test]
async fn r40_a_revoked_token_is_rejected_from_the_next_request_on() {
    let (list, issuer) = (Revocations::new(), issuer(ISSUER, SECRET));
    let app = app(issuer.verifier().revocations(&list));
    let token = token(&issuer);
    for _ in 0..2 {
        assert_eq!(me(&app, &token).await.status, 200);
    }
    list.revoke_subject(ISSUER, "alice", SystemTime::now() + Duration::from_secs(1));
    let answer = me(&app, &token).await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "invalid_credentials"));
}

#[tokio::test]
async fn each_of_several_issuers_signs_only_for_its_own_callers() {
    let (here, there) = (issuer(ISSUER, SECRET), issuer("https://partner.example", OTHER));
    let app = app(Jwt::any_of([here.verifier(), there.verifier()]).unwrap());
    for (issuer, body) in [(&here, "alice of https://issuer.example"), (&there, "alice of https://partner.example")] {
        let answer = me(&app, &token(issuer)).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, body));
    }
    // A token that names one issuer, signed with the key of the other.
    assert_eq!(me(&app, &token(&issuer(ISSUER, OTHER))).await.status, 401);
}

/// The published keys, or `None` while the issuer is down.
#[derive(Clone, Default)]
struct Published(Arc<Mutex<Option<String>>>);

impl Fetch for Published {
    async fn get(&self, _: &FetchRequest<'_>) -> Result<Response<Vec<u8>>, Unavailable> {
        let keys = self.0.lock().unwrap().clone();
        keys.map(|keys| Response::new(keys.into_bytes())).ok_or_else(|| Unavailable::new("connection refused"))
    }
}

#[tokio::test(start_paused = true)]
async fn r48_a_token_is_503_until_the_keys_arrive_and_other_schemes_work() {
    let key = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
        -----END PRIVATE KEY-----\n";
    let remote = TokenIssuer::private_key_pem(key).unwrap().issuer("https://remote.example").audience("entries");
    let published = Published::default();
    let keys = RemoteKeys::jwks_url("https://remote.example/jwks").unwrap().fetcher(published.clone());
    let verifier = Jwt::remote(keys).unwrap().issuer("https://remote.example").audience("entries");
    let here = issuer(ISSUER, SECRET);
    let app = app(Jwt::any_of([verifier, here.verifier()]).unwrap());

    let answer = me(&app, &token(&remote)).await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "temporarily_unavailable"));
    assert!(answer.header("Retry-After").is_some() && answer.challenges().is_empty());
    assert_eq!(me(&app, &token(&here)).await.status, 200);

    *published.0.lock().unwrap() = Some(remote.jwks());
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(me(&app, &token(&remote)).await.status, 200);
    let forged = token(&issuer("https://remote.example", OTHER));
    assert_eq!(me(&app, &forged).await.status, 401);
}
