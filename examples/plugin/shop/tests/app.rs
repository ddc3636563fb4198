//! The shop with the reviews of the plug-in.

use example_platform::auth::api_key::{ApiKeyRecord, ApiKeys, MemoryApiKeys};
use example_shop::{Auth, Permission, app};
use poem::{Endpoint, test::TestClient};

fn service() -> impl Endpoint {
    let keys = [
        ("customer-key-0123456789abcdef0123456789abcdef", "Customer"),
        ("manager-key-0123456789abcdef0123456789abcdef", "Manager"),
    ]
    .into_iter()
    .fold(MemoryApiKeys::new(), |keys, (key, role)| {
        keys.add_record(ApiKeyRecord::of(key, role).unwrap().roles([role])).unwrap()
    });
    app(&Auth { key: ApiKeys::new(keys) })
}

#[test]
fn the_permissions_of_the_plug_in_have_other_numbers_here() {
    let write = Permission::Reviews(example_comments::Permission::Write);
    assert_eq!((write.name(), write.entry().index()), ("comments:write", 3));
}

#[tokio::test]
async fn the_plug_in_is_called_with_the_cookies_of_the_shop() {
    let client = TestClient::new(service());
    for (path, customer, manager) in [("/comments", 200, 200), ("/articles", 200, 200), ("/articles/prices", 403, 200)]
    {
        for (key, expected) in [
            ("customer-key-0123456789abcdef0123456789abcdef", customer),
            ("manager-key-0123456789abcdef0123456789abcdef", manager),
            ("unknown-key-0123456789abcdef0123456789abcdef", 401),
        ] {
            let response = client.get(path).header("Cookie", format!("shop-key={key}")).send().await;
            assert_eq!(response.0.status().as_u16(), expected, "{path} {key}");
        }
    }
}

#[tokio::test]
async fn the_facade_serves_the_document() {
    let response = TestClient::new(service()).get("/openapi.json").send().await;
    let text = response.0.into_body().into_string().await.unwrap();
    assert!(text.contains(r#"check(\"is the author\")"#) && text.contains("MANAGERS = role"), "{text}");
}
