//! The access events that an application receives.

use std::sync::{Arc, Mutex};

use auth_runtime::{
    event::{AccessEvent, AccessOutcome, EventSink},
    policy::Reason,
    prelude::*,
    respond::RejectionCode,
};
use poem::{Endpoint, IntoEndpoint};
use poem_openapi::{OpenApi, param::Query, payload::PlainText};

use crate::fixture::{By, Call, Caller, Permission, Role, Tokens, get};

/// An owned copy of one event.
#[derive(Clone, Debug)]
struct Recorded {
    outcome: AccessOutcome,
    operation: &'static str,
    scheme: Option<&'static str>,
    issuer: Option<String>,
    subject: Option<String>,
    reason: Option<Reason>,
    clause: Option<String>,
    explanation: Option<String>,
    text: String,
}

#[derive(Clone, Default)]
struct Audit(Arc<Mutex<Vec<Recorded>>>);

impl EventSink for Audit {
    fn record(&self, event: &AccessEvent<'_>) {
        self.0.lock().unwrap().push(Recorded {
            outcome: event.outcome,
            operation: event.operation,
            scheme: event.scheme,
            issuer: event.issuer.map(str::to_owned),
            subject: event.subject.map(str::to_owned),
            reason: event.reason,
            clause: event.clause.clone(),
            explanation: event.explanation.as_ref().map(ToString::to_string),
            text: format!("{event:?}"),
        });
    }
}

#[derive(Auth, Clone, Default)]
#[auth(permissions = Permission, roles = Role)]
struct Auth {
    #[scheme(bearer)]
    token: Tokens,
    #[events]
    audit: Audit,
}

struct Api;

#[protected]
#[OpenApi]
impl Api {
    #[permission("edit")]
    #[oai(path = "/edit", method = "get")]
    async fn edit(&self) -> PlainText<&'static str> {
        PlainText("edit")
    }

    #[protected(check = **word == "yes")]
    #[oai(path = "/check", method = "get")]
    async fn check(&self, word: Query<String>) -> PlainText<String> {
        PlainText(word.0)
    }

    #[protected(all_roles("Viewer", "User"), any(permission("delete"), check = **word == "yes"))]
    #[oai(path = "/tree", method = "get")]
    async fn tree(&self, word: Query<String>) -> PlainText<String> {
        PlainText(word.0)
    }

    #[public(reason = "test")]
    #[oai(path = "/public", method = "get")]
    async fn public(&self) -> PlainText<&'static str> {
        PlainText("public")
    }
}

/// Returns the status of a call and its events.
async fn events(call: Call) -> (u16, Vec<Recorded>) {
    let auth = Auth::default();
    let app = auth.service(Api, "Events", "1").into_endpoint();
    let status = status(&app, call).await;
    let recorded = auth.audit.0.lock().unwrap().clone();
    (status, recorded)
}

async fn status(app: &impl Endpoint, call: Call) -> u16 {
    call.to(app).await.status
}

#[tokio::test]
async fn r91_each_decision_is_one_event() {
    let editor = Caller::new("alice").issuer("https://issuer").permission("edit");
    let (status, recorded) = events(get("/edit").by(By::Token, &editor)).await;
    assert_eq!((status, recorded.len()), (200, 1));
    let event = &recorded[0];
    assert_eq!(event.outcome, AccessOutcome::Allowed);
    assert!(event.operation.ends_with("Api::edit"), "{}", event.operation);
    assert_eq!(event.scheme, Some("token"));
    assert_eq!((event.issuer.as_deref(), event.subject.as_deref()), (Some("https://issuer"), Some("alice")));
    assert_eq!((event.reason, event.clause.as_deref()), (None, None));

    let (status, recorded) = events(get("/edit")).await;
    assert_eq!((status, recorded.len()), (401, 1));
    assert_eq!(recorded[0].outcome, AccessOutcome::Denied(RejectionCode::AuthenticationRequired));
    assert_eq!(recorded[0].scheme, None);

    let (status, recorded) = events(get("/edit").by(By::Token, &Caller::new("bob"))).await;
    assert_eq!((status, recorded.len()), (403, 1));
    assert_eq!(recorded[0].outcome, AccessOutcome::Denied(RejectionCode::NotAllowed));
    assert_eq!(recorded[0].reason, Some(Reason::MissingPermission));
    assert_eq!(recorded[0].clause.as_deref(), Some(r#"permission("edit")"#));
    assert_eq!(recorded[0].subject.as_deref(), Some("bob"));
}

#[tokio::test]
async fn a_denial_is_explained_as_a_tree() {
    let (_, recorded) = events(get("/tree?word=yes").by(By::Token, &Caller::new("bob").role("Viewer"))).await;
    let expected = r#"
no   all
no     all
yes      role("Viewer")
no       role("User")
?      any
no       permission("delete")
?        check = "**word == \"yes\""
"#;
    assert_eq!(recorded[0].explanation.as_deref(), Some(expected.trim_start()));
    let (_, recorded) = events(get("/edit")).await;
    assert_eq!(recorded[0].explanation, None, "there is no caller to explain");
}

#[tokio::test]
async fn r91_a_check_is_part_of_the_one_decision() {
    let caller = Caller::new("alice");
    for (word, status, outcome) in
        [("yes", 200, AccessOutcome::Allowed), ("no", 403, AccessOutcome::Denied(RejectionCode::NotAllowed))]
    {
        let (answered, recorded) = events(get(&format!("/check?word={word}")).by(By::Token, &caller)).await;
        let outcomes: Vec<_> = recorded.iter().map(|event| event.outcome).collect();
        assert_eq!((answered, outcomes), (status, vec![outcome]), "{word}");
    }
}

#[tokio::test]
async fn r91_an_event_contains_no_credential_and_no_path() {
    for call in [
        get("/check?word=kR7-secret").by(By::Token, &Caller::new("alice")),
        get("/edit?access_token=kR7-secret").credential(By::Token, "kR7-secret"),
        get("/edit").header("Authorization", "Basic kR7-secret"),
    ] {
        let (_, recorded) = events(call).await;
        assert!(!recorded.is_empty());
        assert!(recorded.iter().all(|event| !event.text.contains("kR7-secret")), "{recorded:?}");
    }
}

#[tokio::test]
async fn a_public_operation_records_no_event() {
    let (status, recorded) = events(get("/public")).await;
    assert_eq!((status, recorded.len()), (200, 0));
}
