//! Webhooks stand in the document, and only there: the service sends them.

use auth_runtime::prelude::*;
use poem::Route;
use poem_openapi::{Object, OpenApi, Tags, Webhook, payload::Json, types::ToJSON};
use serde_json::Value;

use crate::{
    fixture::{Auth, By, Caller, get},
    openapi::{complaints, complaints_of_3_1},
};

#[derive(Object)]
struct Created {
    id: i64,
}

#[derive(Tags)]
enum Tag {
    /// About entries
    Entries,
}

#[Webhook]
trait Events: Sync {
    /// An entry is new.
    #[oai(name = "entry.created", method = "post", tag = "Tag::Entries")]
    fn created(&self, entry: Json<Created>);
}

/// The application sends what the trait documents.
struct Sender;

impl Events for Sender {
    fn created(&self, entry: Json<Created>) {
        assert_eq!(entry.to_json_string(), r#"{"id":1}"#);
    }
}

struct Api;

#[protected]
#[OpenApi]
impl Api {
    #[protected(role("Administrator"), hide)]
    #[oai(path = "/hidden", method = "get", tag = "Tag::Entries")]
    async fn hidden(&self) {}

    #[permission("view")]
    #[oai(path = "/entries", method = "get")]
    async fn list(&self) {}
}

fn document(spec: &str) -> Value {
    serde_json::from_str(spec).unwrap()
}

#[test]
fn webhooks_are_documented_without_security_and_with_their_schemas() {
    let events: &dyn Events = &Sender;
    events.created(Json(Created { id: 1 }));
    let service = Auth::default().service(Api, "Events", "1").webhooks::<&dyn Events>();
    let document_of_3_0 = document(&service.spec());
    let webhook = &document_of_3_0["x-webhooks"]["entry.created"]["post"];
    assert_eq!(webhook["summary"], "An entry is new.");
    assert_eq!(webhook.get("security"), None);
    assert!(document_of_3_0["components"]["schemas"]["Created"].is_object());
    // The operation with the same tag is hidden; the webhook still has it.
    assert_eq!(document_of_3_0["tags"][0]["name"], "Entries");
    assert!(document_of_3_0["paths"].get("/hidden").is_none());
    let mut complaints = complaints(&document_of_3_0);
    // The validator does not look into extensions.
    complaints.retain(|complaint| !complaint.ends_with(": unused"));
    assert_eq!(complaints, Vec::<String>::new());

    let document_of_3_1 = document(&service.openapi_3_1().spec());
    assert_eq!(document_of_3_1["webhooks"]["entry.created"]["post"]["summary"], "An entry is new.");
    assert_eq!(document_of_3_1.get("x-webhooks"), None);
    assert_eq!(complaints_of_3_1(&document_of_3_1), Vec::<String>::new());
}

#[tokio::test]
async fn all_pages_and_the_operations_are_served_beside_webhooks() {
    let service = Auth::default().service(Api, "Events", "1").webhooks::<&dyn Events>().openapi_3_1();
    let service = service.configure(|service| service.description("Who wrote what").url_prefix("/v1"));
    let app = Route::new()
        .at("/openapi.json", service.spec_endpoint())
        .at("/openapi.yaml", service.spec_endpoint_yaml())
        .nest("/swagger-ui", service.swagger_ui())
        .nest("/redoc", service.redoc())
        .nest("/scalar", service.scalar())
        .nest("/rapidoc", service.rapidoc())
        .nest("/openapi-explorer", service.openapi_explorer())
        .nest("/", service);
    for page in ["/openapi.json", "/openapi.yaml", "/swagger-ui", "/redoc", "/scalar", "/rapidoc", "/openapi-explorer"]
    {
        let answer = get(page).to(&app).await;
        for part in ["entry.created", "Who wrote what", "/v1/entries"] {
            assert!(answer.body.contains(part), "{page}: {part}");
        }
    }
    assert_eq!(get("/entries").to(&app).await.status, 401);
    assert_eq!(get("/entries").by(By::Token, &Caller::administrator()).to(&app).await.status, 200);
}
