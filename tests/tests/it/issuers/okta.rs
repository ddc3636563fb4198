//! Access tokens of Okta, from a custom authorization server.

use auth_runtime::jwt::{Jwt, JwtError, RemoteKeys};
use serde_json::{Value, json};

use super::{Documents, accepts, merged, rejects, signed};

/// The issuer is the one of your custom authorization server.
fn keys() -> Result<RemoteKeys, JwtError> {
    RemoteKeys::openid_connect("https://example.okta.com/oauth2/default")
}

/// The audience is the one of the authorization server. `groups` is the claim that you add to its access tokens.
fn tokens(keys: RemoteKeys) -> Result<Jwt, JwtError> {
    let jwt = Jwt::discovered(keys)?.audience("api://default").accept_untyped();
    Ok(jwt.subject_claim("uid").roles_claim("groups"))
}

/// Okta writes no `typ`.
fn okta(claims: &Value) -> String {
    signed(&json!({ "kid": "rsa", "alg": "RS256" }), claims)
}

#[tokio::test]
async fn groups_of_okta_are_roles() {
    let documents = Documents::of("https://example.okta.com/oauth2/default");
    let jwt = tokens(keys().unwrap().fetcher(documents)).unwrap();
    let claims = json!({
        "ver": 1,
        "jti": "AT.MNAoEQ_jbKqoinrQo1D0XKjMX28U5d7ZszBceot7-Ts",
        "iss": "https://example.okta.com/oauth2/default",
        "aud": "api://default",
        "cid": "0oabucvyc38HLL1ef0h7",
        "uid": "00uid4BxXw6I6TV4m0g3",
        "scp": ["openid", "profile"],
        "auth_time": 1_688_145_909,
        "sub": "alice@example.com",
        "groups": ["Everyone", "Viewer"],
    });
    accepts(&jwt, &okta(&claims), r#"00uid4BxXw6I6TV4m0g3 ["Viewer"] ["view"]"#).await;
    let id_token = json!({
        "jti": "ID.radCQMOQUmyvcTBmmIL0J6BaS60apUEiC7-vI7pOmkw",
        "aud": "0oabucvyc38HLL1ef0h7",
        "sub": "00uid4BxXw6I6TV4m0g3",
        "at_hash": "fPlsvVszI29LU2UhDyJ9vg",
        "uid": null,
    });
    rejects(
        &jwt,
        [
            ("ID token", okta(&merged(&claims, &id_token))),
            ("ID token for the audience", okta(&merged(&claims, &json!({ "at_hash": "fPlsvVszI29LU2UhDyJ9vg" })))),
            ("another audience", okta(&merged(&claims, &json!({ "aud": "api://other" })))),
            ("the org authorization server", okta(&merged(&claims, &json!({ "iss": "https://example.okta.com" })))),
            ("another tenant", okta(&merged(&claims, &json!({ "iss": "https://evil.okta.com/oauth2/default" })))),
            ("a machine client, which has no `uid`", okta(&merged(&claims, &json!({ "uid": null })))),
        ],
    )
    .await;
}
