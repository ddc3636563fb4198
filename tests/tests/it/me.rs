//! `GET /auth/me`, for front ends.

use auth_runtime::{me::Me, prelude::*};
use poem::{Endpoint, IntoEndpoint};
use serde_json::{Value, json};

use crate::fixture::{Answer, Auth, By, Caller, get};

fn app() -> impl Endpoint {
    Auth::default().service(Me::new(), "Api", "1").into_endpoint()
}

async fn me(app: &impl Endpoint, caller: &Caller, tags: Option<&str>) -> Answer {
    let request = get("/auth/me").by(By::Token, caller);
    let request = tags.into_iter().fold(request, |request, tags| request.header("If-None-Match", tags));
    request.to(app).await
}

#[tokio::test]
async fn the_caller_is_described() {
    let caller = Caller::new("alice").with("name", "Alice A.").role("User").permission("delete");
    let caller = caller.with("auth_time", 1_700_000_000).with("claims", json!({ "acr": "mfa", "secret": "x" }));
    let answer = me(&app(), &caller, None).await;
    assert_eq!(answer.status, 200);
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    let expected = json!({
        "issuer": "tests",
        "subject": "alice",
        "display_name": "Alice A.",
        "roles": ["User"],
        "permissions": ["view", "edit", "delete"],
        "scheme": "token",
        "authenticated_at": 1_700_000_000,
        "acr": "mfa",
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn an_anonymous_caller_is_refused() {
    let answer = get("/auth/me").to(&app()).await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "authentication_required"));
}

#[tokio::test]
async fn r18_the_description_is_private_and_compared_before_each_use() {
    let (app, alice) = (app(), Caller::new("alice").role("Viewer"));
    let first = me(&app, &alice, None).await;
    let tag = first.header("ETag").unwrap().to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag} is strong");
    for (tags, status) in [(&*tag, 304), (&format!("\"x\", W/{tag}"), 304), ("*", 304), ("\"x\"", 200), ("", 200)] {
        let answer = me(&app, &alice, Some(tags)).await;
        assert_eq!((answer.status, answer.body.is_empty()), (status, status == 304), "{tags}");
        assert_eq!(answer.header("ETag"), Some(&*tag));
        assert_eq!(answer.header("Cache-Control"), Some("private, no-cache"));
    }
    // A new role, another user, and a caller whose rights were taken.
    for other in [alice.clone().role("User"), Caller::new("bob").role("Viewer"), Caller::new("alice")] {
        let answer = me(&app, &other, Some(&tag)).await;
        assert_eq!(answer.status, 200);
        assert_ne!(answer.header("ETag"), Some(&*tag));
    }
    // Whoever is not let in learns nothing from the tag.
    let refused = get("/auth/me").credential(By::Token, "invalid").header("If-None-Match", &tag).to(&app).await;
    assert_eq!((refused.status, refused.header("ETag")), (401, None));
}

#[tokio::test]
async fn a_header_of_versions_that_fits_none_changes_nothing() {
    let (app, alice) = (app(), Caller::new("alice").role("Viewer"));
    let tag = me(&app, &alice, None).await.header("ETag").unwrap().to_owned();
    let bare = tag.trim_matches('"').to_owned();
    for tags in [&*bare, &format!("W{tag}"), &format!("w/{tag}"), "\"", ",,,", "\"*\"", &"\"x\",".repeat(5_000)] {
        let answer = me(&app, &alice, Some(tags)).await;
        assert_eq!((answer.status, answer.header("ETag")), (200, Some(&*tag)), "{tags}");
    }
    assert_eq!(me(&app, &alice, Some(&format!("W/\"x\" ,\tW/{tag}"))).await.status, 304);
    let twice = get("/auth/me").by(By::Token, &alice).header("If-None-Match", "\"x\"").header("If-None-Match", &tag);
    assert!(matches!(twice.to(&app).await.status, 200 | 304));
    let wire = crate::wire::Wire::serve(app).await;
    let (name, value) = By::Token.header(&alice.text());
    let credential = format!("{name}: {value}");
    let answer = wire.send("GET /auth/me", &[credential.as_bytes(), b"If-None-Match: \xff\xfe"]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn the_description_is_documented() {
    let service = Auth::default().service(Me::new(), "Api", "1");
    let document: Value = serde_json::from_str(&service.spec()).unwrap();
    let operation = &document["paths"]["/auth/me"]["get"];
    let responses: Vec<&str> = operation["responses"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(responses[..2], ["200", "304"], "{responses:?}");
    assert!(
        operation["responses"]["200"]["headers"]["ETAG"].is_object()
            || operation["responses"]["200"]["headers"]["ETag"].is_object(),
        "{operation}"
    );
    assert!(document["components"]["schemas"]["Me"]["properties"]["permissions"].is_object());
}
