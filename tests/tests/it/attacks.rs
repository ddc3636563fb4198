//! Further attacks, which no other module covers.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use auth_runtime::{
    api_key::{ApiKeyRecord, ApiKeyStore, generate},
    authenticate::Unavailable,
    danger,
    prelude::*,
    users::{PasswordPool, User, UserStore},
};
use futures_util::future::join_all;
use poem::{Endpoint, EndpointExt, IntoEndpoint, Route, endpoint::make_sync, get as on_get, handler};
use poem_openapi::{
    OpenApi,
    payload::{Json, PlainText},
};
use serde_json::Value;

use crate::{
    fixture::{Auth, By, Caller, Permission, Role, Trace, basic, call, get},
    wire::Wire,
};

struct Api;

#[protected]
#[OpenApi]
impl Api {
    #[protected]
    #[oai(path = "/me", method = "get")]
    async fn me(&self, caller: Principal<Auth>) -> PlainText<String> {
        tokio::task::yield_now().await;
        PlainText(format!("{} by {}", caller.subject(), caller.scheme()))
    }

    #[protected(roles = "Administrator")]
    #[oai(path = "/upload", method = "post")]
    async fn upload(&self, trace: Trace, body: Json<Value>) -> Json<Value> {
        trace.handle();
        body
    }

    #[permission("edit")]
    #[oai(path = "/edit", method = "get")]
    async fn edit(&self) -> PlainText<&'static str> {
        PlainText("edit")
    }
}

#[protected(permission("edit"))]
#[handler]
async fn edit(caller: Principal<Auth>) -> String {
    caller.subject().to_owned()
}

fn app() -> impl Endpoint {
    Auth::default().service(Api, "Api", "1").into_endpoint()
}

#[tokio::test]
async fn r04_a_client_that_expects_100_continue_is_denied_without_it() {
    let wire = Wire::serve(app()).await;
    let user = format!("Authorization: Bearer {}", Caller::new("u").role("User").text());
    let body: [&[u8]; 3] =
        [b"Expect: 100-continue", b"Content-Type: application/json", b"Content-Length: 1000000000000"];
    let answer = wire.send("POST /upload", &body).await;
    assert_eq!(answer.status, 401, "{}", answer.head);
    let answer = wire.send("POST /upload", &[&body[..], &[user.as_bytes()]].concat()).await;
    assert_eq!(answer.status, 403, "{}", answer.head);
}

#[tokio::test]
async fn odd_request_targets_are_rejected() {
    let wire = Wire::serve(app()).await;
    let text = Caller::administrator().text();
    for line in [
        "OPTIONS *".to_owned(),
        format!("GET http://root:{text}@localhost/me"),
        format!("GET /me?authorization=Bearer%20{text}"),
        "CONNECT localhost:80".to_owned(),
        format!("GET /me#{text}"),
    ] {
        let answer = wire.send(&line, &[]).await;
        assert!(answer.status >= 400, "{line}: {}", answer.status);
        assert!(!answer.body.contains("root by"), "{line}");
    }
}

#[tokio::test]
async fn headers_that_resemble_credentials_are_rejected() {
    let wire = Wire::serve(app()).await;
    let text = Caller::administrator().text();
    for header in [
        format!("Authorization\x0b: Bearer {text}"),
        format!("X-Authorization: Bearer {text}"),
        format!("Proxy-Authorization: Bearer {text}"),
        format!("WWW-Authenticate: Bearer {text}"),
        format!("Authentication: Bearer {text}"),
        format!("X_API_KEY: {text}"),
        format!("XAPIKey: {text}"),
        format!("Cookie2: session={text}"),
        format!("Set-Cookie: session={text}"),
        format!("Trailer: Authorization\r\nX: {text}"),
    ] {
        let answer = wire.send("GET /me", &[header.as_bytes()]).await;
        assert!([400, 401].contains(&answer.status), "{header}: {}", answer.status);
    }
}

#[tokio::test]
async fn a_disguised_cookie_is_accepted_only_as_the_session() {
    let app = app();
    let (alice, mallory) = (Caller::new("alice").text(), Caller::new("mallory").text());
    for cookie in [
        format!("session={alice}; session ={mallory}"),
        format!("session={alice}; \tsession={mallory}"),
        format!("session ={mallory}; session={alice}"),
    ] {
        assert_eq!(get("/me").header("Cookie", &cookie).to(&app).await.status, 400, "{cookie:?}");
    }
    for cookie in [
        format!("session=\"{alice}\""),
        format!("other=\"; session={mallory}\""),
        format!("other=a, session={mallory}"),
        format!("=session={mallory}"),
        format!("session%3d{mallory}"),
        format!("ſession={mallory}"),
    ] {
        let answer = get("/me").header("Cookie", &cookie).to(&app).await;
        assert!(answer.status >= 400 || answer.body == "alice by session", "{cookie:?}: {}", answer.body);
    }
}

#[tokio::test]
async fn concurrent_requests_keep_their_own_callers() {
    let app = Arc::new(app());
    let calls = (0..300).map(|number| {
        let app = Arc::clone(&app);
        async move {
            let by = By::ALL[number % By::ALL.len()];
            let subject = format!("user{number}");
            let answer = get("/me").by(by, &Caller::new(&subject)).to(&*app).await;
            assert_eq!(answer.body, format!("{subject} by {}", by.scheme()));
        }
    });
    join_all(calls).await;
}

#[tokio::test]
async fn an_inner_auth_ignores_the_caller_of_an_outer_one() {
    let generous = PermissionOverrides::new().add("tests", "alice", Permission::set(Permission::ALL));
    let outer = Auth { overrides: generous, ..Auth::default() };
    let inner = Route::new().at("/edit", on_get(edit)).with(Auth::default());
    let app =
        Route::new().nest("/inner", inner).at("/edit", on_get(edit)).protect(requirement!(authenticated)).with(outer);
    assert_eq!(get("/edit").by(By::Token, &Caller::new("alice")).to(&app).await.status, 200);
    assert_eq!(get("/inner/edit").by(By::Token, &Caller::new("alice")).to(&app).await.status, 403);
}

#[tokio::test]
async fn an_auth_inside_a_rule_does_not_satisfy_it() {
    let app = Route::new().at("/", make_sync(|_| "reached")).with(Auth::default()).protect(requirement!(authenticated));
    let answer = get("/").by(By::Token, &Caller::administrator()).to(&app).await;
    assert_eq!((answer.status, answer.code().as_str()), (500, "server_misconfigured"));
}

#[tokio::test]
async fn r95_the_documents_can_be_guarded() {
    let auth = Auth::default();
    let service = auth.service(Api, "Api", "1");
    let docs = Route::new().at("/openapi.json", service.spec_endpoint()).nest("/docs", service.swagger_ui());
    let app = Route::new().nest("/", docs.protect(requirement!(role("Administrator")))).with(auth);
    for path in ["/openapi.json", "/docs", "/docs/", "/docs/oauth-receiver.html"] {
        assert_eq!(get(path).to(&app).await.status, 401, "{path}");
        assert_eq!(get(path).by(By::Session, &Caller::new("u")).to(&app).await.status, 403, "{path}");
    }
    assert_eq!(get("/docs").by(By::Session, &Caller::administrator()).to(&app).await.status, 200);
}

#[tokio::test]
async fn a_repeated_request_stays_denied() {
    let auth = Auth::default();
    let app = auth.service(Api, "Api", "1").into_endpoint();
    for _ in 0..50 {
        assert_eq!(get("/me").credential(By::Key, "invalid").to(&app).await.status, 401);
        assert_eq!(get("/edit").by(By::Key, &Caller::new("u")).to(&app).await.status, 403);
    }
    assert_eq!(auth.key.asked(), 100, "an invalid credential is not cached");
}

#[tokio::test]
async fn names_in_the_request_body_or_query_grant_no_role() {
    let body = r#"{"role":"Administrator","roles":["Administrator"],"permissions":["edit"],"guard":true,"caller":{"sub":"root"}}"#;
    let answer = call("POST", "/upload").json(body).by(By::Token, &Caller::new("u")).to(&app()).await;
    assert_eq!((answer.status, answer.trace.handled()), (403, 0));
    let path = "/edit?guard=1&role=Administrator&caller=root&permissions=edit";
    assert_eq!(get(path).by(By::Token, &Caller::new("u")).to(&app()).await.status, 403);
}

/// A store that changes and fails while the service runs.
#[derive(Clone, Default)]
struct Store {
    users: Arc<Mutex<HashMap<String, User>>>,
    keys: Arc<Mutex<HashMap<String, ApiKeyRecord>>>,
    down: Arc<Mutex<bool>>,
}

impl Store {
    fn check(&self) -> Result<(), Unavailable> {
        if *self.down.lock().unwrap() { Err(Unavailable::new("the store is down")) } else { Ok(()) }
    }

    fn put(&self, user: User) {
        self.users.lock().unwrap().insert(user.name().to_owned(), user);
    }
}

impl UserStore for Store {
    async fn find(&self, username: &str) -> Result<Option<User>, Unavailable> {
        self.check()?;
        Ok(self.users.lock().unwrap().get(username).cloned())
    }

    async fn find_by_subject(&self, subject: &str) -> Result<Option<User>, Unavailable> {
        UserStore::find(self, subject).await
    }
}

impl ApiKeyStore for Store {
    async fn find(&self, id: &str) -> Result<Option<ApiKeyRecord>, Unavailable> {
        self.check()?;
        Ok(self.keys.lock().unwrap().get(id).cloned())
    }
}

#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = Role)]
struct Changing {
    #[scheme(basic)]
    password: Basic<Store>,
    #[scheme(api_key(header = "X-API-Key"))]
    key: ApiKeys<Store>,
}

struct ChangingApi;

#[protected(auth = Changing)]
#[OpenApi]
impl ChangingApi {
    #[permission("edit")]
    #[oai(path = "/edit", method = "get")]
    async fn edit(&self) -> PlainText<&'static str> {
        PlainText("edit")
    }
}

#[tokio::test]
async fn r07_a_change_in_a_store_applies_to_the_next_request() {
    let (old, new) = ("the old password", "the new password");
    let (old_hash, new_hash) =
        (auth_runtime::users::hash_password(old).unwrap(), auth_runtime::users::hash_password(new).unwrap());
    let store = Store::default();
    let auth = Changing {
        password: Basic::new(store.clone()).throttle(danger::unlimited_attempts()),
        key: ApiKeys::new(store.clone()),
    };
    let app = auth.service(ChangingApi, "Api", "1").into_endpoint();
    let status =
        async |password: &str| get("/edit").header("Authorization", basic("alice", password)).to(&app).await.status;
    assert_eq!(status(old).await, 401, "the user does not exist yet");
    let user = |hash: &str| User::new("alice", hash);
    store.put(user(&old_hash).roles(["User"]));
    assert_eq!(status(old).await, 200);
    store.put(user(&old_hash).roles(["Viewer"]));
    assert_eq!(status(old).await, 403, "the role was removed");
    store.put(user(&old_hash).permissions(["edit"]));
    assert_eq!(status(old).await, 200);
    store.put(user(&old_hash).roles(["User"]).disabled(true));
    assert_eq!(status(old).await, 401, "disabled");
    store.put(user(&new_hash).roles(["User"]));
    assert_eq!((status(old).await, status(new).await), (401, 200), "the password was changed");
    *store.down.lock().unwrap() = true;
    assert_eq!((status(new).await, status(old).await), (503, 503), "the cache does not replace the store");
    *store.down.lock().unwrap() = false;
    store.users.lock().unwrap().clear();
    assert_eq!(status(new).await, 401, "deleted");
    for broken in ["", "plain", "$argon2id$v=19$m=19456,t=2,p=1$", new] {
        store.put(user(broken).roles(["User"]));
        for password in [broken, new, old, ""] {
            assert_eq!(status(password).await, 401, "the stored {broken:?} is neither a hash nor a password");
        }
    }
}

#[tokio::test]
async fn r07_a_revoked_key_is_rejected_from_the_next_request_on() {
    let store = Store::default();
    let auth = Changing { password: Basic::new(store.clone()), key: ApiKeys::new(store.clone()) };
    let app = auth.service(ChangingApi, "Api", "1").into_endpoint();
    let (key, record) = generate("demo", "machine").unwrap();
    let status = async || get("/edit").header("X-API-Key", key.as_str()).to(&app).await.status;
    let put = |record: ApiKeyRecord| store.keys.lock().unwrap().insert(record.id().to_owned(), record);
    assert_eq!(status().await, 401);
    put(record.clone().permissions(["edit"]));
    assert_eq!(status().await, 200);
    put(record.clone());
    assert_eq!(status().await, 403);
    put(record.clone().permissions(["edit"]).revoked(true));
    assert_eq!(status().await, 401);
    *store.down.lock().unwrap() = true;
    assert_eq!(status().await, 503);
    *store.down.lock().unwrap() = false;
    // The store returns the record of another key.
    let (_, other) = generate("demo", "other").unwrap();
    store.keys.lock().unwrap().insert(record.id().to_owned(), other.permissions(["edit"]));
    assert_eq!(status().await, 401, "the hash is compared, whatever the store returns");
}

#[tokio::test]
async fn r51_a_burst_of_passwords_over_the_limit_is_503() {
    let store = Store::default();
    store.put(User::with_password("alice", "correct horse battery staple").unwrap().roles(["User"]));
    // More requests than a throttle allows.
    let password = Basic::new(store.clone()).pool(PasswordPool::new(1, 1)).throttle(danger::unlimited_attempts());
    let app = Changing { password, key: ApiKeys::new(store) }.service(ChangingApi, "Api", "1").into_endpoint();
    let attempts = (0..12)
        .map(|number| get("/edit").header("Authorization", basic("alice", &format!("guess number {number}"))).to(&app));
    let statuses: Vec<u16> = join_all(attempts).await.iter().map(|answer| answer.status).collect();
    assert!(statuses.iter().all(|status| [401, 503].contains(status)), "{statuses:?}");
    assert!(statuses.contains(&503) && statuses.contains(&401), "{statuses:?}");
    let after = get("/edit").header("Authorization", basic("alice", "correct horse battery staple")).to(&app).await;
    assert_eq!(after.status, 200, "the places are free again");
}
