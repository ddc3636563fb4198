//! The caller that a handler receives.

use std::time::{Duration, SystemTime};

use auth_runtime::{authenticate::Unavailable, prelude::*};
use poem::{Endpoint, EndpointExt, IntoEndpoint, Request, Route, get as on_get, handler};
use poem_openapi::{
    OpenApi,
    payload::{Json, PlainText},
};
use serde_json::{Value, json};

use crate::fixture::{Auth, By, Caller, Permission, Role, Trace, get};

/// The application's own user.
struct Account {
    email: String,
}

impl LoadUser for Account {
    type Auth = Auth;

    async fn load(caller: &Principal<Auth>, request: &Request) -> Result<Option<Self>, Unavailable> {
        request.data::<Trace>().unwrap().load();
        match caller.subject() {
            "deleted" => Ok(None),
            "unavailable" => Err(Unavailable::new("very-secret database is down")),
            subject => Ok(Some(Self { email: format!("{subject}@example.com") })),
        }
    }
}

/// An alias that hides the type from the macros.
type Renamed = CurrentUser<Account>;

/// Another type for the same caller.
struct Settings;

impl LoadUser for Settings {
    type Auth = Auth;

    async fn load(_: &Principal<Auth>, request: &Request) -> Result<Option<Self>, Unavailable> {
        request.data::<Trace>().unwrap().load();
        Ok(Some(Self))
    }
}

struct Api;

#[protected]
#[OpenApi]
impl Api {
    #[protected]
    #[oai(path = "/me", method = "get")]
    async fn me(&self, caller: Principal<Auth>) -> Json<Value> {
        Json(json!({
            "issuer": caller.issuer(),
            "subject": caller.subject(),
            "name": caller.display_name(),
            "scheme": caller.scheme(),
            "roles": caller.roles(),
            "permissions": caller.permissions(),
            "scopes": caller.scopes().collect::<Vec<_>>(),
            "claims": caller.claims(),
            "age": caller.authenticated_at().map(|at| SystemTime::now().duration_since(at).unwrap() < Duration::from_mins(1)),
        }))
    }

    #[permission("edit")]
    #[oai(path = "/edit", method = "get")]
    async fn edit(&self, caller: Principal<Auth>) -> PlainText<String> {
        PlainText(format!("{} {}", caller.has(Permission::Edit), caller.has_role(Role::User)))
    }

    #[protected(role("Administrator"))]
    #[oai(path = "/admin", method = "get")]
    async fn admin(&self) -> PlainText<&'static str> {
        PlainText("admin")
    }

    #[protected(check = account.email.starts_with("alice"))]
    #[oai(path = "/account", method = "get")]
    async fn account(&self, account: CurrentUser<Account>, again: CurrentUser<Account>) -> PlainText<String> {
        assert_eq!(account.email, again.email);
        PlainText(account.email.clone())
    }

    #[protected]
    #[oai(path = "/both", method = "get")]
    async fn both(&self, account: CurrentUser<Account>, _settings: CurrentUser<Settings>) -> PlainText<String> {
        PlainText(account.email.clone())
    }

    #[protected(schemes("token", "key"))]
    #[oai(path = "/some-schemes", method = "get")]
    async fn some_schemes(&self, account: CurrentUser<Account>) -> PlainText<String> {
        PlainText(account.email.clone())
    }

    #[optional_auth]
    #[oai(path = "/optional", method = "get")]
    async fn optional(&self, account: CurrentUser<Option<Account>>) -> PlainText<String> {
        PlainText(account.as_ref().map_or("anonymous".into(), |account| account.email.clone()))
    }

    /// A mistake: an anonymous caller has no user to load.
    #[optional_auth]
    #[oai(path = "/optional-mistake", method = "get")]
    async fn optional_mistake(&self, account: Renamed) -> PlainText<String> {
        PlainText(account.email.clone())
    }

    /// A mistake: a public operation has no caller.
    #[public(reason = "a mistake")]
    #[oai(path = "/public-mistake", method = "get")]
    async fn public_mistake(&self, account: Renamed) -> PlainText<String> {
        PlainText(account.email.clone())
    }
}

#[handler]
async fn account_without_a_rule(account: CurrentUser<Account>) -> String {
    account.email.clone()
}

/// A mistake: every caller would be anonymous.
#[handler]
async fn optional_account_without_a_rule(account: CurrentUser<Option<Account>>) -> String {
    account.as_ref().map_or_else(String::new, |account| account.email.clone())
}

fn app_of(auth: &Auth) -> impl Endpoint + use<> {
    let service = auth.service(Api, "Callers", "1").into_endpoint();
    Route::new()
        .at("/no-rule", on_get(account_without_a_rule).with(auth.clone()))
        .at("/no-rule-optional", on_get(optional_account_without_a_rule).with(auth.clone()))
        .nest("/", service)
}

fn app() -> impl Endpoint {
    app_of(&Auth::default())
}

async fn me(app: &impl Endpoint, caller: &Caller) -> Value {
    let answer = get("/me").by(By::Token, caller).to(app).await;
    assert_eq!(answer.status, 200);
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn a_principal_has_all_properties_of_the_caller() {
    let caller = Caller::new("alice")
        .issuer("https://issuer.example")
        .role("User")
        .role("Unknown")
        .permission("products:create")
        .scope("view other")
        .signed_in(5)
        .with("name", "Alice")
        .with("claims", json!({ "email": "a@example.com" }));
    let expected = json!({
        "issuer": "https://issuer.example",
        "subject": "alice",
        "name": "Alice",
        "scheme": "token",
        "roles": ["User"],
        "permissions": ["view", "edit", "products:create"],
        "scopes": ["view", "other"],
        "claims": { "email": "a@example.com" },
        "age": true,
    });
    assert_eq!(me(&app(), &caller).await, expected);
    let answer = get("/edit").by(By::Token, &caller).to(&app()).await;
    assert_eq!(answer.body, "true true");
}

#[tokio::test]
async fn a_user_is_loaded_once_per_request() {
    let app = app();
    let answer = get("/account").by(By::Token, &Caller::new("alice")).to(&app).await;
    assert_eq!((answer.status, answer.body.as_str(), answer.trace.loaded()), (200, "alice@example.com", 1));
    let answer = get("/account").by(By::Token, &Caller::new("bob")).to(&app).await;
    assert_eq!((answer.status, answer.trace.loaded()), (403, 1), "a check may load the user");
    let answer = get("/both").by(By::Token, &Caller::new("alice")).to(&app).await;
    assert_eq!((answer.status, answer.trace.loaded()), (200, 2), "each type is loaded once");
}

#[tokio::test]
async fn a_user_is_not_loaded_for_a_denied_request() {
    for call in [get("/account"), get("/account").credential(By::Token, "invalid")] {
        let answer = call.to(&app()).await;
        assert_eq!((answer.status, answer.trace.loaded()), (401, 0));
    }
}

#[tokio::test]
async fn a_caller_without_a_user_is_401_with_the_challenges_of_the_operation() {
    let app = app();
    let answer = get("/account").by(By::Token, &Caller::new("deleted")).to(&app).await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "invalid_credentials"));
    assert_eq!(answer.challenges().len(), By::ALL.len());
    let answer = get("/some-schemes").by(By::Token, &Caller::new("deleted")).to(&app).await;
    assert_eq!(answer.status, 401);
    let expected = [format!("{}, error=\"invalid_token\"", By::Token.challenge()), By::Key.challenge().to_owned()];
    assert_eq!(answer.challenges(), expected);
}

#[tokio::test]
async fn a_user_that_cannot_be_loaded_is_503() {
    for path in ["/account", "/optional"] {
        let answer = get(path).by(By::Key, &Caller::new("unavailable")).to(&app()).await;
        assert_eq!((answer.status, answer.code().as_str()), (503, "temporarily_unavailable"), "{path}");
        assert!(answer.header("Retry-After").is_some());
        assert!(!answer.body.contains("very-secret"));
    }
}

#[tokio::test]
async fn an_optional_user_is_none_for_anonymous_callers_only() {
    let app = app();
    let answer = get("/optional").to(&app).await;
    assert_eq!((answer.status, answer.body.as_str(), answer.trace.loaded()), (200, "anonymous", 0));
    assert_eq!(get("/optional").by(By::Key, &Caller::new("alice")).to(&app).await.body, "alice@example.com");
    assert_eq!(get("/optional").credential(By::Key, "invalid").to(&app).await.status, 401);
    assert_eq!(get("/optional").credential(By::Key, "unavailable").to(&app).await.status, 503);
    let deleted = get("/optional").by(By::Key, &Caller::new("deleted")).to(&app).await;
    assert_eq!(deleted.status, 401, "a caller with a deleted account is not anonymous");
}

#[tokio::test]
async fn a_user_without_a_rule_is_500() {
    let app = app();
    for path in ["/no-rule", "/no-rule-optional", "/public-mistake"] {
        let answer = get(path).to(&app).await;
        assert_eq!((answer.status, answer.trace.loaded()), (500, 0), "{path}");
    }
    let answer = get("/optional-mistake").to(&app).await;
    assert_eq!((answer.status, answer.trace.loaded()), (401, 0));
    assert_eq!(answer.challenges().len(), By::ALL.len());
    for path in ["/no-rule", "/no-rule-optional", "/public-mistake"] {
        let answer = get(path).by(By::Token, &Caller::administrator()).to(&app).await;
        assert_eq!((answer.status, answer.trace.loaded()), (500, 0), "{path}");
    }
}

#[tokio::test]
async fn overrides_match_issuer_and_subject_together() {
    let overrides =
        PermissionOverrides::new().add("https://issuer.example", "alice", Permission::set(&[Permission::Edit]));
    let app = app_of(&Auth { overrides, ..Auth::default() });
    for (issuer, subject, status) in [
        ("https://issuer.example", "alice", 200),
        ("https://issuer.example", "bob", 403),
        ("https://issuer.example", "Alice", 403),
        ("https://issuer.example", "", 403),
        ("https://issuer.example/", "alice", 403),
        ("HTTPS://issuer.example", "alice", 403),
        ("https://evil.example", "alice", 403),
        ("basic", "alice", 403),
        ("", "alice", 403),
        ("https://issuer.examplealice", "", 403),
    ] {
        for by in By::ALL {
            let answer = get("/edit").by(by, &Caller::new(subject).issuer(issuer)).to(&app).await;
            assert_eq!(answer.status, status, "{issuer} {subject} {by:?}");
        }
    }
}

#[tokio::test]
async fn overrides_add_or_replace_permissions_and_keep_roles() {
    let overrides = PermissionOverrides::new()
        .add("tests", "more", Permission::set(&[Permission::Edit]))
        .replace("tests", "other", Permission::set(&[Permission::Delete]))
        .replace("tests", "nothing", Permission::set(&[]))
        .add("tests", "all", Permission::set(Permission::ALL));
    let app = app_of(&Auth { overrides, ..Auth::default() });
    let caller = |subject: &str, role: &str| Caller::new(subject).role(role);
    assert_eq!(me(&app, &caller("more", "Viewer")).await["permissions"], json!(["view", "edit"]));
    assert_eq!(me(&app, &caller("other", "Administrator")).await["permissions"], json!(["delete"]));
    assert_eq!(me(&app, &caller("nothing", "Administrator")).await["permissions"], json!([]));
    assert_eq!(me(&app, &caller("nothing", "Administrator")).await["roles"], json!(["Administrator"]));
    assert_eq!(
        me(&app, &caller("all", "Undeclared")).await["permissions"],
        json!(["view", "edit", "delete", "products:create"])
    );
    assert_eq!(me(&app, &caller("all", "Undeclared")).await["roles"], json!([]));
    assert_eq!(
        get("/admin").by(By::Token, &caller("all", "Undeclared")).to(&app).await.status,
        403,
        "permissions do not imply a role"
    );
    assert_eq!(get("/edit").by(By::Token, &caller("nothing", "Administrator")).to(&app).await.status, 403);
    assert_eq!(get("/edit").by(By::Token, &caller("more", "Undeclared")).to(&app).await.status, 200);
}

#[test]
fn debug_output_of_a_principal_has_no_claims() {
    let principal: Principal<Auth> = auth_runtime::testing::principal("tests", "alice", |identity| {
        identity.role("User").claims(json!({ "card": "4711" }).as_object().unwrap().clone())
    });
    let printed = format!("{principal:?}");
    assert!(printed.contains("alice") && printed.contains("User") && !printed.contains("4711"), "{printed}");
}
