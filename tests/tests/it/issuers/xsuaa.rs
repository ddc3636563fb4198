//! Access tokens of SAP XSUAA.

use auth_runtime::jwt::{Jwt, JwtError, RemoteKeys, RoleTable};
use serde_json::{Value, json};

use super::{Documents, accepts, merged, rejects, signed};

/// The keys of your subaccount: `url` of the service binding, and `/token_keys`.
fn keys() -> Result<RemoteKeys, JwtError> {
    RemoteKeys::jwks_url("https://acme.authentication.eu10.hana.ondemand.com/token_keys")
}

/// The audience is `xsappname` of the service binding. It is also the prefix of each of your scopes.
fn tokens(keys: RemoteKeys) -> Result<Jwt, JwtError> {
    let jwt = Jwt::remote(keys)?.issuer("https://acme.authentication.eu10.hana.ondemand.com/oauth/token");
    let scopes = RoleTable::new().role("notes!t1234.View", "Viewer").role("notes!t1234.Admin", "Administrator");
    Ok(jwt.audience("notes!t1234").accept_untyped().roles_claim("scope").role_table(scopes))
}

/// XSUAA writes the address of its keys into the header, which is not read.
fn xsuaa(claims: &Value) -> String {
    let jku = "https://acme.authentication.eu10.hana.ondemand.com/token_keys";
    signed(&json!({ "alg": "RS256", "jku": jku, "kid": "rsa", "typ": "JWT", "jid": "x" }), claims)
}

#[tokio::test]
async fn scopes_of_xsuaa_are_roles() {
    let documents = Documents::keys_at("https://acme.authentication.eu10.hana.ondemand.com/token_keys");
    let jwt = tokens(keys().unwrap().fetcher(documents)).unwrap();
    let claims = json!({
        "jti": "0d2f7f6d4d1c4a6c8b1f1c7a3f0e9d8b",
        "ext_attr": { "enhancer": "XSUAA", "subaccountid": "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", "zdn": "acme" },
        "user_uuid": "1b2c3d4e-0000-1111-2222-333344445555",
        "xs.system.attributes": { "xs.rolecollections": ["Notes viewers"] },
        "given_name": "Alice",
        "xs.user.attributes": {},
        "family_name": "A.",
        "sub": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "scope": ["notes!t1234.View", "openid"],
        "client_id": "sb-notes!t1234",
        "cid": "sb-notes!t1234",
        "azp": "sb-notes!t1234",
        "grant_type": "authorization_code",
        "user_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "origin": "sap.default",
        "user_name": "alice@example.com",
        "email": "alice@example.com",
        "auth_time": 1_700_000_000,
        "rev_sig": "5f3c9b1a",
        "iss": "https://acme.authentication.eu10.hana.ondemand.com/oauth/token",
        "zid": "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
        "aud": ["notes!t1234", "sb-notes!t1234", "openid"],
    });
    accepts(&jwt, &xsuaa(&claims), r#"7c9e6679-7425-40de-944b-e07fc1f90ae7 ["Viewer"] ["view"]"#).await;
    // A scope of another application with the same last part is no role here.
    let other = merged(&claims, &json!({ "scope": ["other!t9999.Admin", "Administrator"] }));
    accepts(&jwt, &xsuaa(&other), "7c9e6679-7425-40de-944b-e07fc1f90ae7 [] []").await;
    let id_token = json!({ "aud": ["sb-notes!t1234"], "scope": ["openid"] });
    let evil = "https://evil.authentication.eu10.hana.ondemand.com/oauth/token";
    rejects(
        &jwt,
        [
            ("ID token", xsuaa(&merged(&claims, &id_token))),
            ("another application", xsuaa(&merged(&claims, &json!({ "aud": ["other!t9999", "openid"] })))),
            ("another subaccount", xsuaa(&merged(&claims, &json!({ "iss": evil })))),
        ],
    )
    .await;
}
