use auth_runtime::{authenticate::Unavailable, prelude::*};
use auth_ui_tests::{Auth, auth, status};
use poem::{EndpointExt, Request, Route, get, handler, web};
use poem_openapi::{ApiResponse, Object, OpenApi, payload::Json};
use serde::Serialize;

/// Without `Clone`.
#[derive(Object, Serialize)]
struct Account {
    name: String,
}

impl LoadUser for Account {
    type Auth = Auth;

    async fn load(caller: &Principal<Auth>, _: &Request) -> Result<Option<Self>, Unavailable> {
        Ok(Some(Self { name: caller.subject().to_owned() }))
    }
}

#[derive(Object)]
struct Page {
    account: CurrentUser<Account>,
    others: Vec<CurrentUser<Account>>,
}

#[derive(ApiResponse)]
enum Answer {
    #[oai(status = 200)]
    Page(Json<Page>),
}

struct Accounts;

#[protected]
#[OpenApi]
impl Accounts {
    #[protected]
    #[oai(path = "/me", method = "get")]
    async fn me(&self, account: CurrentUser<Account>) -> Json<CurrentUser<Account>> {
        Json(account)
    }

    #[protected]
    #[oai(path = "/page", method = "get")]
    async fn page(&self, account: CurrentUser<Account>) -> Answer {
        Answer::Page(Json(Page { others: vec![account.clone()], account }))
    }
}

#[protected]
#[handler]
fn plain(account: CurrentUser<Account>) -> web::Json<CurrentUser<Account>> {
    web::Json(account)
}

fn main() {
    let app = || auth().service(Accounts, "Accounts", "1.0");
    let document: serde_json::Value = serde_json::from_str(&app().spec()).unwrap();
    let properties = &document["components"]["schemas"]["Page"]["properties"];
    assert_eq!(properties["account"]["$ref"], "#/components/schemas/Account");
    assert_eq!(status(app(), "GET /me", "alice."), 200);
    assert_eq!(status(app(), "GET /page", "alice."), 200);
    let app = || Route::new().at("/", get(plain)).with(auth());
    assert_eq!(status(app(), "GET /", "alice."), 200);
}
