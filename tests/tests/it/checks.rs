//! Checks: expressions over the handler's arguments. They run last, and allow a request only if they return true.

use std::{error::Error, fmt, future::Ready};

use auth_runtime::{authenticate::Unavailable, prelude::*};
use poem::{Endpoint, EndpointExt, IntoEndpoint, Route, get as on_get, handler, web::Path as PoemPath};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
    payload::{Json, PlainText},
};

use crate::fixture::{Auth, By, Caller, Trace, call, get};

#[derive(Object, Clone)]
struct Entry {
    owner: String,
}

/// The result of a check: true for `yes` in the query.
fn passes(word: &str, trace: &Trace) -> bool {
    trace.check();
    word == "yes"
}

async fn passes_later(word: &str, trace: &Trace) -> bool {
    tokio::task::yield_now().await;
    passes(word, trace)
}

/// An error that wraps another one.
#[derive(Debug)]
struct Wrapper(Box<dyn Error + Send + Sync>);

impl fmt::Display for Wrapper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("above")
    }
}

impl Error for Wrapper {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

fn result(word: &str, trace: &Trace) -> Result<(), Wrapper> {
    match word {
        _ if passes(word, trace) => Ok(()),
        "above" => Err(Wrapper(Unavailable::new("down").into())),
        "far-above" => Err(Wrapper(Wrapper(Unavailable::new("down").into()).into())),
        _ => Err(Wrapper("no".into())),
    }
}

fn boxed(word: &str) -> Result<(), Box<dyn Error + Send + Sync>> {
    match word {
        "yes" => Ok(()),
        "above" => Err(Wrapper(Unavailable::new("down").into()).into()),
        "far-above" => Err(Unavailable::new("down").into()),
        _ => Err("no".into()),
    }
}

fn unavailable(word: &str) -> Result<bool, Unavailable> {
    if word == "unavailable" { Err(Unavailable::new("down")) } else { Ok(word == "yes") }
}

fn fallible(word: &str, trace: &Trace) -> Result<bool, std::io::Error> {
    match word {
        "error" => Err(std::io::Error::other("broken")),
        _ => Ok(passes(word, trace)),
    }
}

fn later(word: &str, trace: &Trace) -> Ready<bool> {
    std::future::ready(passes(word, trace))
}

struct Api;

#[protected]
#[OpenApi(prefix_path = "/checks")]
impl Api {
    #[protected(check = passes(word, trace))]
    #[oai(path = "/bool", method = "get")]
    async fn bool(&self, trace: Trace, Query(word): Query<String>) -> PlainText<String> {
        trace.handle();
        PlainText(word)
    }

    #[protected(check = passes_later(word, trace).await)]
    #[oai(path = "/awaited", method = "get")]
    async fn awaited(&self, trace: Trace, Query(word): Query<String>) -> PlainText<String> {
        trace.handle();
        PlainText(word)
    }

    /// The check returns a future, without `await`.
    #[protected(check = passes_later(word, trace))]
    #[oai(path = "/forgotten", method = "get")]
    async fn forgotten(&self, trace: Trace, Query(word): Query<String>) -> PlainText<String> {
        trace.handle();
        PlainText(word)
    }

    #[protected(check = later(word, trace))]
    #[oai(path = "/future", method = "get")]
    async fn future(&self, trace: Trace, Query(word): Query<String>) -> PlainText<String> {
        trace.handle();
        PlainText(word)
    }

    #[protected(check = async { result(word, trace) })]
    #[oai(path = "/async-result", method = "get")]
    async fn async_result(&self, trace: Trace, Query(word): Query<String>) -> PlainText<String> {
        trace.handle();
        PlainText(word)
    }

    #[protected(check = result(word, trace))]
    #[oai(path = "/result", method = "get")]
    async fn result(&self, trace: Trace, Query(word): Query<String>) -> PlainText<String> {
        trace.handle();
        PlainText(word)
    }

    #[protected(check = fallible(word, trace))]
    #[oai(path = "/fallible", method = "get")]
    async fn fallible(&self, trace: Trace, Query(word): Query<String>) -> PlainText<String> {
        trace.handle();
        PlainText(word)
    }

    #[protected(check = boxed(word))]
    #[oai(path = "/boxed", method = "get")]
    async fn boxed(&self, trace: Trace, Query(word): Query<String>) -> PlainText<String> {
        trace.handle();
        PlainText(word)
    }

    #[protected(check = async { boxed(word) })]
    #[oai(path = "/async-boxed", method = "get")]
    async fn async_boxed(&self, trace: Trace, Query(word): Query<String>) -> PlainText<String> {
        trace.handle();
        PlainText(word)
    }

    #[protected(check = unavailable(word))]
    #[oai(path = "/unavailable", method = "get")]
    async fn unavailable(&self, trace: Trace, Query(word): Query<String>) -> PlainText<String> {
        trace.handle();
        PlainText(word)
    }

    #[protected(not(check = result(word, trace)))]
    #[oai(path = "/not", method = "get")]
    async fn not(&self, trace: Trace, Query(word): Query<String>) -> PlainText<String> {
        trace.handle();
        PlainText(word)
    }

    /// The `||` of the check must not weaken the role: pasted without parentheses, it would.
    #[protected(all(role("Administrator"), check = first.0 == "yes" || second.0 == "yes"))]
    #[oai(path = "/or", method = "get")]
    async fn or(&self, trace: Trace, first: Query<String>, second: Query<String>) -> PlainText<String> {
        trace.handle();
        PlainText(first.0 + &second.0)
    }

    #[protected(any(role("Administrator"), check = passes(&word.0, trace)))]
    #[oai(path = "/any", method = "get")]
    async fn any(&self, trace: Trace, word: Query<String>) -> PlainText<String> {
        trace.handle();
        PlainText(word.0)
    }

    #[protected(role("User"), check = passes(&word.0, trace))]
    #[oai(path = "/all", method = "get")]
    async fn all(&self, trace: Trace, word: Query<String>) -> PlainText<String> {
        trace.handle();
        PlainText(word.0)
    }

    /// If one check returns false and the other fails, the request is denied.
    #[protected(any(check = result(&first.0, trace), check = result(&second.0, trace)))]
    #[oai(path = "/two-any", method = "get")]
    async fn two_any(&self, trace: Trace, first: Query<String>, second: Query<String>) -> PlainText<String> {
        trace.handle();
        PlainText(first.0 + &second.0)
    }

    #[protected(check = passes(&first.0, trace))]
    #[protected(check = passes(&second.0, trace))]
    #[oai(path = "/two-all", method = "get")]
    async fn two_all(&self, trace: Trace, first: Query<String>, second: Query<String>) -> PlainText<String> {
        trace.handle();
        PlainText(first.0 + &second.0)
    }

    #[protected(check = body.owner == caller.subject() && *id > 0)]
    #[oai(path = "/entries/:id", method = "put")]
    async fn update(
        &self,
        trace: Trace,
        caller: Principal<Auth>,
        Path(id): Path<i64>,
        Json(mut body): Json<Entry>,
    ) -> PlainText<String> {
        trace.handle();
        body.owner.push_str(caller.scheme());
        PlainText(format!("{id} {}", body.owner))
    }

    /// `return` and `?` in a check end only the check.
    #[protected(check = (|| { if word.0.is_empty() { return false; } word.0 == "yes" })())]
    #[oai(path = "/closure", method = "get")]
    async fn closure(&self, trace: Trace, word: Query<String>) -> PlainText<String> {
        trace.handle();
        PlainText(word.0)
    }
}

#[protected(any(role("Administrator"), check = owner == caller.subject()))]
#[handler]
async fn by_owner(caller: Principal<Auth>, PoemPath(owner): PoemPath<String>, trace: Trace) -> String {
    trace.handle();
    format!("{} for {owner}", caller.subject())
}

fn app() -> impl Endpoint {
    let auth = Auth::default();
    let service = auth.service(Api, "Checks", "1").into_endpoint();
    Route::new().at("/owners/:owner", on_get(by_owner).with(auth)).nest("/", service)
}

/// Returns the status, how often a check ran, and how often the handler ran.
async fn outcome(path: &str, caller: &Caller) -> (u16, usize, usize) {
    let answer = get(path).by(By::Token, caller).to(&app()).await;
    (answer.status, answer.trace.checked(), answer.trace.handled())
}

#[tokio::test]
async fn a_check_allows_on_true_and_denies_on_false() {
    let caller = Caller::new("u");
    for kind in ["bool", "awaited", "future", "result", "fallible", "async-result"] {
        assert_eq!(outcome(&format!("/checks/{kind}?word=yes"), &caller).await, (200, 1, 1), "{kind}");
        assert_eq!(outcome(&format!("/checks/{kind}?word=no"), &caller).await, (403, 1, 0), "{kind}");
    }
    for kind in ["closure", "boxed", "async-boxed", "unavailable"] {
        assert_eq!(outcome(&format!("/checks/{kind}?word=yes"), &caller).await.0, 200, "{kind}");
        assert_eq!(outcome(&format!("/checks/{kind}?word=no"), &caller).await.0, 403, "{kind}");
    }
    assert_eq!(outcome("/checks/closure?word=", &caller).await.0, 403);
}

#[tokio::test]
async fn a_check_that_returns_a_future_is_awaited() {
    let caller = Caller::new("u");
    assert_eq!(outcome("/checks/forgotten?word=no", &caller).await, (403, 1, 0));
    assert_eq!(outcome("/checks/forgotten?word=yes", &caller).await, (200, 1, 1));
}

#[tokio::test]
async fn a_failing_check_is_503() {
    let caller = Caller::administrator();
    // Any error of a `Result<bool, E>` means that the result is unknown.
    assert_eq!(outcome("/checks/fallible?word=error", &caller).await, (503, 0, 0));
    for path in [
        "/checks/unavailable?word=unavailable",
        "/checks/result?word=above",
        "/checks/result?word=far-above",
        "/checks/async-result?word=above",
        "/checks/boxed?word=above",
        "/checks/boxed?word=far-above",
        "/checks/async-boxed?word=above",
    ] {
        let answer = get(path).by(By::Token, &caller).to(&app()).await;
        assert_eq!((answer.status, answer.trace.handled()), (503, 0), "{path}");
        assert!(answer.header("Retry-After").is_some(), "{path}");
        assert!(!answer.body.contains("down"));
    }
}

#[tokio::test]
async fn r12_a_check_that_denies_answers_like_any_other_rule() {
    let caller = Caller::administrator();
    // The check returns false, or an error.
    for path in ["/checks/bool?word=no", "/checks/result?word=no"] {
        let answer = get(path).by(By::Token, &caller).to(&app()).await;
        let challenge = [r#"Bearer realm="entry book", error="insufficient_scope""#];
        assert_eq!((answer.status, answer.challenges()), (403, challenge.to_vec()), "{path}");
        assert_eq!(get(path).by(By::Key, &caller).to(&app()).await.challenges(), [""; 0], "{path}");
    }
}

#[tokio::test]
async fn an_error_inside_not_denies() {
    let caller = Caller::administrator();
    assert_eq!(outcome("/checks/not?word=yes", &caller).await, (403, 1, 0));
    for (word, status) in [("no", 403), ("error", 403), ("above", 503)] {
        let (found, _, handled) = outcome(&format!("/checks/not?word={word}"), &caller).await;
        assert_eq!((found, handled), (status, 0), "{word}");
    }
}

#[tokio::test]
async fn an_or_in_a_check_does_not_weaken_the_rule() {
    let (administrator, user) = (Caller::administrator(), Caller::new("u").role("User"));
    for (first, second, status) in [("yes", "no", 200), ("no", "yes", 200), ("no", "no", 403)] {
        let path = format!("/checks/or?first={first}&second={second}");
        assert_eq!(outcome(&path, &administrator).await.0, status, "{path}");
        assert_eq!(outcome(&path, &user).await, (403, 0, 0), "{path}");
    }
}

#[tokio::test]
async fn a_check_that_cannot_change_the_result_does_not_run() {
    assert_eq!(
        outcome("/checks/any?word=no", &Caller::administrator()).await,
        (200, 0, 1),
        "allowed without the check"
    );
    assert_eq!(outcome("/checks/any?word=yes", &Caller::new("u")).await, (200, 1, 1));
    assert_eq!(outcome("/checks/any?word=no", &Caller::new("u")).await, (403, 1, 0));
    assert_eq!(
        outcome("/checks/all?word=yes", &Caller::administrator()).await,
        (403, 0, 0),
        "denied without the check"
    );
    assert_eq!(outcome("/checks/all?word=yes", &Caller::new("u").role("User")).await, (200, 1, 1));
    assert_eq!(outcome("/checks/two-all?first=no&second=yes", &Caller::new("u")).await, (403, 1, 0));
    assert_eq!(outcome("/checks/two-all?first=yes&second=yes", &Caller::new("u")).await, (200, 2, 1));
    assert_eq!(outcome("/checks/two-any?first=yes&second=yes", &Caller::new("u")).await, (200, 1, 1));
    assert_eq!(outcome("/checks/two-any?first=error&second=yes", &Caller::new("u")).await, (403, 1, 0));
}

#[tokio::test]
async fn a_check_does_not_run_for_a_request_that_is_denied_anyway() {
    let app = app();
    for path in ["/checks/bool?word=yes", "/checks/any?word=yes", "/checks/not?word=no"] {
        for (call, status) in [
            (get(path), 401),
            (get(path).credential(By::Token, "invalid"), 401),
            (get(path).credential(By::Token, "unavailable"), 503),
        ] {
            let answer = call.to(&app).await;
            assert_eq!((answer.status, answer.trace.checked(), answer.trace.extracted()), (status, 0, 0), "{path}");
        }
    }
}

#[tokio::test]
async fn a_check_runs_after_the_arguments_and_before_the_handler() {
    let answer = get("/checks/bool").by(By::Token, &Caller::new("u")).to(&app()).await;
    assert_eq!((answer.status, answer.trace.checked(), answer.trace.handled()), (400, 0, 0));
}

#[tokio::test]
async fn a_check_sees_every_argument_and_consumes_none() {
    let app = app();
    let update = |owner: &str, id: i64| {
        let body = format!(r#"{{"owner":"{owner}"}}"#);
        call("PUT", &format!("/checks/entries/{id}")).json(&body).by(By::Token, &Caller::new("alice"))
    };
    let answer = update("alice", 7).to(&app).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "7 alicetoken"));
    assert_eq!(update("bob", 7).to(&app).await.status, 403);
    assert_eq!(update("alice", 0).to(&app).await.status, 403);
    let anonymous = call("PUT", "/checks/entries/7").json(r#"{"owner":"alice"}"#).to(&app).await;
    assert_eq!(anonymous.status, 401);
}

#[tokio::test]
async fn a_check_on_a_plain_handler_runs_too() {
    let app = app();
    for (subject, role, status) in [("alice", "Viewer", 200), ("bob", "Viewer", 403), ("bob", "Administrator", 200)] {
        let answer = get("/owners/alice").by(By::Key, &Caller::new(subject).role(role)).to(&app).await;
        assert_eq!((answer.status, answer.trace.handled()), (status, usize::from(status == 200)), "{subject}");
    }
    assert_eq!(get("/owners/alice").to(&app).await.status, 401);
}
