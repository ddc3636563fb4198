//! Access tokens of Active Directory Federation Services, 2016 and later.

use auth_runtime::jwt::{Jwt, JwtError, RemoteKeys};
use serde_json::{Value, json};

use super::{Documents, accepts, merged, rejects, signed};

/// The keys of the federation service. Its discovery document names another issuer than access tokens have.
fn keys() -> Result<RemoteKeys, JwtError> {
    RemoteKeys::jwks_url("https://adfs.example.com/adfs/discovery/keys")
}

/// The issuer is `access_token_issuer` of the discovery document. Issuance rules add `primarysid` and `role`.
fn tokens(keys: RemoteKeys) -> Result<Jwt, JwtError> {
    let jwt = Jwt::remote(keys)?.issuer("http://adfs.example.com/adfs/services/trust");
    let jwt = jwt.audience("https://notes.example.com").accept_untyped();
    Ok(jwt.subject_claim("primarysid").roles_claim("role"))
}

fn adfs(claims: &Value) -> String {
    signed(&json!({ "typ": "JWT", "alg": "RS256", "x5t": "jmDFt5u5sOcVhfWJyYC3Y8KYAFM", "kid": "rsa" }), claims)
}

#[tokio::test]
async fn roles_of_the_issuance_rules_of_adfs() {
    let documents = Documents::keys_at("https://adfs.example.com/adfs/discovery/keys");
    let jwt = tokens(keys().unwrap().fetcher(documents)).unwrap();
    let claims = json!({
        "aud": "https://notes.example.com",
        "iss": "http://adfs.example.com/adfs/services/trust",
        "apptype": "Confidential",
        "appid": "f5b11a2e-1a59-4b6c-8c2f-1e2f9f0a4c7d",
        "authmethod": "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
        "auth_time": "2026-04-10T21:31:20.031Z",
        "ver": "1.0",
        "scp": "openid",
        "primarysid": "S-1-5-21-3623811015-3361044348-30300820-1013",
        "role": ["Viewer", "Domain Users"],
    });
    let caller = r#"S-1-5-21-3623811015-3361044348-30300820-1013 ["Viewer"] ["view"]"#;
    accepts(&jwt, &adfs(&claims), caller).await;
    let one = merged(&claims, &json!({ "role": "Viewer" }));
    accepts(&jwt, &adfs(&one), caller).await;
    let id_token = json!({
        "iss": "https://adfs.example.com/adfs", "aud": "f5b11a2e-1a59-4b6c-8c2f-1e2f9f0a4c7d", "nonce": "n", "sub": "x",
    });
    rejects(
        &jwt,
        [
            ("ID token", adfs(&merged(&claims, &id_token))),
            ("another audience", adfs(&merged(&claims, &json!({ "aud": "microsoft:identityserver:other" })))),
            ("another farm", adfs(&merged(&claims, &json!({ "iss": "http://evil.example.com/adfs/services/trust" })))),
            ("no rule for the subject", adfs(&merged(&claims, &json!({ "primarysid": null })))),
        ],
    )
    .await;
}
