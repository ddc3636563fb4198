use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use poem::Request;
use poem_openapi::{OpenApi, SecurityScheme, auth::ApiKey, payload::PlainText};

/// The key of the application, beside the token of the user.
#[derive(SecurityScheme)]
#[oai(ty = "api_key", key_name = "X-App", key_in = "header", checker = "application")]
struct Application(String);

async fn application(_: &Request, key: ApiKey) -> Option<String> {
    (key.key == "app").then_some(key.key)
}

struct Entries;

#[protected]
#[OpenApi]
impl Entries {
    #[protected(permission("view"), check = application.0 == "app")]
    #[oai(path = "/entries", method = "get")]
    async fn list(&self, application: Application, caller: Principal<Auth>) -> PlainText<String> {
        PlainText(format!("{} {}", application.0, caller.subject()))
    }
}

fn main() {
    let app = || auth().service(Entries, "Entries", "1.0");
    assert_eq!(status(app(), "GET /entries", "alice.Viewer"), 401);
    assert_eq!(status(app(), "GET /entries", ""), 401);
    let document: serde_json::Value = serde_json::from_str(&app().spec()).unwrap();
    let security = document["paths"]["/entries"]["get"]["security"].as_array().unwrap().clone();
    assert!(security.iter().all(|alternative| alternative["Application"].is_array()), "{security:?}");
}
