//! Session tokens of Clerk, version 2.

use auth_runtime::jwt::{Jwt, JwtError, RemoteKeys, RoleTable, TokenType};
use serde_json::{Value, json};

use super::{Documents, accepts, merged, rejects, signed};

/// The issuer is the Frontend API URL of your instance.
fn keys() -> Result<RemoteKeys, JwtError> {
    RemoteKeys::openid_connect("https://clerk.example.com")
}

/// Session tokens have no `aud`, so the audience is each origin that may send them. A pending session is not signed in.
fn tokens(keys: RemoteKeys) -> Result<Jwt, JwtError> {
    let jwt = Jwt::discovered(keys)?.audiences(["https://notes.example.com"])?.audience_claim("azp");
    let jwt = jwt.token_type(|token| match token.claim("sts") {
        Some("pending") => TokenType::Other,
        _ if token.has_claim("sid") => TokenType::AccessToken,
        _ => TokenType::Other,
    });
    let roles = RoleTable::new().role("admin", "Administrator").role("member", "Viewer");
    Ok(jwt.roles_claim("o.rol").role_table(roles))
}

fn clerk(claims: &Value) -> String {
    signed(&json!({ "alg": "RS256", "cat": "cl_B7d4PD111AAA", "kid": "rsa", "typ": "JWT" }), claims)
}

#[tokio::test]
async fn organization_role_of_clerk() {
    let jwt = tokens(keys().unwrap().fetcher(Documents::of("https://clerk.example.com"))).unwrap();
    let claims = json!({
        "azp": "https://notes.example.com",
        "fva": [7, -1],
        "iss": "https://clerk.example.com",
        "jti": "1234567890abcdef",
        "o": { "id": "org_123", "slg": "acme", "rol": "member", "per": "read", "fpm": "3" },
        "pla": "o:free",
        "sid": "sess_2f3Gh",
        "sub": "user_2f3Gh",
        "v": 2,
    });
    accepts(&jwt, &clerk(&claims), r#"user_2f3Gh ["Viewer"] ["view"]"#).await;
    accepts(&jwt, &clerk(&merged(&claims, &json!({ "o": null, "sts": "active" }))), "user_2f3Gh [] []").await;
    rejects(
        &jwt,
        [
            ("pending session", clerk(&merged(&claims, &json!({ "sts": "pending" })))),
            ("token of a template, which is no session", clerk(&merged(&claims, &json!({ "sid": null })))),
            ("ID token", clerk(&merged(&claims, &json!({ "aud": "client", "at_hash": "x" })))),
            ("another origin", clerk(&merged(&claims, &json!({ "azp": "https://evil.example" })))),
            ("no origin", clerk(&merged(&claims, &json!({ "azp": null })))),
            ("another instance", clerk(&merged(&claims, &json!({ "iss": "https://evil.clerk.accounts.dev" })))),
        ],
    )
    .await;
}
