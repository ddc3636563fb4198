//! The service enforces its document: for every operation of a large API, the served document predicts the responses.

use std::collections::BTreeSet;

use auth_runtime::prelude::*;
use poem::{Endpoint, Route};
use poem_openapi::{
    ApiResponse, OAuthScopes, Object, OpenApi, SecurityScheme,
    auth::{ApiKey, Basic, Bearer},
    payload::{Json, PlainText},
};
use serde_json::{Value, json};

use crate::fixture::{Auth, By, Call, Caller, Permission, Role, basic, call, get};

/// Operations of all kinds, in a short notation.
macro_rules! operations {
    ($api:ident [$($floor:tt)*] $prefix:literal $($(#[$($rule:tt)*])+ $name:ident $method:literal $path:literal;)+) => {
        pub(crate) struct $api;

        #[protected($($floor)*)]
        #[OpenApi(prefix_path = $prefix)]
        impl $api {
            $(
                $(#[$($rule)*])+
                #[oai(path = $path, method = $method)]
                async fn $name(&self) -> PlainText<&'static str> {
                    PlainText("ok")
                }
            )+
        }
    };
}

operations! {
    Single [] "/single"
    #[protected] authenticated "get" "/authenticated";
    #[protected(authenticated)] authenticated_in_words "put" "/authenticated";
    #[protected(role("Viewer"))] role "get" "/role";
    #[protected(roles("Viewer", "User"))] roles "post" "/role";
    #[protected(all_roles("Viewer", "User"))] all_roles "get" "/all-roles";
    #[permission("edit")] permission "get" "/permission";
    #[protected(permissions("view", "delete"))] permissions "put" "/permission";
    #[protected(any_permission("view", "products:create"))] any_permission "get" "/any-permission";
    #[protected(scope("view"))] scope "get" "/scope";
    #[protected(scopes("view", "edit"))] scopes "get" "/scopes";
    #[protected(fresh = "5m")] fresh "get" "/fresh";
    #[protected(check = true)] check "get" "/check";
    #[protected(schemes("token"))] one_scheme "get" "/one-scheme";
    #[protected(schemes("key", "session", "directory"))] schemes "get" "/schemes";
    #[protected(not(role("Viewer")))] not_role "get" "/not-role";
    #[protected(not(schemes("session")))] not_scheme "get" "/not-scheme";
    #[protected(role("Administrator"), hide)] hidden "get" "/hidden";
    #[protected(permission("edit"), hide)] hidden_permission "delete" "/hidden";
    #[optional_auth] optional "get" "/optional";
    #[optional_auth] optional_write "post" "/optional";
    #[public(reason = "to see it documented")] public "get" "/public";
    #[public(reason = "to see it documented")] public_write "post" "/public";
}

operations! {
    Nested [] "/nested"
    #[protected(any(role("User"), permission("delete")))] any "get" "/any";
    #[protected(all(role("User"), permission("delete")))] all "get" "/all";
    #[protected(any(scopes("view", "edit"), scope("delete")))] scopes_or_scope "get" "/scopes-or-scope";
    #[protected(scope("view"), any(scope("edit"), scope("delete")))] scope_and_either "get" "/scope-and-either";
    #[protected(any(scope("view"), role("Administrator")))] scope_or_role "get" "/scope-or-role";
    #[protected(any(all(schemes("token"), scope("view")), schemes("key")))] scope_or_key "get" "/scope-or-key";
    #[protected(any(not(schemes("token")), scope("view")))] scope_if_token "get" "/scope-if-token";
    #[protected(schemes("token"), scopes("view", "products:create"))] token_scopes "get" "/token-scopes";
    #[protected(any(all(role("User"), any(scope("edit"), scope("view"))), permission("delete")))] deep "get" "/deep";
    #[protected(not(all(role("Viewer"), role("User"))))] not_all "get" "/not-all";
    #[protected(not(scope("delete")))] not_scope "get" "/not-scope";
    #[protected(role("User"), check = true, fresh = "1h")] everything "get" "/everything";
    #[permission("view")] #[permission("edit")] #[protected(scope("view"))] several "get" "/several";
}

operations! {
    Floor [role("User"), not(schemes("session"))] "/floor"
    #[protected] floor "get" "/bare";
    #[permission("delete")] more "get" "/more";
    #[protected(scope("edit"), hide)] hidden "get" "/hidden";
    #[protected(schemes("token", "session"))] narrowed "get" "/narrowed";
    #[public(reason = "the way out")] public "get" "/public";
}

operations! {
    ScopeFloor [scope("view"), hide] "/scope-floor"
    #[protected] floor "get" "/bare";
    #[protected(scope("edit"))] more "get" "/more";
    #[protected(roles("Administrator"))] role "get" "/role";
}

pub(crate) fn service() -> auth_runtime::mount::ProtectedService<Auth, (Single, Nested, Floor, ScopeFloor)> {
    Auth::default().service((Single, Nested, Floor, ScopeFloor), "Large", "1").document_hidden()
}

/// An operation in the document.
struct Documented {
    path: String,
    method: String,
    value: Value,
}

/// Returns the service and the operations of its document.
async fn app() -> (impl Endpoint, Vec<Documented>) {
    let (app, operations) = app_of(service()).await;
    assert!(operations.len() >= 40, "{}", operations.len());
    (app, operations)
}

async fn app_of<T: auth_runtime::mount::Protected<Auth = Auth> + 'static>(
    service: auth_runtime::mount::ProtectedService<Auth, T>,
) -> (impl Endpoint, Vec<Documented>) {
    let app = Route::new().at("/openapi.json", service.spec_endpoint()).nest("/", service);
    let document: Value = serde_json::from_str(&get("/openapi.json").to(&app).await.body).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, value) in item.as_object().unwrap() {
            operations.push(Documented { path: path.clone(), method: method.to_uppercase(), value: value.clone() });
        }
    }
    (app, operations)
}

impl Documented {
    fn call(&self) -> Call {
        call(&self.method, &self.path)
    }

    fn security(&self) -> &Vec<Value> {
        self.value["security"].as_array().expect("every operation says who may call it")
    }

    fn is_public(&self) -> bool {
        self.security().is_empty()
    }

    fn is_optional(&self) -> bool {
        self.security().contains(&json!({}))
    }

    fn lists(&self, by: By) -> bool {
        self.security().iter().any(|alternative| alternative.get(by.scheme()).is_some())
    }

    /// Returns the documented lists of scopes for a scheme.
    fn scopes(&self, by: By) -> Vec<BTreeSet<&str>> {
        let lists = self.security().iter().filter_map(|alternative| alternative.get(by.scheme()));
        lists.map(|list| list.as_array().unwrap().iter().map(|scope| scope.as_str().unwrap()).collect()).collect()
    }

    fn names(&self, key: &str) -> Vec<&str> {
        let names = self.value.get(key).and_then(Value::as_array);
        names.into_iter().flatten().map(|name| name.as_str().unwrap()).collect()
    }

    fn requirement(&self) -> &str {
        self.value.get("x-requirement").and_then(Value::as_str).unwrap_or_default()
    }

    fn documents(&self, status: u16) -> bool {
        self.value["responses"].get(status.to_string()).is_some()
    }

    /// Returns the status for a caller without the right.
    fn refusal(&self) -> u16 {
        if self.documents(404) { 404 } else { 403 }
    }

    fn name(&self) -> String {
        format!("{} {} {}", self.method, self.path, self.requirement())
    }
}

/// Returns callers with many rights. Several are needed, because some rules exclude a role or a scope.
fn powerful() -> Vec<Caller> {
    let every =
        |caller: Caller| Permission::ALL.iter().fold(caller, |caller, name| caller.permission(&name.to_string()));
    let scope = "view edit delete products:create";
    vec![
        Caller::all_powerful(),
        every(Caller::administrator()).role("User").scope(scope).signed_in(0),
        every(Caller::administrator()).role("User").scope("view edit products:create").signed_in(0),
    ]
}

#[tokio::test]
async fn r94_an_anonymous_caller_is_admitted_as_documented() {
    let (app, operations) = app().await;
    for operation in operations {
        let answer = operation.call().to(&app).await;
        let is_open = operation.is_public() || operation.is_optional();
        assert_eq!(answer.status, if is_open { 200 } else { 401 }, "{}", operation.name());
        let invalid = operation.call().credential(By::Token, "invalid").to(&app).await;
        assert_eq!(invalid.status, if operation.is_public() { 200 } else { 401 }, "{}", operation.name());
        let challenged: BTreeSet<&str> = answer.challenges().into_iter().collect();
        let listed = By::ALL.iter().filter(|by| operation.lists(**by)).map(|by| by.challenge());
        let expected: BTreeSet<&str> = if is_open { BTreeSet::new() } else { listed.collect() };
        assert_eq!(challenged, expected, "{}", operation.name());
    }
}

#[tokio::test]
async fn r94_exactly_the_listed_schemes_admit_a_caller() {
    let (app, operations) = app().await;
    for operation in operations {
        for by in By::ALL {
            let mut statuses = BTreeSet::new();
            for caller in powerful() {
                statuses.insert(operation.call().by(by, &caller).to(&app).await.status);
            }
            if operation.is_public() || operation.lists(by) {
                assert!(statuses.contains(&200), "{} by {by:?}: {statuses:?}", operation.name());
            } else {
                assert_eq!(statuses, BTreeSet::from([401]), "{} by {by:?}", operation.name());
            }
        }
    }
}

#[tokio::test]
async fn r93_scopes_are_listed_at_oauth2_only_and_are_sufficient() {
    let (app, operations) = app().await;
    let mut with_scopes = 0;
    for operation in operations {
        for by in [By::Password, By::Key, By::Session, By::Ldap] {
            assert!(operation.scopes(by).iter().all(BTreeSet::is_empty), "{} {by:?}", operation.name());
        }
        let alternatives = operation.scopes(By::Token);
        for scopes in &alternatives {
            with_scopes += usize::from(!scopes.is_empty());
            assert!(lets_in(&app, &operation, scopes).await, "{}: {scopes:?} is enough", operation.name());
            for scope in scopes {
                let fewer: BTreeSet<&str> = scopes.iter().copied().filter(|other| other != scope).collect();
                let is_another = alternatives.iter().any(|other| other.is_subset(&fewer));
                assert_eq!(
                    lets_in(&app, &operation, &fewer).await,
                    is_another,
                    "{}: {fewer:?} is not enough",
                    operation.name()
                );
            }
        }
        let none = BTreeSet::new();
        if operation.lists(By::Token) && !alternatives.contains(&none) {
            assert!(!lets_in_weak(&app, &operation).await, "{}: some scope is needed", operation.name());
        }
    }
    assert!(with_scopes >= 10, "{with_scopes}");
}

/// Returns whether a caller is admitted by a token with these scopes and all other rights.
async fn lets_in(app: &impl Endpoint, operation: &Documented, scopes: &BTreeSet<&str>) -> bool {
    let scope = scopes.iter().copied().collect::<Vec<_>>().join(" ");
    // A scope is no substitute for another clause. So try all other rights, and all but the alternatives.
    let roles: [&[&str]; 3] = [&["Viewer", "User", "Administrator"], &["User", "Administrator"], &["User"]];
    for roles in roles {
        // If a role is an alternative to a scope, the document lists no scope.
        let caller = roles.iter().fold(Caller::new("u"), |caller, role| caller.role(role)).scope(&scope).signed_in(0);
        if operation.call().by(By::Token, &caller).to(app).await.status == 200 {
            return true;
        }
    }
    false
}

async fn lets_in_weak(app: &impl Endpoint, operation: &Documented) -> bool {
    let caller = Caller::administrator().role("User").role("Viewer").signed_in(0);
    operation.call().by(By::Token, &caller).to(app).await.status == 200
}

#[tokio::test]
async fn r93_each_possible_refusal_is_documented() {
    let (app, operations) = app().await;
    for operation in operations {
        let name = operation.name();
        let is_open = operation.is_public() || operation.is_optional();
        for status in [400, 401, 503] {
            assert_eq!(operation.documents(status), !operation.is_public(), "{name}: {status}");
        }
        // A cross-site write with a cookie gets 403 everywhere.
        let is_403 = !is_open && !operation.documents(404) || operation.lists(By::Session) && operation.method != "GET";
        assert_eq!(operation.documents(403), is_403, "{name}: 403");
        assert!(!is_open || !operation.documents(404), "{name}: 404");
        if operation.documents(401) {
            let unauthorized = &operation.value["responses"]["401"];
            assert!(unauthorized["headers"]["WWW-Authenticate"].is_object(), "{name}");
            assert!(unauthorized["content"]["application/problem+json"]["schema"].is_object(), "{name}");
        }
        for by in By::ALL {
            let statuses = [
                operation.call().to(&app).await.status,
                operation.call().by(by, &Caller::new("nobody")).to(&app).await.status,
                operation.call().by(by, &Caller::new("nobody").role("Viewer").signed_in(9000)).to(&app).await.status,
                operation.call().credential(by, "invalid").to(&app).await.status,
                operation.call().credential(by, "unavailable").to(&app).await.status,
                operation.call().header("Authorization", "Bearer a,b").to(&app).await.status,
                operation.call().by(by, &Caller::new("u")).header("Sec-Fetch-Site", "cross-site").to(&app).await.status,
            ];
            for status in statuses {
                assert!(operation.documents(status), "{name}: {status} by {by:?} is not documented");
            }
        }
    }
}

#[tokio::test]
async fn r94_a_caller_without_a_documented_alternative_is_rejected() {
    let (app, operations) = app().await;
    let mut kept_out = 0;
    for operation in operations {
        let needs = ["x-required-roles", "x-required-permissions", "x-required-scopes"];
        let needs_something = needs.iter().any(|key| !operation.names(key).is_empty());
        assert!(!needs_something || operation.requirement() != "", "{}", operation.name());
        for by in By::ALL.into_iter().filter(|by| operation.lists(*by)) {
            let status = operation.call().by(by, &Caller::new("nobody").signed_in(0)).to(&app).await.status;
            let is_alternative =
                operation.requirement().contains("schemes(") && operation.requirement().contains("any(");
            match () {
                () if is_alternative => assert!([200, operation.refusal()].contains(&status), "{}", operation.name()),
                () if needs_something => {
                    kept_out += 1;
                    assert_eq!(status, operation.refusal(), "{} by {by:?}", operation.name());
                }
                () => assert_eq!(status, 200, "{} by {by:?}", operation.name()),
            }
        }
        if operation.requirement().contains("fresh") {
            let stale = operation.call().by(By::Token, &Caller::all_powerful().signed_in(9000)).to(&app).await;
            assert_eq!(
                (stale.status, stale.code().as_str()),
                (401, "reauthentication_required"),
                "{}",
                operation.name()
            );
        }
    }
    assert!(kept_out > 60, "{kept_out}");
}

#[tokio::test]
async fn r94_a_caller_with_a_documented_alternative_is_admitted() {
    let (app, operations) = app().await;
    for operation in operations {
        if operation.is_public() || operation.is_optional() {
            assert_eq!(operation.requirement(), "", "{}", operation.name());
            continue;
        }
        let caller = operation.names("x-required-roles").into_iter().fold(Caller::new("u"), Caller::role);
        let caller = operation.names("x-required-permissions").into_iter().fold(caller, Caller::permission);
        let caller = caller.scope(&operation.names("x-required-scopes").join(" ")).signed_in(0);
        for by in By::ALL.into_iter().filter(|by| operation.lists(*by)) {
            let answer = operation.call().by(by, &caller).to(&app).await;
            assert_eq!(answer.status, 200, "{} by {by:?}", operation.name());
        }
    }
}

#[tokio::test]
async fn r93_names_in_the_document_are_declared_and_described() {
    let (_, operations) = app().await;
    for operation in operations {
        let description = operation.value.get("description").and_then(Value::as_str).unwrap_or_default();
        for role in operation.names("x-required-roles") {
            assert!(role.parse::<Role>().is_ok() && description.contains(role), "{}", operation.name());
        }
        for permission in operation.names("x-required-permissions") {
            assert!(
                permission.parse::<Permission>().is_ok() && description.contains(permission),
                "{}",
                operation.name()
            );
        }
        if !operation.requirement().is_empty() {
            assert!(description.contains(operation.requirement()), "{}: {description}", operation.name());
        }
        assert!(!operation.value.to_string().contains("documented::"), "no rule is left without what it says");
    }
}

/// User name and password of the application's own login.
#[derive(SecurityScheme)]
#[oai(ty = "basic")]
struct Login(Basic);

#[derive(SecurityScheme)]
#[oai(ty = "api_key", key_name = "X-Tenant", key_in = "header")]
struct Tenant(ApiKey);

#[derive(SecurityScheme)]
#[oai(ty = "api_key", key_name = "device", key_in = "query")]
struct Device(ApiKey);

#[derive(OAuthScopes)]
enum PartnerScope {
    /// Read what partners read
    #[oai(rename = "partner:read")]
    Read,
}

#[derive(SecurityScheme)]
#[oai(ty = "oauth2", flows(client_credentials(token_url = "https://partner.example/token", scopes = "PartnerScope")))]
struct Partner(Bearer);

#[derive(SecurityScheme)]
enum TenantOrDevice {
    Tenant(Tenant),
    Device(Device),
}

#[derive(SecurityScheme)]
enum MaybeTenant {
    Tenant(Tenant),
    #[oai(fallback)]
    Nobody,
}

impl TenantOrDevice {
    fn key(self) -> String {
        match self {
            Self::Tenant(Tenant(key)) | Self::Device(Device(key)) => key.key,
        }
    }
}

#[derive(Object)]
struct Why {
    why: String,
}

/// A response type with its own documented refusals.
#[derive(ApiResponse)]
#[expect(dead_code, reason = "only documented")]
enum OwnRefusals {
    /// Done
    #[oai(status = 200)]
    Done(PlainText<String>),
    /// The tenant is unknown
    #[oai(status = 401)]
    UnknownTenant(Json<Why>, #[oai(header = "www-authenticate")] String),
    /// The tenant has not paid
    #[oai(status = 403)]
    Unpaid(Json<Why>),
}

/// A response type that documents ranges of statuses.
#[derive(ApiResponse)]
#[expect(dead_code, reason = "only documented")]
enum Ranges {
    /// Done
    #[oai(status = 200)]
    Done(PlainText<String>),
    /// Not done
    #[oai(status_range = "4XX")]
    NotDone(poem::http::StatusCode, Json<Why>),
}

/// Operations that require a credential twice: by their rule, and by an argument.
struct Twice;

#[protected]
#[OpenApi(prefix_path = "/twice")]
impl Twice {
    #[public(reason = "the login")]
    #[oai(path = "/login", method = "post")]
    async fn login(&self, login: Login) -> PlainText<String> {
        PlainText(login.0.username)
    }

    #[public(reason = "only the argument requires a credential")]
    #[oai(path = "/public", method = "get")]
    async fn public(&self, tenant: Tenant, device: Device) -> PlainText<String> {
        PlainText(tenant.0.key + &device.0.key)
    }

    #[public(reason = "needs no credential")]
    #[oai(path = "/public-fallback", method = "get")]
    async fn public_fallback(&self, tenant: MaybeTenant) -> PlainText<&'static str> {
        PlainText(if matches!(tenant, MaybeTenant::Nobody) { "nobody" } else { "tenant" })
    }

    #[permission("edit")]
    #[oai(path = "/required", method = "put")]
    async fn required(&self, tenant: Tenant) -> PlainText<String> {
        PlainText(tenant.0.key)
    }

    #[protected(scopes("view"), schemes("token", "key"))]
    #[oai(path = "/both", method = "get")]
    async fn both(&self, first: TenantOrDevice, second: Device) -> PlainText<String> {
        PlainText(first.key() + &second.0.key)
    }

    #[optional_auth]
    #[oai(path = "/optional", method = "get")]
    async fn optional(&self, tenant: TenantOrDevice) -> PlainText<String> {
        PlainText(tenant.key())
    }

    #[protected(role("Administrator"), hide)]
    #[oai(path = "/hidden", method = "get")]
    async fn hidden(&self, tenant: Tenant, fallback: MaybeTenant) -> PlainText<String> {
        let fallback = match fallback {
            MaybeTenant::Tenant(Tenant(key)) => key.key,
            MaybeTenant::Nobody => String::new(),
        };
        PlainText(tenant.0.key + &fallback)
    }

    #[protected(schemes("key"))]
    #[oai(path = "/partner", method = "get")]
    async fn partner(&self, #[oai(scope = "PartnerScope::Read")] partner: Partner) -> OwnRefusals {
        OwnRefusals::Done(PlainText(partner.0.token))
    }

    #[protected(schemes("key"))]
    #[oai(path = "/tenant-scope", method = "get")]
    async fn tenant_scope(&self, #[oai(scope = "PartnerScope::Read")] tenant: Tenant) -> Ranges {
        Ranges::Done(PlainText(tenant.0.key))
    }
}

fn twice() -> auth_runtime::mount::ProtectedService<Auth, Twice> {
    Auth::default().service(Twice, "Twice", "1").document_hidden()
}

/// The credentials of requests, and the schemes that read each of them.
const CARRIED: [(&str, &[&str]); 7] = [
    ("Bearer", &["token", "Partner"]),
    ("Basic", &["password", "Login"]),
    ("LDAP", &["directory"]),
    ("X-API-Key", &["key"]),
    ("session", &["session"]),
    ("X-Tenant", &["Tenant"]),
    ("device", &["Device"]),
];

/// Returns all combinations of credentials with at most one in the header `Authorization`.
fn every_request(operation: &Documented) -> Vec<(BTreeSet<&'static str>, Call)> {
    let text = Caller::all_powerful().text();
    let sets = (0..1_u32 << CARRIED.len()).filter(|set| (set & 0b111).count_ones() <= 1);
    let requests = sets.map(|set| {
        let carried: Vec<_> = CARRIED.iter().enumerate().filter(|(index, _)| set >> index & 1 == 1).collect();
        let query = if carried.iter().any(|(_, (name, _))| *name == "device") { "?device=d" } else { "" };
        let mut request = call(&operation.method, &format!("{}{query}", operation.path));
        for (_, (name, _)) in &carried {
            request = match *name {
                "Bearer" | "LDAP" => request.header("Authorization", format!("{name} {text}")),
                "Basic" => request.header("Authorization", basic("u", &text)),
                "session" => request.header("Cookie", format!("session={text}")),
                "X-API-Key" => request.header(name, &text),
                "X-Tenant" => request.header(name, "t"),
                _ => request,
            };
        }
        (carried.iter().flat_map(|(_, (_, schemes))| schemes.iter().copied()).collect(), request)
    });
    requests.collect()
}

#[tokio::test]
async fn r94_schemes_of_arguments_are_enforced_as_documented() {
    let (app, operations) = app_of(twice()).await;
    assert_eq!(operations.len(), 9);
    for operation in operations {
        for (carried, request) in every_request(&operation) {
            let is_enough = operation.security().is_empty()
                || operation.security().iter().any(|alternative| {
                    alternative.as_object().unwrap().keys().all(|scheme| carried.contains(scheme.as_str()))
                });
            let answer = request.to(&app).await;
            if answer.status == 400 {
                // Two credentials that the rule accepts are ambiguous.
                let accepted = By::ALL.iter().filter(|by| operation.lists(**by) && carried.contains(by.scheme()));
                assert!(accepted.count() > 1, "{} by {carried:?}", operation.name());
                continue;
            }
            assert_eq!(answer.status == 200, is_enough, "{} by {carried:?}: {}", operation.name(), answer.status);
            assert!(operation.documents(answer.status), "{} by {carried:?}: {}", operation.name(), answer.status);
        }
    }
}

#[tokio::test]
async fn r94_the_rule_and_the_argument_are_in_one_alternative() {
    let document: Value = serde_json::from_str(&twice().spec()).unwrap();
    let security = |path: &str, method: &str| document["paths"][path][method]["security"].clone();
    assert_eq!(security("/twice/login", "post"), json!([{ "Login": [] }]));
    assert_eq!(security("/twice/public", "get"), json!([{ "Tenant": [], "Device": [] }]));
    assert_eq!(security("/twice/public-fallback", "get"), json!([{ "Tenant": [] }, {}]));
    assert_eq!(security("/twice/required", "put")[0], json!({ "token": [], "Tenant": [] }));
    assert_eq!(
        security("/twice/both", "get"),
        json!([
            { "token": ["view"], "Tenant": [], "Device": [] },
            { "token": ["view"], "Device": [] },
            { "key": [], "Tenant": [], "Device": [] },
            { "key": [], "Device": [] },
        ])
    );
    assert_eq!(security("/twice/partner", "get"), json!([{ "key": [], "Partner": ["partner:read"] }]));
    assert_eq!(security("/twice/tenant-scope", "get"), json!([{ "key": [], "Tenant": [] }]), "no scopes of a key");
    let schemes = &document["components"]["securitySchemes"];
    assert_eq!(schemes["Login"]["scheme"], "basic");
    assert_eq!(schemes["Tenant"], json!({ "type": "apiKey", "in": "header", "name": "X-Tenant" }));
    let scopes = &schemes["Partner"]["flows"]["clientCredentials"]["scopes"];
    assert_eq!(*scopes, json!({ "partner:read": "Read what partners read" }));
    assert!(schemes["token"].is_object());
}

#[tokio::test]
async fn r93_a_documented_refusal_keeps_its_content_beside_ours() {
    let document: Value = serde_json::from_str(&twice().spec()).unwrap();
    for (path, status, description) in [
        ("/twice/partner", "401", "The tenant is unknown"),
        ("/twice/partner", "403", "The tenant has not paid"),
        ("/twice/tenant-scope", "401", "Not done"),
        ("/twice/tenant-scope", "403", "Not done"),
    ] {
        let response = &document["paths"][path]["get"]["responses"][status];
        assert_eq!(response["description"], description);
        let own = &response["content"]["application/json; charset=utf-8"]["schema"];
        assert_eq!(own["$ref"], "#/components/schemas/Why", "{path}: {status}");
        let ours = &response["content"]["application/problem+json"]["schema"];
        assert_eq!(ours["$ref"], "#/components/schemas/AccessProblem", "{path}: {status}");
        let headers = response["headers"].as_object().unwrap();
        let challenges = headers.keys().filter(|name| name.eq_ignore_ascii_case("WWW-Authenticate"));
        assert_eq!(challenges.count(), 1, "{path}: {status}");
    }
    assert_eq!(document["paths"]["/twice/tenant-scope"]["get"]["responses"]["4XX"]["description"], "Not done");
}

#[test]
fn r93_a_document_with_schemes_of_arguments_is_valid_openapi_3_0() {
    let document = serde_json::from_str(&twice().spec()).unwrap();
    assert_eq!(crate::openapi::complaints(&document), Vec::<String>::new());
}

/// A scheme with the name of a field of the `Auth`.
mod of_one_name {
    use auth_runtime::prelude::*;
    use poem_openapi::{
        OpenApi, SecurityScheme,
        auth::{ApiKey, Basic},
        payload::PlainText,
    };

    use crate::fixture::Auth;

    #[derive(SecurityScheme)]
    #[oai(ty = "basic", rename = "password")]
    pub(super) struct Same(Basic);

    #[derive(SecurityScheme)]
    #[oai(ty = "api_key", key_name = "X-Other-Key", key_in = "header", rename = "key")]
    pub(super) struct Other(ApiKey);

    #[derive(SecurityScheme)]
    #[oai(ty = "api_key", key_name = "X-First", key_in = "header", rename = "Extra")]
    pub(super) struct First(ApiKey);

    #[derive(SecurityScheme)]
    #[oai(ty = "api_key", key_name = "X-Second", key_in = "header", rename = "Extra")]
    pub(super) struct Second(ApiKey);

    macro_rules! apis {
        ($($api:ident($($argument:ident: $scheme:ty),+);)+) => {$(
            pub(super) struct $api;

            #[protected]
            #[OpenApi]
            impl $api {
                #[protected]
                #[oai(path = "/", method = "get")]
                async fn index(&self, $($argument: $scheme),+) -> PlainText<&'static str> {
                    $(drop($argument.0);)+
                    PlainText("index")
                }
            }
        )+};
    }

    apis! {
        AsOurs(same: Same);
        UnlikeOurs(other: Other);
        UnlikeEachOther(first: First, second: Second);
    }
}

#[test]
fn a_scheme_that_is_declared_twice_in_one_way_is_documented_once() {
    let document: Value =
        serde_json::from_str(&Auth::default().service(of_one_name::AsOurs, "One", "1").spec()).unwrap();
    let security = &document["paths"]["/"]["get"]["security"];
    assert!(security.as_array().unwrap().contains(&json!({ "password": [] })), "{security}");
    assert!(security.as_array().unwrap().contains(&json!({ "token": [], "password": [] })), "{security}");
}

#[test]
#[should_panic(expected = "two different security schemes are called `key`")]
fn a_scheme_of_an_argument_that_has_the_name_of_another_of_ours_stops_the_start() {
    let _ = Auth::default().service(of_one_name::UnlikeOurs, "One", "1");
}

#[test]
#[should_panic(expected = "two different security schemes are called `Extra`")]
fn two_schemes_of_arguments_that_have_one_name_stop_the_start() {
    let _ = Auth::default().service(of_one_name::UnlikeEachOther, "One", "1");
}

/// A schema that only a hidden operation uses.
#[derive(Object)]
struct Secret {
    why: Why,
}

#[derive(poem_openapi::Tags)]
enum Tag {
    /// About what administrators do
    Backstage,
}

struct PartlyHidden;

#[protected]
#[OpenApi]
impl PartlyHidden {
    #[protected(role("Administrator"), hide)]
    #[oai(path = "/secret", method = "get", tag = "Tag::Backstage")]
    async fn secret(&self, tenant: Tenant) -> Json<Secret> {
        Json(Secret { why: Why { why: tenant.0.key } })
    }

    #[protected]
    #[oai(path = "/shared", method = "get")]
    async fn shared(&self) -> PlainText<&'static str> {
        PlainText("shared")
    }

    #[protected(role("Administrator"), hide)]
    #[oai(path = "/shared", method = "delete")]
    async fn hidden_method(&self) -> PlainText<&'static str> {
        PlainText("gone")
    }
}

#[test]
fn a_hidden_operation_is_documented_only_by_document_hidden() {
    let service = Auth::default().service(PartlyHidden, "Partly", "1");
    let open = service.spec();
    for trace in ["secret", "Secret", "\"Why\"", "Backstage", "Tenant"] {
        assert!(!open.contains(trace), "{trace}: {open}");
    }
    let value: Value = serde_json::from_str(&open).unwrap();
    assert!(value["paths"]["/shared"]["get"].is_object());
    assert!(value["paths"]["/shared"].get("delete").is_none());
    assert_eq!(crate::openapi::complaints(&value), Vec::<String>::new());
    let whole = service.document_hidden().spec();
    for trace in ["/secret", "Secret", "\"Why\"", "Backstage", "Tenant"] {
        assert!(whole.contains(trace), "{trace}");
    }
}

#[test]
fn a_bound_on_the_age_of_a_sign_in_is_documented_in_words() {
    let document: Value = serde_json::from_str(&service().spec()).unwrap();
    let description = document["paths"]["/single/fresh"]["get"]["description"].as_str().unwrap();
    assert!(description.contains("a sign-in at most 5 minutes ago"), "{description}");
}

#[test]
fn a_check_without_a_name_is_documented_in_words() {
    let document: Value = serde_json::from_str(&service().spec()).unwrap();
    let description = document["paths"]["/single/check"]["get"]["description"].as_str().unwrap();
    assert!(description.contains("`check` is a condition in the code of the operation."), "{description}");
}
