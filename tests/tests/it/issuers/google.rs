//! ID tokens of Google service accounts.

use auth_runtime::{
    danger,
    jwt::{Jwt, JwtError, RemoteKeys, RoleTable},
};
use serde_json::json;

use super::{Documents, accepts, jwt, merged, rejects};

/// All service accounts of Google have this issuer.
fn keys() -> Result<RemoteKeys, JwtError> {
    RemoteKeys::openid_connect("https://accounts.google.com")
}

/// The audience is the URL of this service. Each account is known by its unique id, which is never reused.
fn tokens(keys: RemoteKeys) -> Result<Jwt, JwtError> {
    let jwt = danger::accept_id_tokens(Jwt::discovered(keys)?.audience("https://notes.example.com"));
    let accounts = RoleTable::new().role("112010400000000710080", "Administrator");
    Ok(jwt.roles_claim("sub").role_table(accounts))
}

#[tokio::test]
async fn service_accounts_of_google_have_the_roles_of_the_table() {
    let google = tokens(keys().unwrap().fetcher(Documents::of("https://accounts.google.com"))).unwrap();
    let claims = json!({
        "aud": "https://notes.example.com",
        "azp": "112010400000000710080",
        "email": "ci@example.iam.gserviceaccount.com",
        "email_verified": true,
        "iss": "https://accounts.google.com",
        "sub": "112010400000000710080",
    });
    accepts(&google, &jwt(&claims), r#"112010400000000710080 ["Administrator"] ["view", "edit"]"#).await;
    // Each project on earth can make a token for this audience: it is a caller without roles.
    let other = merged(&claims, &json!({ "azp": "1", "sub": "1", "email": "x@evil.iam.gserviceaccount.com" }));
    accepts(&google, &jwt(&other), "1 [] []").await;
    let user = json!({ "aud": "1234.apps.googleusercontent.com", "at_hash": "HK6E_P6Dh8Y93mRNtsDB1Q", "nonce": "n" });
    rejects(
        &google,
        [
            ("ID token of a user", jwt(&merged(&claims, &user))),
            ("another service", jwt(&merged(&claims, &json!({ "aud": "https://other.example.com" })))),
            ("another issuer", jwt(&merged(&claims, &json!({ "iss": "https://securetoken.google.com/notes" })))),
        ],
    )
    .await;
}
