//! Access tokens of Auth0.

use auth_runtime::jwt::{Jwt, JwtError, RemoteKeys};
use serde_json::json;

use super::{Documents, accepts, jwt, merged, rejects, signed};

/// The issuer is the domain of your tenant, or your custom domain, with a slash at its end.
fn keys() -> Result<RemoteKeys, JwtError> {
    RemoteKeys::openid_connect("https://example.eu.auth0.com/")
}

/// The audience is the identifier of your API. The claim of the roles is the one that your Action sets.
fn tokens(keys: RemoteKeys) -> Result<Jwt, JwtError> {
    let jwt = Jwt::discovered(keys)?.audience("https://notes.example.com");
    Ok(jwt.accept_untyped().roles_claim("https://notes.example.com/roles"))
}

#[tokio::test]
async fn permissions_and_roles_of_auth0() {
    let documents = Documents::of("https://example.eu.auth0.com/");
    let auth0 = tokens(keys().unwrap().fetcher(documents)).unwrap();
    let claims = json!({
        "iss": "https://example.eu.auth0.com/",
        "sub": "auth0|6553da60a54af58e29493993",
        "aud": ["https://notes.example.com", "https://example.eu.auth0.com/userinfo"],
        "azp": "K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja",
        "scope": "openid profile edit",
        "permissions": ["edit", "delete:everything"],
        "https://notes.example.com/roles": ["Viewer"],
    });
    let caller = r#"auth0|6553da60a54af58e29493993 ["Viewer"] ["view", "edit"]"#;
    accepts(&auth0, &jwt(&claims), caller).await;
    // The RFC 9068 profile, and a machine without roles.
    let header = json!({ "alg": "RS256", "kid": "rsa", "typ": "at+jwt" });
    let profile =
        json!({ "azp": null, "client_id": "K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja", "jti": "73WakrfVbNJBaAmhQtEeDv" });
    accepts(&auth0, &signed(&header, &merged(&claims, &profile)), caller).await;
    let machine = json!({
        "iss": "https://example.eu.auth0.com/",
        "sub": "awZfdIir8YFdGZWkvCejDoUb7SjTDicx@clients",
        "aud": "https://notes.example.com",
        "azp": "awZfdIir8YFdGZWkvCejDoUb7SjTDicx",
        "gty": "client-credentials",
        "permissions": ["view"],
    });
    accepts(&auth0, &jwt(&machine), r#"awZfdIir8YFdGZWkvCejDoUb7SjTDicx@clients [] ["view"]"#).await;

    let id_token = json!({
        "aud": "K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja", "nonce": "n-0S6_WzA2Mj", "sid": "x", "scope": null, "azp": null,
    });
    rejects(
        &auth0,
        [
            ("ID token", jwt(&merged(&claims, &id_token))),
            ("another API", jwt(&merged(&claims, &json!({ "aud": "https://other.example.com" })))),
            ("another tenant", jwt(&merged(&claims, &json!({ "iss": "https://evil.eu.auth0.com/" })))),
        ],
    )
    .await;
}
