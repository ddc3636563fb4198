//! The policy that the code of an application makes.

use auth_runtime::{prelude::*, review::AccessPolicy};
use poem::{handler, http::Method};
use poem_openapi::{OpenApi, param::Path, payload::PlainText};

use crate::fixture::Auth;

struct Entries<S>(S);

#[protected(schemes("token", "password"))]
#[OpenApi(prefix_path = "/entries")]
impl<S: Send + Sync + 'static> Entries<S> {
    #[permission("view")]
    #[oai(path = "/", method = "get")]
    async fn list(&self) -> PlainText<&'static str> {
        PlainText("list")
    }

    #[protected(any(roles("Administrator"), all(permission("edit"), check = is_even(id.0))), hide)]
    #[oai(path = "/:id/pages/:page", method = "put", method = "patch")]
    async fn change(&self, id: Path<u32>, page: Path<u32>) -> PlainText<&'static str> {
        let _ = page;
        PlainText("change")
    }

    #[public(reason = "liveness \"probe\"")]
    #[oai(path = "/health", method = "get")]
    async fn health(&self) -> PlainText<&'static str> {
        PlainText("fine")
    }

    #[protected(fresh = "90s")]
    #[oai(path = "/internal", method = "post", hidden)]
    async fn internal(&self) -> PlainText<&'static str> {
        PlainText("not documented")
    }
}

fn is_even(id: u32) -> bool {
    id.is_multiple_of(2)
}

#[protected(scopes("view"), not(schemes("key")))]
#[handler]
fn feed() -> &'static str {
    "feed"
}

#[optional_auth]
#[handler]
async fn greeting<T: Send + Sync + 'static>(kind: poem::web::Data<&T>) -> &'static str {
    let _ = kind;
    "hello"
}

fn policy() -> AccessPolicy {
    AccessPolicy::of::<Auth>()
        .subtree("/reports/*", requirement!(all_roles("User", "Viewer")))
        .handler(Method::GET, "/feed", &feed)
        .handler(Method::GET, "/greeting", &greeting::<u8>::default())
        .api::<Entries<u8>>("/api/")
        .build()
}

#[test]
fn a_policy_has_all_that_the_code_declares() {
    insta::assert_snapshot!(policy().to_string());
    assert_eq!(policy().to_string().parse::<AccessPolicy>().as_ref(), Ok(&policy()));
}

#[test]
fn a_request_finds_its_rule() {
    let policy = policy();
    for (method, path, expected) in [
        (Method::GET, "/api/entries", Some("Entries<S>::list")),
        (Method::HEAD, "/api/entries", Some("Entries<S>::list")),
        (Method::PATCH, "/api/entries/7/pages/1", Some("Entries<S>::change")),
        (Method::GET, "/reports/2024/june", Some("review")),
        (Method::GET, "/reports", Some("review")),
        (Method::GET, "/report", None),
        (Method::DELETE, "/api/entries", None),
        (Method::PATCH, "/api/entries/7/pages/", None),
    ] {
        let found = policy.find(&method, path).map(|rule| rule.operation.as_str());
        assert_eq!(found.is_some(), expected.is_some(), "{method} {path}");
        assert!(found.is_none_or(|found| found.ends_with(expected.unwrap())), "{method} {path}: {found:?}");
    }
}

#[test]
#[should_panic(expected = "`GET /feed` has two rules")]
fn two_rules_of_one_route_are_a_mistake() {
    let _ = AccessPolicy::of::<Auth>().handler(Method::GET, "/feed", &feed).handler(Method::GET, "/feed", &feed);
}
