use std::future::{Future, ready};

use auth_runtime::{authenticate::Unavailable, prelude::*};
use auth_ui_tests::{Auth, auth, status};
use poem_openapi::{OpenApi, param::Query, payload::PlainText};

struct Entries {
    owner: String,
}

impl Entries {
    fn is_owner(&self, caller: &Principal<Auth>) -> bool {
        caller.subject() == self.owner
    }

    async fn loads(&self, caller: &Principal<Auth>) -> Result<bool, Unavailable> {
        Ok(self.is_owner(caller))
    }
}

async fn owns(caller: &Principal<Auth>, name: &str) -> bool {
    caller.subject() == name
}

fn later(caller: &Principal<Auth>) -> impl Future<Output = bool> + Send + use<> {
    ready(caller.subject() == "alice")
}

fn known(name: &str) -> Result<(), std::io::Error> {
    if name == "alice" { Ok(()) } else { Err(std::io::ErrorKind::NotFound.into()) }
}

/// Returns a boxed error, as `?` makes it.
fn boxed(name: &str) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    Ok(known(name)?)
}

fn limit(count: &i64) -> Result<(), std::num::ParseIntError> {
    "1".parse::<i64>().map(|least| debug_assert!(*count >= least))
}

const OPEN: bool = true;

#[protected]
#[OpenApi]
impl Entries {
    #[protected(check = self.is_owner(&caller))]
    #[oai(path = "/sync", method = "get")]
    async fn sync(&self, caller: Principal<Auth>) {}

    #[protected(check = owns(&caller, &format!("{}{}", "al", "ice")))]
    #[oai(path = "/async", method = "get")]
    async fn later(&self, caller: Principal<Auth>) {}

    #[protected(check = owns(&caller, "alice").await)]
    #[oai(path = "/awaited", method = "get")]
    async fn awaited(&self, caller: Principal<Auth>) {}

    #[protected(check = later(caller))]
    #[oai(path = "/future", method = "get")]
    async fn future(&self, caller: Principal<Auth>) {}

    #[protected(check = known(caller.subject()))]
    #[oai(path = "/result", method = "get")]
    async fn result(&self, caller: Principal<Auth>) {}

    #[protected(check = boxed(caller.subject()))]
    #[oai(path = "/boxed", method = "get")]
    async fn boxed(&self, caller: Principal<Auth>) {}

    #[protected(check = async { boxed(caller.subject()) })]
    #[oai(path = "/boxed/later", method = "get")]
    async fn boxed_later(&self, caller: Principal<Auth>) {}

    #[protected(check = self.loads(&caller))]
    #[oai(path = "/fallible", method = "get")]
    async fn fallible(&self, caller: Principal<Auth>) {}

    #[protected(check = async { Ok::<bool, Unavailable>(self.loads(&caller).await? && OPEN) })]
    #[oai(path = "/block", method = "get")]
    async fn block(&self, caller: Principal<Auth>) {}

    #[protected(check = (|name: &str| name == "alice")(caller.subject()))]
    #[oai(path = "/closure", method = "get")]
    async fn closure(&self, caller: Principal<Auth>) {}

    #[protected(check = { let least = "alice"; caller.subject().starts_with(least) })]
    #[oai(path = "/statements", method = "get")]
    async fn statements(&self, caller: Principal<Auth>) {}

    #[protected(check = match caller.subject() { "alice" => true, _ => false })]
    #[oai(path = "/match", method = "get")]
    async fn matched(&self, caller: Principal<Auth>) {}

    // `||` stays inside its check.
    #[protected(role("Viewer"), check = caller.subject() == "alice" || caller.subject() == "bobby")]
    #[oai(path = "/or", method = "get")]
    async fn or(&self, caller: Principal<Auth>) {}

    #[protected(any(
        role("Administrator"),
        all(check = owns(&caller, "alice"), check = limit(count), not(check = caller.subject() == "eve")),
    ))]
    #[oai(path = "/several", method = "get")]
    async fn several(&self, caller: Principal<Auth>, Query(count): Query<i64>) -> PlainText<String> {
        PlainText(count.to_string())
    }

    /// A binding of this name does not clash with the generated code.
    #[protected(check = guard.0 == 1 && answer.0 == 2 && pending.0 == 3 && number.0 == 4 && check.0 == 5)]
    #[oai(path = "/names", method = "get")]
    async fn names(
        &self,
        guard: Query<i64>,
        answer: Query<i64>,
        pending: Query<i64>,
        number: Query<i64>,
        check: Query<i64>,
    ) {
    }
}

fn main() {
    let app = || auth().service(Entries { owner: "alice".to_owned() }, "Entries", "1.0");
    for path in [
        "sync",
        "async",
        "awaited",
        "future",
        "result",
        "boxed",
        "boxed/later",
        "fallible",
        "block",
        "closure",
        "statements",
        "match",
        "or",
        "several?count=1",
    ] {
        assert_eq!(status(app(), &format!("GET /{path}"), "alice.Viewer"), 200, "{path}");
        assert_eq!(status(app(), &format!("GET /{path}"), "eve.Viewer"), 403, "{path}");
    }
    assert_eq!(status(app(), "GET /or", "bobby."), 403);
    assert_eq!(status(app(), "GET /names?guard=1&answer=2&pending=3&number=4&check=5", "alice."), 200);
    assert_eq!(status(app(), "GET /names?guard=1&answer=2&pending=3&number=4&check=6", "alice."), 403);
}
