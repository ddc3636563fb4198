//! All features of poem-openapi, mounted with rules.

use auth_runtime::prelude::*;
use poem::{Endpoint, EndpointExt, IntoEndpoint, Response, Route, endpoint::make_sync};
use poem_openapi::{
    ApiResponse, Object, OpenApi, Tags,
    param::Path,
    payload::{Binary, Json, PlainText},
};
use serde_json::Value;

use crate::fixture::{Auth, By, Caller, Keys, Passwords, Permission, Role, Tokens, Trace, call, get};

#[derive(Tags)]
enum Tag {
    /// About entries
    Entries,
}

#[derive(Object)]
struct Entry {
    name: String,
}

#[derive(ApiResponse)]
enum Found {
    /// Found.
    #[oai(status = 200)]
    Entry(Json<Entry>),
    /// Moved.
    #[oai(status = 403)]
    Gone,
}

struct Reads<S> {
    store: S,
}

trait Store: Send + Sync + 'static {
    fn name(&self, id: u32) -> String;
}

struct Names;

impl Store for Names {
    fn name(&self, id: u32) -> String {
        format!("name {id}")
    }
}

#[protected(permission("view"))]
#[OpenApi(prefix_path = "/entries", tag = "Tag::Entries")]
impl<S: Store> Reads<S>
where
    S: Sync,
{
    /// One entry
    ///
    /// With all its details.
    #[protected]
    #[oai(path = "/:id", method = "get", operation_id = "one_entry")]
    async fn one(&self, id: Path<u32>) -> Found {
        if *id == 0 { Found::Gone } else { Found::Entry(Json(Entry { name: self.store.name(*id) })) }
    }

    /// Several methods of one path
    #[protected]
    #[oai(path = "/any", method = "get", method = "put", method = "patch")]
    async fn any(&self, trace: Trace) -> PlainText<&'static str> {
        trace.handle();
        PlainText("any")
    }

    #[protected]
    #[oai(path = "/secret", method = "get", hidden)]
    async fn not_documented(&self) -> PlainText<&'static str> {
        PlainText("not documented")
    }

    /// Old
    #[protected]
    #[oai(path = "/old", method = "get", deprecated)]
    async fn old(&self) -> PlainText<&'static str> {
        PlainText("old")
    }

    #[protected]
    #[oai(path = "/typed", method = "get", actual_type = "Json<Entry>")]
    async fn typed(&self) -> Binary<&'static [u8]> {
        Binary(br#"{"name":"typed"}"#)
    }

    #[protected(role("Administrator"))]
    #[oai(path = "/transformed", method = "get", transform = "louder")]
    async fn transformed(&self) -> PlainText<&'static str> {
        PlainText("transformed")
    }

    /// Not an operation, so it is unchanged.
    fn helper(&self) -> String {
        self.store.name(7)
    }

    #[cfg(test)]
    #[protected]
    #[oai(path = "/configured", method = "get")]
    async fn configured(&self, #[cfg(test)] trace: Trace, #[cfg(not(test))] _gone: Missing) -> PlainText<&'static str> {
        trace.handle();
        PlainText("configured")
    }

    #[cfg(not(test))]
    #[protected]
    #[oai(path = "/configured", method = "get")]
    async fn configured(&self) -> PlainText<&'static str> {
        PlainText("not configured")
    }
}

/// A `transform` of an operation runs outside of its rule.
fn louder(endpoint: impl Endpoint) -> impl Endpoint {
    endpoint.map_to_response().after(|response: poem::Result<Response>| async move {
        let mut response = response?;
        response.headers_mut().insert("X-Transformed", "yes".parse().unwrap());
        Ok(response)
    })
}

struct Writes;

/// Another API with operations of the same path.
#[protected]
#[OpenApi(prefix_path = "/entries")]
impl Writes {
    #[permission("edit")]
    #[oai(path = "/:id", method = "put")]
    async fn update(&self, id: Path<u32>) -> PlainText<String> {
        PlainText(format!("updated {}", *id))
    }

    #[public(reason = "beside a protected operation")]
    #[oai(path = "/:id", method = "post")]
    async fn open(&self, id: Path<u32>) -> PlainText<String> {
        PlainText(format!("open {}", *id))
    }
}

fn service() -> auth_runtime::mount::ProtectedService<Auth, (Reads<Names>, Writes)> {
    Auth::default().service((Reads { store: Names }, Writes), "Entries", "1")
}

fn app() -> impl Endpoint {
    Route::new().nest("/api", service())
}

fn viewer() -> Caller {
    Caller::new("v").role("Viewer")
}

#[tokio::test]
async fn every_way_to_write_an_operation_is_guarded() {
    let app = app();
    for path in ["/1", "/any", "/secret", "/old", "/typed", "/transformed", "/configured"] {
        let path = format!("/api/entries{path}");
        assert_eq!(get(&path).to(&app).await.status, 401, "{path}");
        assert_eq!(get(&path).by(By::Token, &Caller::new("u")).to(&app).await.status, 403, "{path}");
        let answer = get(&path).by(By::Token, &Caller::administrator()).to(&app).await;
        assert_eq!(answer.status, 200, "{path}");
    }
    for method in ["GET", "PUT", "PATCH"] {
        let answer = call(method, "/api/entries/any").to(&app).await;
        assert_eq!((answer.status, answer.trace.handled()), (401, 0), "{method}");
        let answer = call(method, "/api/entries/any").by(By::Token, &viewer()).to(&app).await;
        assert_eq!((answer.status, answer.trace.handled()), (200, 1), "{method}");
    }
    assert_eq!(call("POST", "/api/entries/any").to(&app).await.header("Allow"), Some("GET, HEAD, PATCH, PUT"));
}

#[tokio::test]
async fn responses_of_the_application_are_unchanged() {
    let app = app();
    let answer = get("/api/entries/5").by(By::Token, &viewer()).to(&app).await;
    assert_eq!(answer.body, r#"{"name":"name 5"}"#);
    let answer = get("/api/entries/0").by(By::Token, &viewer()).to(&app).await;
    assert_eq!((answer.status, answer.body.as_str(), answer.challenges().len()), (403, "", 0), "a 403 of the handler");
    let answer = get("/api/entries/typed").by(By::Token, &viewer()).to(&app).await;
    assert_eq!(answer.body, r#"{"name":"typed"}"#);
    assert_eq!(answer.header("Content-Type"), Some("application/json; charset=utf-8"));
    assert_eq!(get("/api/entries/typed").to(&app).await.code(), "authentication_required");
    let answer = get("/api/entries/transformed").by(By::Token, &Caller::administrator()).to(&app).await;
    assert_eq!(answer.header("X-Transformed"), Some("yes"));
    assert_eq!(Reads { store: Names }.helper(), "name 7");
    assert!(matches!(Reads { store: Names }.one(Path(3)).await, Found::Entry(entry) if entry.name == "name 3"));
}

#[tokio::test]
async fn apis_that_share_a_path_keep_their_rules() {
    let app = app();
    assert_eq!(call("PUT", "/api/entries/1").to(&app).await.status, 401);
    assert_eq!(call("PUT", "/api/entries/1").by(By::Token, &viewer()).to(&app).await.status, 403);
    let user = Caller::new("u").role("User");
    assert_eq!(call("PUT", "/api/entries/1").by(By::Token, &user).to(&app).await.body, "updated 1");
    assert_eq!(call("POST", "/api/entries/1").to(&app).await.body, "open 1");
    assert_eq!(get("/api/entries/1").to(&app).await.status, 401);
    assert_eq!(call("DELETE", "/api/entries/1").to(&app).await.header("Allow"), Some("GET, HEAD, POST, PUT"));
}

#[test]
fn apis_that_share_a_path_are_documented_together() {
    let document: Value = serde_json::from_str(&service().spec()).unwrap();
    let item = &document["paths"]["/entries/{id}"];
    assert_eq!(item["get"]["x-required-permissions"], serde_json::json!(["view"]));
    assert_eq!(item["put"]["x-required-permissions"], serde_json::json!(["edit"]));
    assert_eq!(item["post"]["security"], serde_json::json!([]));
    assert_eq!(item["get"]["operationId"], "one_entry");
    assert_eq!(item["get"]["tags"], serde_json::json!(["Entries"]));
    assert_eq!(item["get"]["summary"], "One entry");
    let own = &item["get"]["responses"]["403"]["description"];
    assert_eq!(own, "Moved.", "what the operation documents itself stays");
    for method in ["get", "put", "patch"] {
        let any = &document["paths"]["/entries/any"][method];
        assert_eq!(any["x-required-permissions"], serde_json::json!(["view"]), "{method}");
        assert!(any["responses"]["401"].is_object(), "{method}");
    }
    assert!(document["paths"].get("/entries/secret").is_none(), "hidden from the document, not from its rule");
    assert_eq!(document["paths"]["/entries/old"]["get"]["deprecated"], true);
    assert!(
        document["paths"]["/entries/typed"]["get"]["responses"]["200"]["content"]["application/json; charset=utf-8"]
            .is_object()
    );
}

#[tokio::test]
async fn a_path_parameter_does_not_shadow_a_neighbours_rule() {
    let answer = get("/api/entries/secret").to(&app()).await;
    assert_eq!(answer.status, 401);
}

/// Two operations with the same name in one module have their own rules.
mod same_names {
    use super::{Auth, OpenApi, PlainText, protected};

    pub(super) fn open() -> impl auth_runtime::mount::Protected<Auth = Auth> {
        struct Api;
        #[protected]
        #[OpenApi]
        impl Api {
            #[public(reason = "open")]
            #[oai(path = "/open", method = "get")]
            async fn index(&self) -> PlainText<&'static str> {
                PlainText("open")
            }
        }
        Api
    }

    pub(super) fn closed() -> impl auth_runtime::mount::Protected<Auth = Auth> {
        struct Api;
        #[protected]
        #[OpenApi]
        impl Api {
            #[protected(roles = "Administrator")]
            #[oai(path = "/closed", method = "get")]
            async fn index(&self) -> PlainText<&'static str> {
                PlainText("closed")
            }
        }
        Api
    }
}

#[tokio::test]
async fn operations_of_one_name_are_documented_each_with_its_own_rule() {
    let service = Auth::default().service((same_names::open(), same_names::closed()), "Same", "1");
    let document: Value = serde_json::from_str(&service.spec()).unwrap();
    assert_eq!(document["paths"]["/open"]["get"]["security"], serde_json::json!([]));
    assert_eq!(document["paths"]["/closed"]["get"]["x-required-roles"], serde_json::json!(["Administrator"]));
    assert_ne!(document["paths"]["/closed"]["get"]["security"], serde_json::json!([]));
    let app = service.into_endpoint();
    assert_eq!(get("/open").to(&app).await.status, 200);
    assert_eq!(get("/closed").to(&app).await.status, 401);
}

/// Schemes that are not configured.
#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = Role)]
struct Configured {
    #[scheme(bearer)]
    token: Option<Tokens>,
    #[scheme(basic)]
    password: Option<Passwords>,
    #[scheme(api_key(header = "X-API-Key"))]
    key: Keys,
}

struct ConfiguredApi;

#[protected(auth = Configured)]
#[OpenApi]
impl ConfiguredApi {
    #[protected]
    #[oai(path = "/any", method = "get")]
    async fn any(&self) -> PlainText<&'static str> {
        PlainText("any")
    }

    #[optional_auth]
    #[oai(path = "/optional", method = "get")]
    async fn optional(&self, caller: Option<Principal<Configured>>) -> PlainText<String> {
        PlainText(caller.map_or("nobody".into(), |caller| caller.subject().to_owned()))
    }
}

struct TokenOnly;

#[protected(auth = Configured)]
#[OpenApi]
impl TokenOnly {
    #[protected(schemes("token"))]
    #[oai(path = "/token", method = "get")]
    async fn token(&self) -> PlainText<&'static str> {
        PlainText("token")
    }
}

#[tokio::test]
async fn r09_a_scheme_that_is_not_configured_is_neither_accepted_nor_offered_nor_documented() {
    let auth = Configured { token: None, password: Some(Passwords::default()), key: Keys::default() };
    let service = auth.service(ConfiguredApi, "Configured", "1");
    let document: Value = serde_json::from_str(&service.spec()).unwrap();
    let schemes: Vec<&String> = document["components"]["securitySchemes"].as_object().unwrap().keys().collect();
    assert_eq!(schemes, ["password", "key"]);
    assert_eq!(document["paths"]["/any"]["get"]["security"], serde_json::json!([{ "password": [] }, { "key": [] }]));
    let app = service.into_endpoint();
    assert_eq!(get("/any").to(&app).await.challenges().len(), 2);
    assert_eq!(get("/any").by(By::Password, &viewer()).to(&app).await.status, 200);
    let answer = get("/any").by(By::Token, &viewer()).to(&app).await;
    assert_eq!(answer.status, 401);
    assert!(answer.challenges().iter().all(|challenge| !challenge.starts_with("Bearer")));
    let answer = get("/optional").by(By::Token, &viewer()).to(&app).await;
    assert_eq!(answer.status, 401, "somebody who tries is not nobody");
}

#[test]
#[should_panic(expected = "TokenOnly::token")]
fn r09_an_operation_that_no_configured_scheme_reaches_stops_the_start() {
    let auth = Configured { token: None, password: None, key: Keys::default() };
    let _ = auth.service((ConfiguredApi, TokenOnly), "Configured", "1");
}

/// An `Auth` without any configured scheme.
#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = Role)]
struct Unconfigured {
    #[scheme(bearer)]
    token: Option<Tokens>,
}

struct UnconfiguredApi;

#[protected(auth = Unconfigured)]
#[OpenApi]
impl UnconfiguredApi {
    #[optional_auth]
    #[oai(path = "/optional", method = "get")]
    async fn optional(&self, caller: Option<Principal<Unconfigured>>) -> PlainText<&'static str> {
        PlainText(if caller.is_some() { "somebody" } else { "nobody" })
    }
}

#[tokio::test]
async fn r09_without_a_configured_scheme_an_optional_operation_is_open_and_a_rule_is_a_mistake() {
    let auth = Unconfigured { token: None };
    let app = auth.service(UnconfiguredApi, "Unconfigured", "1").into_endpoint();
    let answer = get("/optional").to(&app).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "nobody"));
    assert_eq!(get("/optional").by(By::Token, &viewer()).to(&app).await.status, 401);

    // No start checks the rule of a subtree, so each request fails.
    let rule = requirement!(auth = Unconfigured, authenticated);
    let app = make_sync(|_| "reached").protect(rule).with(auth);
    assert_eq!(get("/").to(&app).await.status, 500);
    assert_eq!(get("/").by(By::Token, &viewer()).to(&app).await.status, 500);
}

#[tokio::test]
async fn the_document_and_swagger_ui_are_served_with_the_rules() {
    let service = service();
    let spec = service.spec();
    let app = Route::new().at("/openapi.json", service.spec_endpoint()).nest("/docs", service.swagger_ui());
    let answer = get("/openapi.json").to(&app).await;
    assert_eq!((answer.status, answer.header("Content-Type")), (200, Some("application/json")));
    assert_eq!(answer.body, spec);
    let answer = get("/docs").to(&app).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("securitySchemes") && answer.body.contains("x-required-permissions"));
    assert!(!answer.body.contains("Reads<S>::"), "no rule is left without what it says");
    assert_eq!(get("/docs/oauth-receiver.html").to(&app).await.status, 200);
}

#[test]
fn settings_of_a_service_are_in_the_document() {
    let service =
        service().configure(|service| service.description("Who wrote what").server("https://api.example.com"));
    let document: Value = serde_json::from_str(&service.spec()).unwrap();
    assert_eq!(document["info"]["description"], "Who wrote what");
    assert_eq!(document["servers"][0]["url"], "https://api.example.com");
}

#[tokio::test]
async fn a_document_that_would_end_its_script_does_not() {
    struct Api;
    #[protected]
    #[OpenApi]
    impl Api {
        /// </script><script>alert(1)</script>
        #[protected]
        #[oai(path = "/", method = "get")]
        async fn index(&self) -> PlainText<&'static str> {
            PlainText("index")
        }
    }
    let service = Auth::default().service(Api, "</script><script>alert(2)</script>", "1");
    let answer = get("/").to(&service.swagger_ui()).await;
    assert!(!answer.body.contains("<script>alert"), "the page runs what the document says");
}

#[tokio::test]
async fn every_page_shows_our_document_and_cannot_be_framed() {
    let service = service();
    let app = Route::new()
        .at("/openapi.json", service.spec_endpoint())
        .nest("/swagger-ui", service.swagger_ui())
        .nest("/redoc", service.redoc())
        .nest("/scalar", service.scalar())
        .nest("/rapidoc", service.rapidoc())
        .nest("/openapi-explorer", service.openapi_explorer());
    let pages = ["/swagger-ui", "/redoc", "/scalar", "/rapidoc", "/openapi-explorer"];
    for page in pages {
        let answer = get(page).to(&app).await;
        assert!(answer.body.contains("x-required-permissions"), "{page}");
        assert!(answer.body.contains(&service.spec().replace('<', "\\u003c")), "{page}");
    }
    let others = ["/openapi.json", "/swagger-ui/oauth-receiver.html", "/rapidoc/oauth-receiver.html"];
    for path in pages.into_iter().chain(others) {
        let answer = get(path).to(&app).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("Content-Security-Policy"), Some("frame-ancestors 'none'"), "{path}");
    }
}

#[tokio::test]
async fn a_protected_api_that_poem_openapi_mounts_stays_closed_and_shows_no_path_of_a_source_file() {
    let service = poem_openapi::OpenApiService::new(Writes, "Direct", "1");
    let spec = service.spec();
    assert!(!spec.contains(".rs") && !spec.contains("mounting"), "{spec}");
    let answer = call("PUT", "/entries/1").by(By::Token, &Caller::administrator()).to(&service.into_endpoint()).await;
    assert_eq!(answer.status, 500);
}
