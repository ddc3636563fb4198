//! ID tokens of Firebase Authentication, and of Google Identity Platform.

use auth_runtime::{
    danger,
    jwt::{Jwt, JwtError, RemoteKeys, RoleTable},
};
use serde_json::json;

use super::{Documents, accepts, jwt, merged, rejects};

/// The issuer has the id of your project.
fn keys() -> Result<RemoteKeys, JwtError> {
    RemoteKeys::openid_connect("https://securetoken.google.com/notes-1234")
}

/// The audience is the id of your project. The custom claim `admin: true` is the role `Administrator` here.
fn tokens(keys: RemoteKeys) -> Result<Jwt, JwtError> {
    let jwt = danger::accept_id_tokens(Jwt::discovered(keys)?.audience("notes-1234"));
    Ok(jwt.role_flags(["admin"]).role_table(RoleTable::new().role("admin", "Administrator")))
}

#[tokio::test]
async fn custom_claims_of_firebase_are_roles() {
    let documents = Documents::of("https://securetoken.google.com/notes-1234");
    let firebase = tokens(keys().unwrap().fetcher(documents)).unwrap();
    let claims = json!({
        "name": "Alice A.",
        "admin": true,
        "iss": "https://securetoken.google.com/notes-1234",
        "aud": "notes-1234",
        "auth_time": 1_700_000_000,
        "user_id": "V4mYH2yGdwUp5Rkb",
        "sub": "V4mYH2yGdwUp5Rkb",
        "email": "alice@example.com",
        "email_verified": true,
        "firebase": { "identities": { "email": ["alice@example.com"] }, "sign_in_provider": "password" },
    });
    accepts(&firebase, &jwt(&claims), r#"V4mYH2yGdwUp5Rkb ["Administrator"] ["view", "edit"]"#).await;
    let user = merged(&claims, &json!({ "admin": false }));
    accepts(&firebase, &jwt(&user), "V4mYH2yGdwUp5Rkb [] []").await;
    rejects(
        &firebase,
        [
            (
                "session cookie",
                jwt(&merged(&claims, &json!({ "iss": "https://session.firebase.google.com/notes-1234" }))),
            ),
            ("another audience", jwt(&merged(&claims, &json!({ "aud": "other-5678" })))),
            ("another project", jwt(&merged(&claims, &json!({ "iss": "https://securetoken.google.com/other-5678" })))),
            ("ID token of Google", jwt(&merged(&claims, &json!({ "iss": "https://accounts.google.com" })))),
            ("a role that is text", jwt(&merged(&claims, &json!({ "admin": "true" })))),
        ],
    )
    .await;
}
