use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use poem_openapi::OpenApi;

mod levels {
    pub const PHISHING_RESISTANT: &str = "phr";
}

struct Accounts;

#[protected(claim("tenant" = "acme"))]
#[OpenApi(prefix_path = "/accounts")]
impl Accounts {
    #[protected(acr("gold", "silver"))]
    #[oai(path = "/", method = "get")]
    async fn list(&self) {}

    #[protected(any(acr = "gold", acr(levels::PHISHING_RESISTANT)), claim("level" = 3), not(claim("guest" = true)))]
    #[oai(path = "/", method = "delete")]
    async fn clear(&self) {}
}

fn main() {
    let app = || auth().service(Accounts, "Accounts", "1.0");
    let document: serde_json::Value = serde_json::from_str(&app().spec()).unwrap();
    assert_eq!(
        document["paths"]["/accounts"]["delete"]["x-requirement"],
        r#"all(claim("tenant" = "acme"), any(acr("gold"), acr("phr")), claim("level" = 3), not(claim("guest" = true)))"#
    );
    assert_eq!(status(app(), "GET /accounts", "alice."), 403);
    assert_eq!(status(app(), "GET /accounts", ""), 401);
}
