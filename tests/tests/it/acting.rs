//! Tests that act as chosen callers: the rules decide, and authentication alone is replaced.

use std::time::{Duration, SystemTime};

use auth_runtime::{
    prelude::*,
    testing::{ActAs, TestCaller},
};
use poem::{
    IntoEndpoint,
    http::StatusCode,
    test::{TestClient, TestRequestBuilder},
};
use poem_openapi::{OpenApi, param::Path, payload::PlainText};

use crate::{
    fixture::{Auth, By, Caller, Permission, Role, get},
    wire::Wire,
};

struct Api;

#[protected]
#[OpenApi]
impl Api {
    #[permission("edit")]
    #[oai(path = "/edit", method = "get")]
    async fn edit(&self, caller: Principal<Auth>) -> PlainText<String> {
        PlainText(format!("{} of {} by {}", caller.subject(), caller.issuer(), caller.scheme()))
    }

    #[protected(schemes("key", "session"), role("Viewer"))]
    #[oai(path = "/keys", method = "get")]
    async fn keys(&self, caller: Principal<Auth>) -> PlainText<String> {
        PlainText(caller.scheme().to_owned())
    }

    #[protected(fresh = "5m")]
    #[oai(path = "/fresh", method = "get")]
    async fn fresh(&self) {}

    #[protected(scopes("view"), claim("tenant" = "acme"), acr("gold"))]
    #[oai(path = "/token", method = "get")]
    async fn token(&self) {}

    #[protected(check = caller.subject() == owner.as_str(), hide)]
    #[oai(path = "/of/:owner", method = "get")]
    async fn owned(&self, caller: Principal<Auth>, owner: Path<String>) {
        let _ = (caller, owner);
    }

    #[protected(all(schemes("token"), schemes("key")), role("Viewer"))]
    #[oai(path = "/pair", method = "get")]
    async fn pair(&self, caller: Principal<Auth>) -> PlainText<String> {
        PlainText(format!("{} with {}", caller.scheme(), caller.beside()[0].scheme()))
    }

    #[optional_auth]
    #[oai(path = "/optional", method = "get")]
    async fn optional(&self, caller: Option<Principal<Auth>>) -> PlainText<String> {
        PlainText(caller.map_or("anonymous".to_owned(), |caller| caller.subject().to_owned()))
    }
}

fn service() -> impl poem::Endpoint {
    Auth::default().service(Api, "Api", "1").into_endpoint()
}

async fn status(request: TestRequestBuilder<'_, impl poem::Endpoint>) -> u16 {
    request.send().await.0.status().as_u16()
}

#[tokio::test]
async fn the_rule_decides_on_the_roles_and_permissions_of_the_caller() {
    let client = TestClient::new(service());
    assert_eq!(status(client.as_role(Role::User).get("/edit")).await, 200);
    assert_eq!(status(client.as_role("Viewer").get("/edit")).await, 403);
    assert_eq!(status(client.anonymous().get("/edit")).await, 401);
    assert_eq!(status(client.with_permissions([Permission::Edit]).get("/edit")).await, 200);
    assert_eq!(status(client.as_role(Role::User).limited_to([Permission::View]).get("/edit")).await, 403);
    assert_eq!(status(client.as_role(Role::Viewer).limited_to([Permission::View]).get("/keys")).await, 403);
}

#[tokio::test]
async fn the_handler_sees_the_caller() {
    let client = TestClient::new(service());
    let alice = client.as_user("alice").issued_by("https://issuer.example").with_role(Role::User);
    alice.get("/edit").send().await.assert_text("alice of https://issuer.example by token").await;
    client.as_user("alice").get("/optional").send().await.assert_text("alice").await;
    client.anonymous().get("/optional").send().await.assert_text("anonymous").await;
}

#[tokio::test]
async fn a_scheme_that_the_rule_does_not_accept_is_refused() {
    let client = TestClient::new(service());
    let viewer = || client.as_role(Role::Viewer);
    assert_eq!(status(viewer().via("token").get("/keys")).await, 401);
    viewer().get("/keys").send().await.assert_text("key").await;
    viewer().via("session").get("/keys").send().await.assert_text("session").await;
}

#[tokio::test]
async fn a_rule_that_needs_two_credentials_gets_both() {
    let client = TestClient::new(service());
    client.as_role(Role::Viewer).get("/pair").send().await.assert_text("token with key").await;
    assert_eq!(status(client.as_role(Role::Viewer).via("token").get("/pair")).await, 401);
    assert_eq!(status(client.as_role(Role::Viewer).via("token").via("key").get("/pair")).await, 200);
}

#[tokio::test]
async fn the_clock_of_a_caller_stands_still() {
    let client = TestClient::new(service());
    let minutes = |minutes| client.as_user("alice").signed_in_ago(Duration::from_mins(minutes));
    assert_eq!(status(minutes(5).get("/fresh")).await, 200);
    assert_eq!(status(minutes(6).get("/fresh")).await, 401);
    assert_eq!(status(client.as_user("alice").signed_in_ago(Duration::from_secs(301)).get("/fresh")).await, 401);
    assert_eq!(status(client.as_user("alice").get("/fresh")).await, 401);
    let past = SystemTime::UNIX_EPOCH + Duration::from_hours(24);
    assert_eq!(status(minutes(5).at(past).get("/fresh")).await, 200);
}

#[tokio::test]
async fn scopes_and_claims_are_those_of_the_test() {
    let client = TestClient::new(service());
    let gold = || client.with_scopes(["view"]).with_claim("tenant", "acme").with_claim("acr", "gold");
    assert_eq!(status(gold().get("/token")).await, 200);
    assert_eq!(status(gold().with_claim("tenant", "other").get("/token")).await, 403);
    assert_eq!(status(gold().with_claim("acr", "silver").get("/token")).await, 401);
    assert_eq!(status(client.with_scopes(["edit"]).with_claim("tenant", "acme").get("/token")).await, 403);
}

#[tokio::test]
async fn checks_run_for_the_caller_of_the_test() {
    let client = TestClient::new(service());
    assert_eq!(status(client.as_user("alice").get("/of/alice")).await, 200);
    assert_eq!(status(client.as_user("alice").get("/of/bob")).await, 404);
}

#[tokio::test]
async fn credentials_of_the_request_are_not_read() {
    let client = TestClient::new(service());
    let (name, value) = By::Token.header(&Caller::administrator().text());
    let viewer = client.as_role(Role::Viewer).get("/edit").header(name, &value);
    assert_eq!(status(viewer).await, 403);
    // The client itself sends real credentials.
    client.get("/edit").header(name, &value).send().await.assert_status(StatusCode::OK);
}

#[tokio::test]
async fn a_request_without_a_chosen_caller_is_authenticated() {
    let service = service();
    for (name, value) in [("Acting-As", "Administrator"), ("X-Role", "Administrator"), ("X-Test-Caller", "root")] {
        assert_eq!(get("/edit").header(name, value).to(&service).await.status, 401);
    }
}

#[tokio::test]
async fn no_request_from_a_network_chooses_its_caller() {
    let wire = Wire::serve(service()).await;
    let caller = format!("{:?}", TestCaller::new("root").role("Administrator"));
    let names =
        ["Acting-As", "ActingAs", "Act-As", "TestCaller", "Test-Caller", "X-Acting-As", "X-User", "X-Forwarded-User"];
    for name in names {
        for value in ["root", "Administrator", &caller, r#"{"subject":"root","roles":["Administrator"]}"#] {
            let header = format!("{name}: {value}");
            let cookie = format!("Cookie: {name}={}", value.replace([';', '"', ' ', ','], ""));
            for path in ["/edit", "/keys", "/pair", "/of/root", &format!("/edit?{name}=root&acting_as=root")] {
                let answer = wire.send(&format!("GET {path}"), &[header.as_bytes(), cookie.as_bytes()]).await;
                assert!(matches!(answer.status, 401 | 404), "{path} {header}: {}", answer.status);
            }
            let answer = wire.send("GET /optional", &[header.as_bytes(), cookie.as_bytes()]).await;
            assert_eq!((answer.status, answer.body.as_str()), (200, "anonymous"), "{header}");
        }
    }
}

#[tokio::test]
#[should_panic(expected = "a test acts as a caller with an unknown role `Veiwer`; did you mean `Viewer`?")]
async fn an_unknown_role_stops_the_test() {
    let client = TestClient::new(service());
    status(client.as_role("Veiwer").get("/edit")).await;
}

#[tokio::test]
#[should_panic(expected = "unknown scheme `keys`; did you mean `key`?")]
async fn an_unknown_scheme_stops_the_test() {
    let client = TestClient::new(service());
    status(client.act_as(TestCaller::new("alice").via("keys")).get("/edit")).await;
}

#[test]
fn a_caller_has_the_name_by_which_it_signs_in() {
    let caller: Principal<Auth> =
        auth_runtime::testing::principal("store", "7fk2", |identity| identity.username("alice"));
    assert_eq!((caller.subject(), caller.username(), caller.display_name()), ("7fk2", Some("alice"), "alice"));
    let machine: Principal<Auth> = auth_runtime::testing::principal("store", "7fk2", |identity| identity);
    assert_eq!((machine.username(), machine.display_name()), (None, "7fk2"));
}
