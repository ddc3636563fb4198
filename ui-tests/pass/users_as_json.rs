use auth_runtime::{authenticate::Unavailable, prelude::*};
use auth_ui_tests::{Auth, auth, status};
use poem::{EndpointExt, Request, Route, get, handler, web};
use poem_openapi::{Object, OpenApi, payload::Json};
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
    #[oai(path = "/all", method = "get")]
    async fn all(&self, account: CurrentUser<Account>) -> Json<Vec<CurrentUser<Account>>> {
        Json(vec![account.clone(), account])
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
    let content = &document["paths"]["/me"]["get"]["responses"]["200"]["content"];
    assert_eq!(content["application/json; charset=utf-8"]["schema"]["$ref"], "#/components/schemas/Account");
    assert_eq!(status(app(), "GET /me", "alice."), 200);
    assert_eq!(status(app(), "GET /all", "alice."), 200);
    let app = || Route::new().at("/", get(plain)).with(auth());
    assert_eq!(status(app(), "GET /", "alice."), 200);
}
