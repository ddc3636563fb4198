//! Access tokens of Duende.

use auth_runtime::jwt::{Jwt, JwtError, RemoteKeys};
use serde_json::{Value, json};

use super::{Documents, accepts, jwt, merged, rejects, signed};

/// The issuer is the address of the server.
fn keys() -> Result<RemoteKeys, JwtError> {
    RemoteKeys::openid_connect("https://identity.example.com")
}

/// The audience is the name of the `ApiResource`, whose `UserClaims` have `role`.
fn tokens(keys: RemoteKeys) -> Result<Jwt, JwtError> {
    Ok(Jwt::discovered(keys)?.audience("notes").roles_claim("role"))
}

/// Duende follows RFC 9068, and writes `at+jwt`.
fn duende(claims: &Value) -> String {
    signed(&json!({ "alg": "RS256", "kid": "rsa", "typ": "at+jwt" }), claims)
}

#[tokio::test]
async fn roles_of_duende() {
    let duende_jwt = tokens(keys().unwrap().fetcher(Documents::of("https://identity.example.com"))).unwrap();
    let claims = json!({
        "iss": "https://identity.example.com",
        "nbf": 1_700_000_000,
        "aud": "notes",
        "scope": ["openid", "notes.read"],
        "amr": ["pwd"],
        "client_id": "web",
        "sub": "818727",
        "auth_time": 1_700_000_000,
        "idp": "local",
        "role": "Viewer",
        "sid": "A5E1F2",
        "jti": "6F3D2C",
    });
    accepts(&duende_jwt, &duende(&claims), r#"818727 ["Viewer"] ["view"]"#).await;
    let several = merged(&claims, &json!({ "role": ["Viewer", "Administrator"] }));
    let caller = r#"818727 ["Viewer", "Administrator"] ["view", "edit"]"#;
    accepts(&duende_jwt, &duende(&several), caller).await;
    let id_token = json!({ "aud": "web", "nonce": "n", "at_hash": "x", "scope": null, "client_id": null });
    rejects(
        &duende_jwt,
        [
            ("ID token", jwt(&merged(&claims, &id_token))),
            ("a token of the type JWT", jwt(&claims)),
            ("another resource", duende(&merged(&claims, &json!({ "aud": "other" })))),
            ("another issuer", duende(&merged(&claims, &json!({ "iss": "https://evil.example.com" })))),
        ],
    )
    .await;
}
