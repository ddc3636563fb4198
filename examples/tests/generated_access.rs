//! Tests of the demo that its policy generates: one for each operation and kind of caller.

use std::{process::ExitCode, sync::Arc};

use auth_examples::demo::{
    ADDRESS, Demo,
    access::{Auth, Role},
    app,
    review::rules,
};
use auth_runtime::testing::{AccessTests, ActAs, RefusedCredential};
use auth_store::{NewUser, SqlUsers};
use poem::{Endpoint, http::StatusCode, test::TestClient};
use serde_json::json;

/// A disabled administrator, with the password.
const DISABLED: (&str, &str) = ("mallory", "correct horse battery staple");

/// Returns a demo with the entry 1 of alice, and the entry 2 of bob.
async fn demo() -> Arc<impl Endpoint> {
    let users = SqlUsers::options().declared_by::<Auth>().connect("sqlite::memory:").await.expect("a database");
    let demo = Demo::new(&users, ADDRESS).await.expect("a demo");
    let disabled = NewUser::new(DISABLED.0).password(DISABLED.1).roles([Role::Administrator]).disabled(true);
    users.add(disabled).await.expect("a user");
    let app = Arc::new(app(&demo));
    let client = TestClient::new(Arc::clone(&app));
    for author in ["alice", "bob"] {
        let author = client.as_user(author).with_role(Role::User);
        let answer = author.post("/entries").body_json(&json!({ "text": "hello" })).send().await;
        answer.assert_status(StatusCode::CREATED);
    }
    app
}

/// The pages of the account, which serve users of the store: their random identifiers are no test's.
const ACCOUNT: [&str; 7] = [
    "GET /auth/email",
    "POST /auth/email",
    "GET /auth/second-factor",
    "POST /auth/second-factor/confirmation",
    "POST /auth/second-factor/enrolment",
    "POST /auth/second-factor/recovery-codes",
    "POST /auth/second-factor/removal",
];

fn main() -> ExitCode {
    let tests = AccessTests::new(rules(), demo);
    let skip = |tests: AccessTests, target| tests.skip(target, "users of the store only; see account_pages.rs");
    ACCOUNT
        .into_iter()
        .fold(tests, skip)
        .refuses(&RefusedCredential::basic("a disabled user", DISABLED.0, DISABLED.1))
        .fixture("ANY /export/*", |request| request.uri("/export/entries.txt"))
        .mine("PUT /entries/:id", |request| request.as_user("alice").path("id", 1))
        .theirs("PUT /entries/:id", |request| request.as_user("alice").path("id", 2))
        .skip("POST /auth/token", "it authenticates its clients, so credentials count; see tests/it/token_service.rs")
        .skip("POST /auth/revoke", "it authenticates its clients, so credentials count; see tests/it/token_service.rs")
        .main()
}
