//! Sends Basic credentials, and checks the headers of the response.

use base64::{Engine, prelude::BASE64_STANDARD};
use poem::{
    Endpoint,
    test::{TestClient, TestResponse},
};

pub(crate) async fn get<E: Endpoint>(client: &TestClient<E>, path: &str, name: &str, password: &str) -> TestResponse {
    client.get(path).header("Authorization", basic(name, password)).send().await
}

/// Returns the value of an `Authorization` header.
pub(crate) fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:{password}")))
}

/// Signs in and returns the status. Checks that the headers match the status.
pub(crate) async fn sign_in<E: Endpoint>(client: &TestClient<E>, name: &str, password: &str) -> u16 {
    let answer = get(client, "/me", name, password).await.0;
    let (status, headers) = (answer.status().as_u16(), answer.headers());
    assert_eq!(status == 401, headers.contains_key("WWW-Authenticate"), "{answer:?}");
    assert_eq!(matches!(status, 429 | 503), headers.contains_key("Retry-After"), "{answer:?}");
    status
}
