//! Tests of the example `mcp` that its policy generates: one for each operation, tool and kind of caller.

use auth_runtime::{prelude::*, review::AccessPolicy, testing::AccessTests};
use poem::Route;

use super::{Auth, Notes};

/// Mounts the operations and the tools where the example does.
fn app() -> Route {
    let (auth, notes) = (Auth { key: ApiKeys::default() }, Notes::default());
    let service = auth.service(notes.clone(), "Notes", "1.0");
    Route::new().nest("/mcp", auth.mcp(move |_| notes.clone())).nest("/", service)
}

#[tokio::test]
async fn operations_and_tools_admit_the_callers_of_their_rules() {
    let policy = AccessPolicy::of::<Auth>().api::<Notes>("/").tools::<Notes>();
    let report = AccessTests::new(policy, || async { app() }).mcp("/mcp").run().await;
    report.assert_passed();
    assert_eq!(report.operations(), 3, "{report}");
}
