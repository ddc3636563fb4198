//! Access tokens of Keycloak, before version 25 and since.

use auth_runtime::jwt::{Jwt, JwtError, RemoteKeys};
use serde_json::{Value, json};

use super::{Documents, accepts, jwt, merged, rejects, signed};

/// The issuer is the realm, without a slash at its end. Before Keycloak 17, `/auth` stands before `/realms`.
fn keys() -> Result<RemoteKeys, JwtError> {
    RemoteKeys::openid_connect("https://keycloak.example.com/realms/main")
}

/// The audience is the client id of this service, which an audience mapper adds. The claims are JSON
/// pointers, because the client id has a dot.
fn tokens(keys: RemoteKeys) -> Result<Jwt, JwtError> {
    let jwt = Jwt::discovered(keys)?.audience("notes.api").accept_untyped();
    Ok(jwt.roles_claims(["/realm_access/roles", "/resource_access/notes.api/roles"]))
}

fn claims() -> Value {
    json!({
        "auth_time": 1_755_721_366,
        "jti": "179a04e8-6a41-41bb-ab20-14d55a85148a",
        "iss": "https://keycloak.example.com/realms/main",
        "aud": ["notes.api", "account"],
        "sub": "8befeac4-8963-49da-a9ac-f310e8d922d8",
        "typ": "Bearer",
        "azp": "web",
        "sid": "54db1502-a5dc-4a27-af62-eeef0694a628",
        "acr": "1",
        "allowed-origins": ["https://notes.example.com"],
        "realm_access": { "roles": ["offline_access", "uma_authorization", "Viewer"] },
        "resource_access": { "notes.api": { "roles": ["Administrator"] }, "account": { "roles": ["view-profile"] } },
        "scope": "openid email profile",
        "email_verified": true,
        "name": "Alice A.",
        "preferred_username": "alice",
        "email": "alice@example.com",
    })
}

#[tokio::test]
async fn realm_and_client_roles_of_keycloak() {
    let documents = Documents::of("https://keycloak.example.com/realms/main");
    let keycloak = tokens(keys().unwrap().fetcher(documents)).unwrap();
    let caller = r#"8befeac4-8963-49da-a9ac-f310e8d922d8 ["Viewer", "Administrator"] ["view", "edit"]"#;
    // Since version 25.
    accepts(&keycloak, &jwt(&claims()), caller).await;
    // The client setting "Use at+jwt as access token header type".
    let typed = json!({ "alg": "RS256", "kid": "rsa", "typ": "at+jwt" });
    accepts(&keycloak, &signed(&typed, &claims()), caller).await;
    // Before version 25, the nonce of the request is in the access token too.
    let session = "54db1502-a5dc-4a27-af62-eeef0694a628";
    let before = merged(&claims(), &json!({ "nonce": "n-0S6_WzA2Mj", "session_state": session }));
    accepts(&keycloak, &jwt(&before), caller).await;
    let without = merged(&claims(), &json!({ "realm_access": null, "resource_access": null }));
    accepts(&keycloak, &jwt(&without), "8befeac4-8963-49da-a9ac-f310e8d922d8 [] []").await;

    let id_token = json!({ "typ": "ID", "aud": "notes.api", "at_hash": "fPlsvVszI29LU2UhDyJ9vg", "nonce": "n-0S6" });
    rejects(
        &keycloak,
        [
            ("ID token", jwt(&merged(&claims(), &id_token))),
            ("ID token without a hash", jwt(&merged(&claims(), &json!({ "typ": "ID", "aud": "notes.api" })))),
            ("refresh token", jwt(&merged(&claims(), &json!({ "typ": "Refresh" })))),
            ("another audience", jwt(&merged(&claims(), &json!({ "aud": "account" })))),
            ("another realm", jwt(&merged(&claims(), &json!({ "iss": "https://keycloak.example.com/realms/master" })))),
        ],
    )
    .await;
}
