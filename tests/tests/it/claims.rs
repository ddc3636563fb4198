//! Claims, authentication context classes, patterns of permissions, floors with checks, and `#[optional_auth(..)]`.

use auth_runtime::prelude::*;
use poem::{Endpoint, IntoEndpoint};
use poem_openapi::{
    Object, OpenApi,
    param::Path,
    payload::{Json, PlainText},
};
use serde_json::{Value, json};

use crate::fixture::{Auth, By, Caller, Tokens, get};

struct Api;

#[protected]
#[OpenApi]
impl Api {
    #[protected(claim("tenant" = "acme"))]
    #[oai(path = "/tenant", method = "get")]
    async fn tenant(&self) {}

    #[protected(claim("email_verified" = true), not(claim("level" = 0)))]
    #[oai(path = "/verified", method = "get")]
    async fn verified(&self) {}

    #[protected(acr("silver", "gold"))]
    #[oai(path = "/step-up", method = "get")]
    async fn step_up(&self) {}
}

/// Every operation is about one tenant.
struct Tenants;

#[protected(check("member of the tenant") = is_member(&caller, tenant))]
#[OpenApi(prefix_path = "/tenants")]
impl Tenants {
    #[protected]
    #[oai(path = "/:tenant", method = "get")]
    async fn show(&self, caller: Principal<Auth>, Path(tenant): Path<String>) -> PlainText<String> {
        PlainText(tenant)
    }

    #[protected(permission("edit"), check = number.0 < 10)]
    #[oai(path = "/:tenant/:number", method = "get")]
    async fn page(&self, caller: Principal<Auth>, tenant: Path<String>, number: Path<u32>) -> PlainText<String> {
        PlainText(format!("{} {}", tenant.0, number.0))
    }

    #[public(reason = "liveness probe")]
    #[oai(path = "/health", method = "get")]
    async fn health(&self) {}
}

fn is_member(caller: &Principal<Auth>, tenant: &str) -> bool {
    caller.claim::<String>("tenant").as_deref() == Some(tenant)
}

struct Entries;

#[protected]
#[OpenApi(prefix_path = "/entries")]
impl Entries {
    /// Callers who sign in must not be suspended.
    #[optional_auth(not(role("Viewer")))]
    #[oai(path = "/free", method = "get")]
    async fn free(&self, caller: Option<Principal<Auth>>) -> PlainText<String> {
        PlainText(name(caller.as_ref()))
    }

    #[optional_auth(check("public, or the owner's") = name(caller.as_ref()) == *owner || *owner == "public")]
    #[oai(path = "/of/:owner", method = "get")]
    async fn of(&self, caller: Option<Principal<Auth>>, Path(owner): Path<String>) -> PlainText<String> {
        PlainText(owner)
    }

    #[optional_auth(check = is_public(owner))]
    #[oai(path = "/result/:owner", method = "get")]
    async fn result(&self, Path(owner): Path<String>) -> PlainText<String> {
        PlainText(owner)
    }

    #[optional_auth(all(role("Viewer"), check = *owner == "public"))]
    #[oai(path = "/both/:owner", method = "get")]
    async fn both(&self, Path(owner): Path<String>) -> PlainText<String> {
        PlainText(owner)
    }

    #[optional_auth(all(role("Viewer"), scopes("view")))]
    #[oai(path = "/neither", method = "get")]
    async fn neither(&self) -> PlainText<&'static str> {
        PlainText("neither")
    }

    #[optional_auth(any(role("Administrator"), check = *owner == "public"), hide)]
    #[oai(path = "/hidden/:owner", method = "get")]
    async fn hidden(&self, Path(owner): Path<String>) -> PlainText<String> {
        PlainText(owner)
    }
}

fn is_public(owner: &str) -> Result<(), std::io::Error> {
    match owner {
        "public" => Ok(()),
        "outage" => Err(std::io::ErrorKind::ConnectionRefused.into()),
        _ => Err(std::io::Error::other("not public")),
    }
}

fn name(caller: Option<&Principal<Auth>>) -> String {
    caller.map_or_else(|| "nobody".to_owned(), |caller| caller.subject().to_owned())
}

fn app() -> impl Endpoint {
    Auth::default().service((Api, Tenants, Entries), "Claims", "1").into_endpoint()
}

fn claiming(claims: Value) -> Caller {
    Caller::new("alice").with("claims", claims)
}

async fn status(path: &str, caller: &Caller) -> u16 {
    get(path).by(By::Token, caller).to(&app()).await.status
}

#[tokio::test]
async fn a_claim_decides_by_its_value() {
    for (claims, allowed) in [
        (json!({ "tenant": "acme" }), true),
        (json!({ "tenant": ["other", "acme"] }), true),
        (json!({ "tenant": "Acme" }), false),
        (json!({ "tenant": { "acme": true } }), false),
        (json!({}), false),
    ] {
        assert_eq!(status("/tenant", &claiming(claims.clone())).await, if allowed { 200 } else { 403 }, "{claims}");
    }
    assert_eq!(status("/verified", &claiming(json!({ "email_verified": true, "level": 1 }))).await, 200);
    assert_eq!(status("/verified", &claiming(json!({ "email_verified": true, "level": 0 }))).await, 403);
    assert_eq!(status("/verified", &claiming(json!({ "email_verified": "true" }))).await, 403);
}

#[tokio::test]
async fn r16_a_sign_in_of_another_class_is_401_with_acr_values() {
    assert_eq!(status("/step-up", &claiming(json!({ "acr": "gold" }))).await, 200);
    for claims in [json!({ "acr": "bronze" }), json!({ "acr": ["gold"] }), json!({})] {
        let answer = get("/step-up").by(By::Token, &claiming(claims.clone())).to(&app()).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "reauthentication_required"), "{claims}");
        let bearer =
            answer.challenges().into_iter().find(|challenge| challenge.starts_with("Bearer")).unwrap().to_owned();
        assert!(bearer.ends_with(r#"error="insufficient_user_authentication", acr_values="silver gold""#), "{bearer}");
    }
}

#[tokio::test]
async fn a_check_on_the_impl_block_guards_every_operation() {
    let member = claiming(json!({ "tenant": "acme" })).permission("edit");
    assert_eq!(status("/tenants/acme", &member).await, 200);
    assert_eq!(status("/tenants/other", &member).await, 403);
    assert_eq!(status("/tenants/acme/9", &member).await, 200);
    assert_eq!(status("/tenants/other/9", &member).await, 403);
    assert_eq!(status("/tenants/acme/10", &member).await, 403);
    assert_eq!(status("/tenants/acme/9", &claiming(json!({ "tenant": "acme" }))).await, 403);
    assert_eq!(get("/tenants/health").to(&app()).await.status, 200);
}

#[tokio::test]
async fn optional_clauses_are_for_callers_who_sign_in() {
    let app = app();
    assert_eq!(get("/entries/free").to(&app).await.body, "nobody");
    assert_eq!(status("/entries/free", &Caller::new("alice")).await, 200);
    assert_eq!(status("/entries/free", &Caller::new("alice").role("Viewer")).await, 403);
    assert_eq!(get("/entries/free").credential(By::Token, "invalid").to(&app).await.status, 401);
}

#[tokio::test]
async fn an_optional_check_is_for_every_caller() {
    let app = app();
    assert_eq!(get("/entries/of/public").to(&app).await.status, 200);
    let anonymous = get("/entries/of/alice").to(&app).await;
    assert_eq!((anonymous.status, anonymous.code().as_str()), (401, "authentication_required"));
    assert!(!anonymous.challenges().is_empty());
    assert_eq!(status("/entries/of/alice", &Caller::new("alice")).await, 200);
    assert_eq!(status("/entries/of/alice", &Caller::new("bob")).await, 403);
}

#[tokio::test]
async fn an_optional_group_asks_anonymous_callers_for_its_checks_alone() {
    let app = app();
    assert_eq!(get("/entries/both/public").to(&app).await.status, 200);
    assert_eq!(get("/entries/both/alice").to(&app).await.status, 401);
    assert_eq!(get("/entries/neither").to(&app).await.status, 200);
    let viewer = Caller::new("alice").role("Viewer");
    assert_eq!(status("/entries/both/public", &viewer).await, 200);
    assert_eq!(status("/entries/both/alice", &viewer).await, 403);
    assert_eq!(status("/entries/both/public", &Caller::new("bob")).await, 403);
    assert_eq!(status("/entries/neither", &viewer).await, 403);
    assert_eq!(status("/entries/neither", &viewer.scope("view")).await, 200);
}

#[tokio::test]
async fn the_error_of_an_optional_check_is_401_without_a_credential() {
    let app = app();
    for (owner, anonymous, known) in [("public", 200, 200), ("alice", 401, 403), ("outage", 503, 503)] {
        let path = format!("/entries/result/{owner}");
        assert_eq!(get(&path).to(&app).await.status, anonymous, "{owner}");
        assert_eq!(status(&path, &Caller::new("bob")).await, known, "{owner}");
    }
}

#[tokio::test]
async fn an_anonymous_caller_meets_no_clause_about_callers() {
    let app = app();
    assert_eq!(get("/entries/hidden/public").to(&app).await.status, 200);
    assert_eq!(get("/entries/hidden/alice").to(&app).await.status, 401);
    assert_eq!(status("/entries/hidden/alice", &Caller::administrator()).await, 200);
    assert_eq!(status("/entries/hidden/alice", &Caller::new("bob")).await, 404);
}

#[test]
fn the_document_shows_what_signed_in_callers_must_meet() {
    let service = Auth::default().service((Api, Tenants, Entries), "Claims", "1").document_hidden();
    let document: Value = serde_json::from_str(&service.spec()).unwrap();
    let free = &document["paths"]["/entries/free"]["get"];
    assert_eq!(free["x-requirement"], r#"not(role("Viewer"))"#);
    assert!(free["responses"].get("403").is_some() && free["security"].as_array().unwrap().contains(&json!({})));
    assert!(document["paths"]["/entries/hidden/{owner}"]["get"]["responses"].get("404").is_some());
    let page = &document["paths"]["/tenants/{tenant}/{number}"]["get"]["x-requirement"];
    assert_eq!(page, r#"all(check("member of the tenant"), permission("edit"), check)"#);
    assert_eq!(document["paths"]["/step-up"]["get"]["x-requirement"], r#"acr("silver", "gold")"#);
}

mod granted {
    auth_runtime::permissions! {
        pub(super) enum Permission {
            View = "view",
            ProductsCreate = "products:create",
            ProductsDelete = "products:delete",
            Productivity = "productivity",
        }
    }

    auth_runtime::roles! {
        pub(super) enum Role: Permission {
            Clerk = "Clerk" => ["products:*"],
            Manager = "Manager": Clerk => [View],
        }
    }
}

#[test]
fn a_pattern_in_a_role_grants_every_name_that_it_covers() {
    use granted::{Permission, Role};
    let clerk = Role::Clerk.permissions();
    assert_eq!(clerk.iter().collect::<Vec<_>>(), [Permission::ProductsCreate, Permission::ProductsDelete]);
    assert_eq!(Role::Manager.permissions().len(), 3);
}

#[derive(Object)]
struct Account {
    subject: String,
}

impl LoadUser for Account {
    type Auth = Auth;

    async fn load(
        caller: &Principal<Auth>,
        _: &poem::Request,
    ) -> Result<Option<Self>, auth_runtime::authenticate::Unavailable> {
        Ok(Some(Self { subject: caller.subject().to_owned() }))
    }
}

struct Accounts;

#[protected]
#[OpenApi]
impl Accounts {
    #[protected]
    #[oai(path = "/account", method = "get")]
    async fn account(&self, account: CurrentUser<Account>) -> Json<CurrentUser<Account>> {
        Json(account)
    }
}

#[tokio::test]
async fn a_current_user_is_answered_as_json() {
    let service = Auth::default().service(Accounts, "Accounts", "1");
    assert!(service.spec().contains("#/components/schemas/Account"));
    let answer = get("/account").by(By::Token, &Caller::new("alice")).to(&service.into_endpoint()).await;
    assert_eq!(answer.body, r#"{"subject":"alice"}"#);
}

macro_rules! auth_of {
    ($name:ident { $($field:tt)* }) => {
        #[derive(Auth, Clone, Default)]
        struct $name { $($field)* }
    };
}

auth_of!(FromTokens {
    /// Access token.
    #[scheme(bearer)]
    token: Tokens,
    #[events]
    sink: Option<Silent>,
});

#[derive(Clone)]
struct Silent;

impl auth_runtime::event::EventSink for Silent {
    fn record(&self, _: &auth_runtime::event::AccessEvent<'_>) {}
}

struct Plain;

#[protected(auth = FromTokens)]
#[OpenApi]
impl Plain {
    #[protected]
    #[oai(path = "/plain", method = "get")]
    async fn plain(&self) {}
}

#[tokio::test]
async fn an_auth_struct_is_built_from_the_tokens_of_a_macro() {
    let app = FromTokens::default().service(Plain, "Plain", "1").into_endpoint();
    assert_eq!(get("/plain").by(By::Token, &Caller::new("alice")).to(&app).await.status, 200);
    assert_eq!(get("/plain").to(&app).await.status, 401);
}
