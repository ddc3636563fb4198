//! Access tokens of Zitadel, of the type JWT.

use auth_runtime::jwt::{Jwt, JwtError, RemoteKeys, TokenType};
use serde_json::json;

use super::{Documents, accepts, jwt, merged, rejects};

/// The issuer is the domain of your instance.
fn keys() -> Result<RemoteKeys, JwtError> {
    RemoteKeys::openid_connect("https://example.zitadel.cloud")
}

/// The audience is the id of your project. ID tokens have it too, but no `jti`.
fn tokens(keys: RemoteKeys) -> Result<Jwt, JwtError> {
    let jwt = Jwt::discovered(keys)?.audience("344374183645413380");
    let jwt = jwt.token_type(|token| if token.has_claim("jti") { TokenType::AccessToken } else { TokenType::Other });
    Ok(jwt.role_keys_claim("urn:zitadel:iam:org:project:344374183645413380:roles"))
}

#[tokio::test]
async fn project_roles_of_zitadel_are_keys() {
    let zitadel = tokens(keys().unwrap().fetcher(Documents::of("https://example.zitadel.cloud"))).unwrap();
    let claims = json!({
        "iss": "https://example.zitadel.cloud",
        "sub": "345377791925026818",
        "aud": ["344374183645413381", "344374183645413380"],
        "nbf": 1_762_357_352,
        "jti": "V2_345377791925026819-at_345377791925026820",
        "client_id": "344374183645413381",
        "urn:zitadel:iam:org:project:344374183645413380:roles": {
            "Viewer": { "344373908297744388": "acme.example.com" },
        },
        "urn:zitadel:iam:org:project:999999999999999999:roles": {
            "Administrator": { "344373908297744388": "acme.example.com" },
        },
    });
    accepts(&zitadel, &jwt(&claims), r#"345377791925026818 ["Viewer"] ["view"]"#).await;
    let id_token = json!({
        "jti": null, "nbf": null, "azp": "344374183645413381", "amr": ["pwd"], "at_hash": "x", "sid": "V1_3453",
    });
    rejects(
        &zitadel,
        [
            ("ID token", jwt(&merged(&claims, &id_token))),
            ("ID token without a hash", jwt(&merged(&claims, &json!({ "jti": null, "nonce": "n" })))),
            ("another project", jwt(&merged(&claims, &json!({ "aud": ["344374183645413381"] })))),
            ("another instance", jwt(&merged(&claims, &json!({ "iss": "https://evil.zitadel.cloud" })))),
        ],
    )
    .await;
}
