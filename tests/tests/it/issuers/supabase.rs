//! Access tokens of Supabase Auth, with asymmetric keys.

use auth_runtime::jwt::{Jwt, JwtError, RemoteKeys};
use serde_json::{Value, json};

use super::{Documents, accepts, merged, rejects, signed};

/// The keys of your project. It needs an asymmetric JWT signing key.
fn keys() -> Result<RemoteKeys, JwtError> {
    RemoteKeys::jwks_url("https://abcdefghijklmnopqrst.supabase.co/auth/v1/.well-known/jwks.json")
}

/// Users can write `user_metadata` and cannot write `app_metadata`, so roles belong in `app_metadata`.
fn tokens(keys: RemoteKeys) -> Result<Jwt, JwtError> {
    let jwt = Jwt::remote(keys)?.issuer("https://abcdefghijklmnopqrst.supabase.co/auth/v1");
    Ok(jwt.audience("authenticated").accept_untyped().roles_claim("app_metadata.roles"))
}

fn supabase(claims: &Value) -> String {
    signed(&json!({ "alg": "ES256", "kid": "p256", "typ": "JWT" }), claims)
}

#[tokio::test]
async fn roles_of_supabase_are_those_that_users_cannot_write() {
    let issuer = "https://abcdefghijklmnopqrst.supabase.co/auth/v1";
    let documents = Documents::keys_at(&format!("{issuer}/.well-known/jwks.json"));
    let jwt = tokens(keys().unwrap().fetcher(documents)).unwrap();
    let claims = json!({
        "iss": issuer,
        "sub": "123e4567-e89b-12d3-a456-426614174000",
        "aud": "authenticated",
        "email": "alice@example.com",
        "phone": "",
        "app_metadata": { "provider": "email", "providers": ["email"], "roles": ["Viewer"] },
        "user_metadata": { "roles": ["Administrator"] },
        "role": "authenticated",
        "aal": "aal1",
        "amr": [{ "method": "password", "timestamp": 1_640_991_600 }],
        "session_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "is_anonymous": false,
    });
    accepts(&jwt, &supabase(&claims), r#"123e4567-e89b-12d3-a456-426614174000 ["Viewer"] ["view"]"#).await;
    let anon = json!({ "iss": "supabase", "ref": "abcdefghijklmnopqrst", "role": "anon", "aud": null, "sub": null });
    rejects(
        &jwt,
        [
            ("anon key", supabase(&merged(&claims, &anon))),
            ("another audience", supabase(&merged(&claims, &json!({ "aud": "anon" })))),
            ("another project", supabase(&merged(&claims, &json!({ "iss": "https://evil.supabase.co/auth/v1" })))),
            ("ID token", supabase(&merged(&claims, &json!({ "at_hash": "x" })))),
        ],
    )
    .await;
}
