//! Access tokens of Amazon Cognito.

use auth_runtime::jwt::{Jwt, JwtError, RemoteKeys};
use serde_json::{Value, json};

use super::{Documents, accepts, merged, rejects, signed};

/// The issuer has the region and the id of your user pool.
fn keys() -> Result<RemoteKeys, JwtError> {
    RemoteKeys::openid_connect("https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab12Cd34E")
}

/// Access tokens have no `aud`, so the audience is the id of each app client that may call this service.
fn tokens(keys: RemoteKeys) -> Result<Jwt, JwtError> {
    let jwt = Jwt::discovered(keys)?.audiences(["57cbishk4j24pabc1234567890"])?;
    Ok(jwt.audience_claim("client_id").accept_untyped().roles_claim("cognito:groups"))
}

/// Cognito writes no `typ`.
fn cognito(claims: &Value) -> String {
    signed(&json!({ "kid": "rsa", "alg": "RS256" }), claims)
}

#[tokio::test]
async fn groups_of_cognito_are_roles() {
    let issuer = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab12Cd34E";
    let jwt = tokens(keys().unwrap().fetcher(Documents::of(issuer))).unwrap();
    let claims = json!({
        "sub": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
        "cognito:groups": ["Viewer"],
        "iss": issuer,
        "version": 2,
        "client_id": "57cbishk4j24pabc1234567890",
        "origin_jti": "a1b2c3d4-5678-90ab-cdef-111111111111",
        "event_id": "64f513be-32db-42b0-b78e-b02127b4f463",
        "token_use": "access",
        "scope": "openid profile",
        "auth_time": 1_676_312_777,
        "jti": "a1b2c3d4-5678-90ab-cdef-222222222222",
        "username": "alice",
    });
    accepts(&jwt, &cognito(&claims), r#"aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee ["Viewer"] ["view"]"#).await;
    let id_token = json!({
        "aud": "57cbishk4j24pabc1234567890",
        "client_id": null,
        "token_use": "id",
        "cognito:username": "alice",
        "username": null,
        "scope": null,
        "version": null,
    });
    let pool = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Evil";
    rejects(
        &jwt,
        [
            ("ID token of the same client", cognito(&merged(&claims, &id_token))),
            ("another client", cognito(&merged(&claims, &json!({ "client_id": "other" })))),
            ("another user pool", cognito(&merged(&claims, &json!({ "iss": pool })))),
        ],
    )
    .await;
}
