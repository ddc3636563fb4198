//! The access policy of the demo, and the page that shows it to administrators.

use std::sync::LazyLock;

use auth_runtime::{
    me::Me,
    prelude::*,
    review::{AccessPolicy, AccessPolicyBuilder, Matrix},
    token_service::TokenApi,
};
use auth_store::SqlUsers;
use poem::{
    Response, handler,
    http::{Method, header},
};

use super::{
    EXPORT,
    access::{Auth, INVARIANTS, Role},
    entries::{self, Entries},
    home,
    own_password::OwnPassword,
};

/// Returns the rules of everything that [`app`](super::app) mounts. A test compares them with `access.lock`.
pub fn rules() -> AccessPolicyBuilder<Auth> {
    AccessPolicy::of::<Auth>()
        .invariants(INVARIANTS)
        .api::<Entries>("/")
        .api::<OwnPassword>("/")
        .api::<Me<Auth>>("/")
        .api::<TokenApi<Auth, SqlUsers, SqlUsers, SqlUsers>>("/")
        .account_pages("/auth")
        .handler(Method::GET, "/", &home::home)
        .handler(Method::GET, "/admin", &entries::statistics)
        .handler(Method::GET, "/admin/access", &page)
        .subtree("/export/*", EXPORT)
}

/// Returns the access policy of the demo.
#[must_use]
pub fn policy() -> AccessPolicy {
    rules().build()
}

/// The page does not change while the program runs.
static PAGE: LazyLock<String> = LazyLock::new(|| policy().matrix().to_html("Entry book: who may call what"));

/// Shows who may call what. It is the whole policy, so only administrators see it.
#[protected(roles(Role::Administrator))]
#[handler]
pub(super) fn page() -> Response {
    let content_policy = format!("default-src 'none'; style-src {}", Matrix::STYLE_SOURCE);
    Response::builder()
        .content_type("text/html; charset=utf-8")
        .header(header::CONTENT_SECURITY_POLICY, content_policy)
        .body(PAGE.as_str())
}
