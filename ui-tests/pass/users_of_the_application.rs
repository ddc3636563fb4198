use auth_runtime::{authenticate::Unavailable, prelude::*};
use auth_ui_tests::{Auth, auth, status};
use poem::Request;
use poem_openapi::{OpenApi, payload::PlainText};

struct Account {
    email: String,
}

impl LoadUser for Account {
    type Auth = Auth;

    async fn load(caller: &Principal<Auth>, _: &Request) -> Result<Option<Self>, Unavailable> {
        Ok(Some(Self { email: format!("{}@example.com", caller.subject()) }))
    }
}

struct Entries;

#[protected]
#[OpenApi]
impl Entries {
    #[protected(check = user.email.starts_with("alice"))]
    #[oai(path = "/", method = "get")]
    async fn list(&self, user: CurrentUser<Account>) -> PlainText<String> {
        PlainText(user.email.clone())
    }

    #[optional_auth]
    #[oai(path = "/hello", method = "get")]
    async fn hello(&self, user: CurrentUser<Option<Account>>) -> PlainText<String> {
        PlainText(user.as_ref().map_or_else(String::new, |user| user.email.clone()))
    }
}

fn main() {
    let app = || auth().service(Entries, "Entries", "1.0");
    assert_eq!(status(app(), "GET /", "alice."), 200);
    assert_eq!(status(app(), "GET /", "bob."), 403);
    assert_eq!(status(app(), "GET /hello", ""), 200);
    assert_eq!(status(app(), "GET /hello", "bob."), 200);
}
