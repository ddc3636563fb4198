//! The blog with the comments of the plug-in.

use auth_runtime::api_key::{ApiKeyRecord, ApiKeys, MemoryApiKeys};
use example_blog::{Auth, Permission, Role, app};
use poem::{Endpoint, http::Method, test::TestClient};

fn service() -> impl Endpoint {
    let keys = [
        ("reader-key-0123456789abcdef0123456789abcdef", "Reader"),
        ("editor-key-0123456789abcdef0123456789abcdef", "Editor"),
    ]
    .into_iter()
    .fold(MemoryApiKeys::new(), |keys, (key, role)| {
        keys.add_record(ApiKeyRecord::of(key, role).unwrap().roles([role])).unwrap()
    });
    app(&Auth { key: ApiKeys::new(keys) })
}

async fn status(method: Method, path: &str, key: &str) -> u16 {
    let client = TestClient::new(service());
    let request = client.request(method, path).header("X-API-Key", key).content_type("text/plain").body("text");
    request.send().await.0.status().as_u16()
}

#[test]
fn roles_hold_permissions_of_the_plug_in() {
    assert_eq!(Permission::ALL.len(), 4);
    assert_eq!(Role::Editor.permissions().len(), 4);
    assert!(!Role::Reader.permissions().contains(example_comments::Permission::Moderate.into()));
}

#[tokio::test]
async fn the_plug_in_is_called_with_the_keys_of_the_blog() {
    for (method, path, reader, editor) in [
        (Method::GET, "/comments", 200, 200),
        (Method::POST, "/comments", 200, 200),
        (Method::DELETE, "/comments/0", 403, 200),
        (Method::POST, "/posts", 403, 200),
    ] {
        assert_eq!(
            status(method.clone(), path, "reader-key-0123456789abcdef0123456789abcdef").await,
            reader,
            "{method} {path}"
        );
        assert_eq!(
            status(method.clone(), path, "editor-key-0123456789abcdef0123456789abcdef").await,
            editor,
            "{method} {path}"
        );
        assert_eq!(
            status(method.clone(), path, "unknown-key-0123456789abcdef0123456789abcdef").await,
            401,
            "{method} {path}"
        );
    }
}
