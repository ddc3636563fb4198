//! Tokens in the shapes of real issuers, signed with keys of these tests. Each file tests the recipe of one page of
//! `docs/src/how-to/issuers`, which shows the same code.

mod adfs;
mod auth0;
mod clerk;
mod cloudflare;
mod cognito;
mod duende;
mod entra;
mod firebase;
mod google;
mod google_iap;
mod hydra;
mod keycloak;
mod okta;
mod pages;
mod supabase;
mod xsuaa;
mod zitadel;

use std::{
    collections::HashMap,
    sync::LazyLock,
    time::{SystemTime, UNIX_EPOCH},
};

use auth_runtime::{
    authenticate::Unavailable,
    jwt::{Fetch, FetchRequest, Jwt},
    prelude::*,
};
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents,
    },
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use poem::{
    Endpoint, IntoEndpoint,
    http::{Response, StatusCode},
};
use poem_openapi::{OpenApi, payload::PlainText};
use serde_json::{Map, Value, json};

use crate::fixture::get;

permissions! { enum Permission { View = "view", Edit = "edit" } }

roles! {
    enum Role: Permission {
        Viewer = "Viewer" => [View],
        Administrator = "Administrator" => [View, Edit],
    }
}

#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = Role)]
struct Service {
    #[scheme(bearer(format = "JWT"))]
    token: Jwt,
}

struct Api;

#[protected(auth = Service)]
#[OpenApi]
impl Api {
    #[protected]
    #[oai(path = "/me", method = "get")]
    async fn me(&self, caller: Principal<Service>) -> PlainText<String> {
        PlainText(described(&caller))
    }
}

/// Returns subject, roles and permissions.
fn described<A>(caller: &Principal<A>) -> String
where
    A: auth_runtime::declared::AuthSchema<Role = Role, Permission = Permission>,
{
    let roles: Vec<_> = Role::ALL.iter().filter(|role| caller.has_role(**role)).map(ToString::to_string).collect();
    let permissions = Permission::ALL.iter().filter(|permission| caller.has(**permission));
    let permissions: Vec<_> = permissions.map(ToString::to_string).collect();
    format!("{} {roles:?} {permissions:?}", caller.subject())
}

async fn ask(app: &impl Endpoint, token: &str) -> Result<String, u16> {
    let answer = get("/me").header("Authorization", format!("Bearer {token}")).to(app).await;
    if answer.status == 200 { Ok(answer.body) } else { Err(answer.status) }
}

fn app(jwt: &Jwt) -> impl Endpoint + use<> {
    Service { token: jwt.clone() }.service(Api, "Service", "1").into_endpoint()
}

/// Checks that the token is accepted, with this subject and these roles and permissions.
async fn accepts(jwt: &Jwt, token: &str, caller: &str) {
    jwt.ready().await.unwrap();
    assert_eq!(ask(&app(jwt), token).await.as_deref(), Ok(caller));
}

/// Checks that each of the named tokens gets a 401.
async fn rejects<const N: usize>(jwt: &Jwt, tokens: [(&str, String); N]) {
    jwt.ready().await.unwrap();
    let app = app(jwt);
    for (name, token) in tokens {
        assert_eq!(ask(&app, &token).await, Err(401), "{name}");
    }
}

/// The documents of an issuer. Any other address is not found, so that a recipe must name the right one.
#[derive(Clone)]
struct Documents(HashMap<String, String>);

impl Documents {
    /// An issuer without discovery.
    fn keys_at(url: &str) -> Self {
        Self(HashMap::from([(url.to_owned(), key_set().to_string())]))
    }

    /// An issuer with a discovery document.
    fn of(issuer: &str) -> Self {
        let (base, keys) = (issuer.trim_end_matches('/'), "https://keys.example/jwks");
        let discovery = json!({ "issuer": issuer, "jwks_uri": keys }).to_string();
        let Self(mut documents) = Self::keys_at(keys);
        documents.insert(format!("{base}/.well-known/openid-configuration"), discovery);
        Self(documents)
    }
}

impl Fetch for Documents {
    async fn get(&self, request: &FetchRequest<'_>) -> Result<Response<Vec<u8>>, Unavailable> {
        let found = self.0.get(request.url());
        let mut response = Response::new(found.cloned().unwrap_or_default().into_bytes());
        if found.is_none() {
            *response.status_mut() = StatusCode::NOT_FOUND;
        }
        Ok(response)
    }
}

static RSA: LazyLock<RsaKeyPair> = LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());
static P256: LazyLock<EcdsaKeyPair> =
    LazyLock::new(|| EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap());

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// The public keys: `rsa` for RS256 and `p256` for ES256.
fn key_set() -> Value {
    let rsa: RsaPublicKeyComponents<Vec<u8>> = RSA.public_key().into();
    let point = P256.public_key().as_ref();
    let (x, y) = point[1..].split_at(32);
    json!({ "keys": [
        { "kty": "RSA", "use": "sig", "alg": "RS256", "kid": "rsa", "n": encoded(rsa.n), "e": encoded(rsa.e) },
        { "kty": "EC", "use": "sig", "alg": "ES256", "kid": "p256", "crv": "P-256", "x": encoded(x), "y": encoded(y) },
    ] })
}

/// Signs a token. Times are added to the claims: issued now, for ten minutes.
fn signed(header: &Value, claims: &Value) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let claims = merged(&json!({ "iat": now, "exp": now + 600 }), claims);
    let message = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
    let random = SystemRandom::new();
    let signature = match header["alg"].as_str() {
        Some("ES256") => P256.sign(&random, message.as_bytes()).unwrap().as_ref().to_vec(),
        _ => {
            let mut signature = vec![0; RSA.public_modulus_len()];
            RSA.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature).unwrap();
            signature
        }
    };
    format!("{message}.{}", encoded(signature))
}

/// Signs a token with the header that most issuers write.
fn jwt(claims: &Value) -> String {
    signed(&json!({ "alg": "RS256", "kid": "rsa", "typ": "JWT" }), claims)
}

/// Returns an object with some members replaced; `null` takes one away.
fn merged(object: &Value, changes: &Value) -> Value {
    let mut merged: Map<String, Value> = object.as_object().unwrap().clone();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => merged.remove(name),
            value => merged.insert(name.clone(), value.clone()),
        };
    }
    merged.into()
}
