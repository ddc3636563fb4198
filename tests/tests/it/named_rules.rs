//! Rules and checks with a name: as attributes, in code, in documents and in events.

use std::sync::{Arc, Mutex};

use auth_runtime::{
    event::{AccessEvent, EventSink},
    policy::{Operation, Reason},
    prelude::*,
    review::{AccessPolicy, Difference, DifferenceClass, Persona},
};
use poem::{Endpoint, IntoEndpoint, Result, http::Method};
use poem_openapi::{OpenApi, param::Path, payload::PlainText};
use serde_json::Value;

use crate::fixture::{By, Caller, Permission, Role, Tokens, get};

/// The clause, the reason, the operation and the explanation of a denial.
type Denial = (String, Option<Reason>, &'static str, String);

/// Keeps every denial.
#[derive(Clone, Default)]
struct Denials(Arc<Mutex<Vec<Denial>>>);

impl EventSink for Denials {
    fn record(&self, event: &AccessEvent<'_>) {
        if let Some(clause) = &event.clause {
            let explanation = event.explanation.as_ref().map(ToString::to_string).unwrap_or_default();
            self.0.lock().unwrap().push((clause.clone(), event.reason, event.operation, explanation));
        }
    }
}

#[derive(Auth, Clone, Default)]
#[auth(permissions = Permission, roles = Role)]
struct Auth {
    #[scheme(bearer)]
    token: Tokens,
    #[events]
    denials: Denials,
}

const STAFF: &Operation<Auth> = requirement!(any(role("User"), role("Administrator")));
const RECENT_EDITOR: &Operation<Auth> = requirement!(permission("edit"), fresh = "5m");
const SECRET: &Operation<Auth> = requirement!(role("Administrator"), hide);

mod rules {
    use super::{Auth, Operation, STAFF, requirement};

    pub(super) const STAFF_OF_ACME: &Operation<Auth> = requirement!(STAFF, claim("tenant" = "acme"));
}

struct Api;

#[protected]
#[OpenApi]
impl Api {
    #[protected(STAFF)]
    #[oai(path = "/staff", method = "get")]
    async fn staff(&self) -> PlainText<&'static str> {
        PlainText("staff")
    }

    #[protected(any(rules::STAFF_OF_ACME, permission("delete")))]
    #[oai(path = "/acme", method = "get")]
    async fn acme(&self) -> PlainText<&'static str> {
        PlainText("acme")
    }

    #[protected(RECENT_EDITOR)]
    #[oai(path = "/recent", method = "get")]
    async fn recent(&self) -> PlainText<&'static str> {
        PlainText("recent")
    }

    #[protected(SECRET)]
    #[oai(path = "/secret", method = "get")]
    async fn secret(&self) -> PlainText<&'static str> {
        PlainText("secret")
    }

    #[protected(check("is the author") = caller.subject() == author.as_str())]
    #[oai(path = "/by/:author", method = "get")]
    async fn by(&self, caller: Principal<Auth>, author: Path<String>) -> PlainText<&'static str> {
        PlainText("by")
    }

    #[protected]
    #[oai(path = "/asks/:rule", method = "get")]
    async fn asks(&self, caller: Principal<Auth>, rule: Path<String>) -> Result<PlainText<String>> {
        match rule.as_str() {
            "staff" => caller.require(STAFF)?,
            "recent" => caller.require(RECENT_EDITOR)?,
            "secret" => caller.require(SECRET)?,
            _ => {}
        }
        Ok(PlainText(caller.meets(STAFF).to_string()))
    }
}

/// Operations below a rule with a name.
struct Below;

#[protected(STAFF)]
#[OpenApi(prefix_path = "/below")]
impl Below {
    #[permission("delete")]
    #[oai(path = "/delete", method = "get")]
    async fn delete(&self) -> PlainText<&'static str> {
        PlainText("delete")
    }
}

fn app() -> (impl Endpoint, Denials) {
    let auth = Auth::default();
    (auth.service((Api, Below), "Named", "1").into_endpoint(), auth.denials)
}

async fn status(path: &str, caller: &Caller) -> u16 {
    get(path).by(By::Token, caller).to(&app().0).await.status
}

#[tokio::test]
async fn a_named_rule_decides_as_its_clauses() {
    let user = Caller::new("alice").role("User");
    assert_eq!(status("/staff", &user).await, 200);
    assert_eq!(status("/staff", &Caller::new("bob").role("Viewer")).await, 403);
    assert_eq!(status("/below/delete", &user).await, 403);
    assert_eq!(status("/below/delete", &user.clone().permission("delete")).await, 200);
    assert_eq!(status("/below/delete", &Caller::new("bob").permission("delete")).await, 403);
    assert_eq!(status("/secret", &user).await, 404);
    assert_eq!(status("/secret", &Caller::administrator()).await, 200);
}

#[tokio::test]
async fn a_named_rule_stands_in_other_rules() {
    let of = |tenant: &str| Caller::new("alice").role("User").with("claims", serde_json::json!({ "tenant": tenant }));
    assert_eq!(status("/acme", &of("acme")).await, 200);
    assert_eq!(status("/acme", &of("other")).await, 403);
    assert_eq!(status("/acme", &Caller::new("bob").permission("delete")).await, 200);
}

#[tokio::test]
async fn a_denial_shows_the_name_and_the_reason_inside() {
    let (app, denials) = app();
    let stale = Caller::new("alice").role("User").signed_in(600);
    let answer = get("/recent").by(By::Token, &stale).to(&app).await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "reauthentication_required"));
    get("/by/bob").by(By::Token, &stale).to(&app).await;
    let denials = denials.0.lock().unwrap();
    let (clause, reason, _, explanation) = &denials[0];
    assert_eq!(clause, r#"RECENT_EDITOR = all(permission("edit"), fresh = "300s")"#);
    assert_eq!(*reason, Some(Reason::NotFresh { max_age: 300 }));
    assert_eq!(explanation, "no   RECENT_EDITOR = all\nyes    permission(\"edit\")\nno     fresh = \"5m\"\n");
    assert_eq!(denials[1].0, r#"check("is the author")"#);
}

#[tokio::test]
async fn a_rule_that_is_asked_in_code_answers_as_the_guard() {
    let (app, denials) = app();
    let user = Caller::new("alice").role("User").signed_in(600);
    for (rule, caller, status) in [
        ("staff", &user, 200),
        ("staff", &Caller::new("bob"), 403),
        ("recent", &user, 401),
        ("secret", &user, 404),
        ("secret", &Caller::administrator(), 200),
    ] {
        let asked = get(&format!("/asks/{rule}")).by(By::Token, caller).to(&app).await;
        let guarded = get(&format!("/{rule}")).by(By::Token, caller).to(&app).await;
        assert_eq!(asked.status, status, "{rule}");
        assert_eq!(guarded.status, status, "{rule}");
        if status != 200 {
            assert_eq!((asked.challenges(), &asked.body), (guarded.challenges(), &guarded.body), "{rule}");
        }
    }
    let denials = denials.0.lock().unwrap();
    assert!(denials[0].2.starts_with("it::named_rules:"), "{denials:?}");
    assert_eq!(denials.len(), 6, "each denial is one event, in code too");
}

#[tokio::test]
async fn code_can_ask_whether_the_caller_meets_a_rule() {
    let (app, denials) = app();
    for (role, meets) in [("User", "true"), ("Viewer", "false")] {
        let caller = Caller::new("alice").role(role);
        assert_eq!(get("/asks/nothing").by(By::Token, &caller).to(&app).await.body, meets, "{role}");
    }
    assert!(denials.0.lock().unwrap().is_empty(), "a question is no denial");
}

#[tokio::test]
async fn documents_show_names_and_content() {
    let document: Value = serde_json::from_str(&Auth::default().service((Api, Below), "Named", "1").spec()).unwrap();
    let rule = |path: &str| document["paths"][path]["get"]["x-requirement"].as_str().unwrap().to_owned();
    assert_eq!(rule("/staff"), r#"STAFF = any(role("User"), role("Administrator"))"#);
    assert_eq!(
        rule("/acme"),
        r#"any(STAFF_OF_ACME = all(STAFF = any(role("User"), role("Administrator")), claim("tenant" = "acme")), permission("delete"))"#
    );
    assert_eq!(rule("/by/{author}"), r#"check("is the author")"#);
    assert_eq!(document["paths"]["/staff"]["get"]["x-required-roles"], serde_json::json!(["User", "Administrator"]));
    assert!(!document.to_string().contains("caller.subject"), "a document holds no code");
    assert!(document["paths"].get("/secret").is_none(), "a rule with `hide` hides the operation");
}

#[test]
fn the_policy_shows_names_and_content() {
    let policy = AccessPolicy::of::<Auth>().api::<Api>("/").api::<Below>("/").build();
    let text = policy.to_string();
    for rule in [
        r#"GET /staff requires STAFF = any(role("User"), role("Administrator"))"#,
        r#"GET /acme requires any(STAFF_OF_ACME = all(STAFF = any(role("User"), role("Administrator")), claim("tenant" = "acme")), permission("delete"))"#,
        r#"GET /below/delete requires all(STAFF = any(role("User"), role("Administrator")), permission("delete"))"#,
        r#"GET /recent requires RECENT_EDITOR = all(permission("edit"), fresh = "5m")"#,
        r#"requires SECRET = role("Administrator"), hide"#,
    ] {
        assert!(text.contains(rule), "{text}");
    }
    assert_eq!(text.parse::<AccessPolicy>().unwrap(), policy);
    let explained = policy.explain(policy.find(&Method::GET, "/acme").unwrap(), &Persona::caller().role("Viewer"));
    assert_eq!(
        explained.to_string(),
        r#"GET /acme for role("Viewer"): denied
no   any
no     STAFF_OF_ACME = all
no       STAFF = any
no         role("User")
no         role("Administrator")
?        claim("tenant" = "acme")
no     permission("delete") (Administrator holds it)
"#
    );
}

/// A name decides nothing, so a rule that gets another name lets the same callers in.
#[test]
fn another_name_of_a_rule_is_no_change_of_access() {
    let policy = AccessPolicy::of::<Auth>().api::<Api>("/").api::<Below>("/").build();
    let renamed: AccessPolicy = policy.to_string().replace("STAFF = ", "TEAM = ").parse().unwrap();
    assert_eq!(Difference::between(&policy, &renamed).class(), DifferenceClass::Reworded);
}
