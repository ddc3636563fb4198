//! Tokens of Cloudflare Access.

use auth_runtime::{
    jwt::{Jwt, JwtError, RemoteKeys, TokenType},
    prelude::*,
};
use poem::IntoEndpoint;
use poem_openapi::{OpenApi, payload::PlainText};
use serde_json::{Value, json};

use super::{Documents, accepts, jwt, merged, rejects};
use crate::fixture::{call, get};

/// Cloudflare adds the token to each request.
#[derive(Auth, Clone)]
struct Behind {
    #[scheme(header = "Cf-Access-Jwt-Assertion")]
    access: Jwt,
}

/// The keys of your team.
fn keys() -> Result<RemoteKeys, JwtError> {
    RemoteKeys::jwks_url("https://example.cloudflareaccess.com/cdn-cgi/access/certs")
}

/// The audience is the AUD tag of the application. `type: app` marks its tokens.
fn tokens(keys: RemoteKeys) -> Result<Jwt, JwtError> {
    let jwt = Jwt::remote(keys)?.issuer("https://example.cloudflareaccess.com");
    let jwt = jwt.audience("32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228");
    let jwt = jwt.token_type(|token| match token.claim("type") {
        Some("app") => TokenType::AccessToken,
        _ => TokenType::Other,
    });
    Ok(jwt.roles_claim("custom.groups"))
}

struct Pages;

#[protected(auth = Behind)]
#[OpenApi]
impl Pages {
    #[protected]
    #[oai(path = "/me", method = "get")]
    async fn me(&self, caller: Principal<Behind>) -> PlainText<String> {
        PlainText(caller.subject().to_owned())
    }

    #[protected]
    #[oai(path = "/me", method = "post")]
    async fn change(&self) -> PlainText<&'static str> {
        PlainText("changed")
    }
}

fn claims() -> Value {
    json!({
        "aud": ["32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228"],
        "email": "alice@example.com",
        "nbf": 1_700_000_000,
        "iss": "https://example.cloudflareaccess.com",
        "type": "app",
        "identity_nonce": "6ei69kawdKzMIAPF",
        "sub": "7335d417-61da-459d-899c-0a01c76a2f94",
        "custom": { "groups": ["Viewer"] },
        "country": "US",
    })
}

fn verifier() -> Jwt {
    let documents = Documents::keys_at("https://example.cloudflareaccess.com/cdn-cgi/access/certs");
    tokens(keys().unwrap().fetcher(documents)).unwrap()
}

#[tokio::test]
async fn groups_of_cloudflare_access_are_roles() {
    let caller = r#"7335d417-61da-459d-899c-0a01c76a2f94 ["Viewer"] ["view"]"#;
    accepts(&verifier(), &jwt(&claims()), caller).await;
    let service_token = json!({ "sub": "", "common_name": "e367826f93b8d71185e03fe518aff3b4.access", "email": null });
    rejects(
        &verifier(),
        [
            ("token of the team", jwt(&merged(&claims(), &json!({ "type": "org" })))),
            ("ID token", jwt(&merged(&claims(), &json!({ "type": null, "at_hash": "x" })))),
            ("another application", jwt(&merged(&claims(), &json!({ "aud": ["other"] })))),
            ("another team", jwt(&merged(&claims(), &json!({ "iss": "https://evil.cloudflareaccess.com" })))),
            ("service token, which has no subject", jwt(&merged(&claims(), &service_token))),
        ],
    )
    .await;
}

#[tokio::test]
async fn the_token_of_cloudflare_stands_in_its_header_and_not_for_another_site() {
    let service = Behind { access: verifier() };
    service.access.ready().await.unwrap();
    let app = service.service(Pages, "Pages", "1").into_endpoint();
    let token = jwt(&claims());
    let answer = get("/me").header("Cf-Access-Jwt-Assertion", token.clone()).to(&app).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "7335d417-61da-459d-899c-0a01c76a2f94"));
    let post = || call("POST", "/me").header("Cf-Access-Jwt-Assertion", token.clone());
    assert_eq!(post().header("Sec-Fetch-Site", "same-origin").to(&app).await.status, 200);
    assert_eq!(post().header("Sec-Fetch-Site", "cross-site").to(&app).await.status, 403);
}
