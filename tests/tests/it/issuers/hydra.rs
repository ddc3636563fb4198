//! Access tokens of Ory Hydra and Ory Network, with the strategy `jwt`.

use auth_runtime::jwt::{Jwt, JwtError, RemoteKeys};
use serde_json::json;

use super::{Documents, accepts, jwt, merged, rejects};

/// The issuer is `urls.self.issuer` of Hydra, with a slash at its end only if that setting has one.
fn keys() -> Result<RemoteKeys, JwtError> {
    RemoteKeys::openid_connect("https://hydra.example.com")
}

/// The audience is one that the client asks for. `ext` holds the claims that your consent app adds.
fn tokens(keys: RemoteKeys) -> Result<Jwt, JwtError> {
    let jwt = Jwt::discovered(keys)?.audience("https://notes.example.com");
    Ok(jwt.accept_untyped().roles_claim("ext.roles"))
}

#[tokio::test]
async fn roles_of_the_consent_app_of_hydra() {
    let hydra = tokens(keys().unwrap().fetcher(Documents::of("https://hydra.example.com"))).unwrap();
    let claims = json!({
        "aud": ["https://notes.example.com"],
        "client_id": "f1b3a8c2-0b6e-4a59-8a4d-3c3d2b1a0f9e",
        "ext": { "roles": ["Viewer"] },
        "iss": "https://hydra.example.com",
        "jti": "ce7d4ea5-3f5a-4b38-9d1c-9d3d7a1f2b4c",
        "nbf": 1_700_000_000,
        "scp": ["openid", "offline"],
        "sub": "alice-7f9c2ba4",
    });
    accepts(&hydra, &jwt(&claims), r#"alice-7f9c2ba4 ["Viewer"] ["view"]"#).await;
    let id_token = json!({
        "aud": ["f1b3a8c2-0b6e-4a59-8a4d-3c3d2b1a0f9e"], "at_hash": "x", "rat": 1_700_000_000, "scp": null, "ext": null,
    });
    rejects(
        &hydra,
        [
            ("ID token", jwt(&merged(&claims, &id_token))),
            ("ID token for the audience", jwt(&merged(&claims, &json!({ "at_hash": "x" })))),
            ("no audience", jwt(&merged(&claims, &json!({ "aud": [] })))),
            ("another issuer", jwt(&merged(&claims, &json!({ "iss": "https://evil.example.com" })))),
            ("another spelling", jwt(&merged(&claims, &json!({ "iss": "https://hydra.example.com/" })))),
        ],
    )
    .await;
}
