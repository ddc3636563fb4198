//! Tokens of Google's Identity-Aware Proxy.

use auth_runtime::{
    jwt::{Jwt, JwtError, RemoteKeys, RoleTable},
    prelude::*,
};
use poem::IntoEndpoint;
use poem_openapi::{OpenApi, payload::PlainText};
use serde_json::{Value, json};

use super::{Documents, accepts, merged, rejects, signed};
use crate::fixture::{call, get};

/// The proxy adds the token to each request.
#[derive(Auth, Clone)]
struct Behind {
    #[scheme(header = "x-goog-iap-jwt-assertion")]
    iap: Jwt,
}

/// The keys of the proxy.
fn keys() -> Result<RemoteKeys, JwtError> {
    RemoteKeys::jwks_url("https://www.gstatic.com/iap/verify/public_key-jwk")
}

/// The audience has the number of the project and the id of the backend service. Each user is known by the unique id.
fn tokens(keys: RemoteKeys) -> Result<Jwt, JwtError> {
    let jwt = Jwt::remote(keys)?.issuer("https://cloud.google.com/iap");
    let jwt = jwt.audience("/projects/1234567890/global/backendServices/9876543210").accept_untyped();
    let users = RoleTable::new().role("accounts.google.com:112010400000000710080", "Viewer");
    Ok(jwt.roles_claim("sub").role_table(users))
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

fn iap(claims: &Value) -> String {
    signed(&json!({ "alg": "ES256", "typ": "JWT", "kid": "p256" }), claims)
}

fn claims() -> Value {
    json!({
        "aud": "/projects/1234567890/global/backendServices/9876543210",
        "azp": "/projects/1234567890/global/backendServices/9876543210",
        "email": "alice@example.com",
        "hd": "example.com",
        "iss": "https://cloud.google.com/iap",
        "sub": "accounts.google.com:112010400000000710080",
    })
}

fn verifier() -> Jwt {
    let documents = Documents::keys_at("https://www.gstatic.com/iap/verify/public_key-jwk");
    tokens(keys().unwrap().fetcher(documents)).unwrap()
}

#[tokio::test]
async fn users_behind_iap_have_the_roles_of_the_table() {
    let caller = r#"accounts.google.com:112010400000000710080 ["Viewer"] ["view"]"#;
    accepts(&verifier(), &iap(&claims()), caller).await;
    let other = json!({ "aud": "/projects/1234567890/global/backendServices/1" });
    rejects(
        &verifier(),
        [
            ("another backend service", iap(&merged(&claims(), &other))),
            ("ID token of Google", iap(&merged(&claims(), &json!({ "iss": "https://accounts.google.com" })))),
            ("ID token with a hash", iap(&merged(&claims(), &json!({ "at_hash": "x" })))),
        ],
    )
    .await;
}

#[tokio::test]
async fn the_token_of_iap_stands_in_its_header_and_not_for_another_site() {
    let service = Behind { iap: verifier() };
    service.iap.ready().await.unwrap();
    let app = service.service(Pages, "Pages", "1").into_endpoint();
    let token = iap(&claims());
    let answer = get("/me").header("x-goog-iap-jwt-assertion", token.clone()).to(&app).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "accounts.google.com:112010400000000710080"));
    assert_eq!(get("/me").header("Authorization", format!("Bearer {token}")).to(&app).await.status, 401);
    let post = || call("POST", "/me").header("x-goog-iap-jwt-assertion", token.clone());
    assert_eq!(post().header("Sec-Fetch-Site", "same-origin").to(&app).await.status, 200);
    assert_eq!(post().header("Sec-Fetch-Site", "cross-site").to(&app).await.status, 403);
}
