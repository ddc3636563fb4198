//! Sessions of browsers, over real HTTP.

use std::{
    collections::HashMap,
    sync::{
        Arc, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use auth_runtime::{
    api_key::MemoryApiKeys,
    authenticate::{Context, Identity},
    policy::{Access, Operation},
    prelude::*,
    session::{MemorySessions, NewSession, Session, SessionError, SessionStore},
    users::{User, UserStore},
};
use futures_util::{StreamExt, stream};
use poem::{
    Endpoint, EndpointExt, IntoResponse, Request, Response, Result, Route,
    endpoint::make_sync,
    get, handler,
    http::StatusCode,
    post,
    web::{
        Data,
        sse::{Event, SSE},
    },
};
use poem_openapi::{OpenApi, payload::PlainText};

use crate::{
    fixture::{Permission, Role},
    wire::{Received, Wire},
};

const KEY: &str = "0Zr9Pq4cWv1XsT7uKb3Ln6";
const FORGED: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Users that a test changes, and switches that make the store fail, or answer without waiting.
#[derive(Clone, Default)]
pub(crate) struct People {
    users: Arc<RwLock<HashMap<String, User>>>,
    is_down: Arc<AtomicBool>,
    is_ready: Arc<AtomicBool>,
}

impl People {
    pub(crate) fn set(&self, user: User) {
        self.users.write().unwrap().insert(user.name().to_owned(), user);
    }

    fn remove(&self, name: &str) {
        self.users.write().unwrap().remove(name);
    }
}

impl UserStore for People {
    async fn find(&self, username: &str) -> Result<Option<User>, Unavailable> {
        if self.is_down.load(Ordering::SeqCst) {
            return Err(Unavailable::new("connection refused"));
        }
        Ok(self.users.read().unwrap().get(username).cloned())
    }

    async fn find_by_subject(&self, subject: &str) -> Result<Option<User>, Unavailable> {
        self.find(subject).await
    }

    fn find_by_subject_now(&self, subject: &str) -> Option<User> {
        if !self.is_ready.load(Ordering::SeqCst) || self.is_down.load(Ordering::SeqCst) {
            return None;
        }
        self.users.read().unwrap().get(subject).cloned()
    }
}

/// Sessions in memory, and switches that make the store fail, or answer without waiting.
#[derive(Clone, Default)]
struct Store {
    sessions: MemorySessions,
    is_down: Arc<AtomicBool>,
    is_ready: Arc<AtomicBool>,
    /// How often a request had to wait for the store.
    waits: Arc<AtomicU64>,
}

impl Store {
    fn check(&self) -> Result<(), Unavailable> {
        if self.is_down.load(Ordering::SeqCst) { Err(Unavailable::new("connection refused")) } else { Ok(()) }
    }
}

impl SessionStore for Store {
    async fn find(&self, id: &str) -> Result<Option<Arc<Session>>, Unavailable> {
        self.waits.fetch_add(1, Ordering::SeqCst);
        self.check()?;
        self.sessions.find(id).await
    }

    fn find_now(&self, id: &str) -> Option<Arc<Session>> {
        self.check().ok().filter(|()| self.is_ready.load(Ordering::SeqCst))?;
        self.sessions.find_now(id)
    }

    async fn insert(&self, session: Arc<Session>, replaced: Option<&str>) -> Result<(), Unavailable> {
        self.check()?;
        self.sessions.insert(session, replaced).await
    }

    async fn end(&self, id: &str) -> Result<bool, Unavailable> {
        self.check()?;
        self.sessions.end(id).await
    }

    async fn end_all(&self, issuer: &str, subject: &str, except: Option<&str>) -> Result<u64, Unavailable> {
        self.check()?;
        self.sessions.end_all(issuer, subject, except).await
    }

    async fn list(&self, issuer: &str, subject: &str) -> Result<Vec<Arc<Session>>, Unavailable> {
        self.check()?;
        self.sessions.list(issuer, subject).await
    }

    fn touch(&self, id: &str, now: u64) {
        self.sessions.touch(id, now);
    }
}

type Browsers = Sessions<People, Store>;

#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = Role, realm = "entry book")]
struct Auth {
    #[scheme(api_key(header = "X-API-Key"))]
    key: ApiKeys,
    #[scheme(cookie = "__Host-session")]
    session: Browsers,
}

#[protected]
#[handler]
fn me(caller: Principal<Auth>) -> String {
    format!("{} {:?} {:?}", caller.display_name(), caller.roles(), caller.acr())
}

#[protected(fresh = "5m")]
#[handler]
fn recent() -> &'static str {
    "recent"
}

#[optional_auth]
#[handler]
fn greeting(caller: Option<Principal<Auth>>) -> String {
    caller.map_or_else(|| "anonymous".to_owned(), |caller| caller.display_name().to_owned())
}

/// A subtree for every caller.
const OPEN: &Operation<Auth> = &Operation::new("open", Access::Optional { requirement: None, hide: false });

/// Signs a user in without a password: `POST /start/NAME`.
#[handler]
async fn start(request: &Request, Data(sessions): Data<&Browsers>, Data(people): Data<&People>) -> Result<Response> {
    let name = request.raw_path_param("name").unwrap_or_default();
    let user = people.find(name).await.map_err(unavailable)?.ok_or(StatusCode::UNAUTHORIZED)?;
    let new = NewSession::of_user(&user).methods(["pwd"]);
    let new = match request.uri().query() {
        Some("pending") => new.pending(),
        Some(acr) => new.acr(acr),
        None => new,
    };
    let mut response = StatusCode::NO_CONTENT.into_response();
    sessions.start(request, new).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?.add_to(&mut response);
    Ok(response)
}

#[handler]
async fn rotate(request: &Request, Data(sessions): Data<&Browsers>) -> Result<Response> {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(started) = sessions.rotate(request).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)? {
        started.add_to(&mut response);
    }
    Ok(response)
}

#[handler]
async fn finish(request: &Request, Data(sessions): Data<&Browsers>) -> Result<Response> {
    sessions.end_current(request).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    sessions.delete_cookie(&mut response);
    Ok(response)
}

/// Sends an event each 50 ms until the session ends.
#[protected]
#[handler]
fn events(caller: Principal<Auth>, Data(sessions): Data<&Browsers>) -> SSE {
    let (sessions, id) = (sessions.clone(), caller.session_id().unwrap_or_default().to_owned());
    let ticks = stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Some((Event::message("tick"), ()))
    });
    SSE::new(ticks.take_until(async move { sessions.until_end(&id).await }).boxed())
}

fn unavailable(_: Unavailable) -> poem::Error {
    StatusCode::SERVICE_UNAVAILABLE.into()
}

struct Api;

#[protected]
#[OpenApi]
impl Api {
    #[optional_auth]
    #[oai(path = "/greeting", method = "get")]
    async fn greeting(&self, caller: Option<Principal<Auth>>) -> PlainText<String> {
        PlainText(caller.map_or_else(|| "anonymous".to_owned(), |caller| caller.display_name().to_owned()))
    }
}

/// A service with a user `alice`, and all that a test can change.
struct World {
    wire: Wire,
    people: People,
    store: Store,
    sessions: Browsers,
    /// Seconds that the clock of the sessions is ahead.
    ahead: Arc<AtomicU64>,
}

impl World {
    async fn new() -> Self {
        Self::with(|sessions| sessions).await
    }

    async fn with(configure: impl FnOnce(Browsers) -> Browsers) -> Self {
        let (people, store, ahead) = (People::default(), Store::default(), Arc::new(AtomicU64::new(0)));
        people.set(User::new("alice", "").roles(["Viewer"]));
        people.set(User::new("bob", ""));
        let clock = Arc::clone(&ahead);
        let sessions = Sessions::with_store(&Basic::new(people.clone()), store.clone())
            .clock(move || SystemTime::now() + Duration::from_secs(clock.load(Ordering::SeqCst)));
        let sessions = configure(sessions);
        let key = ApiKeys::new(MemoryApiKeys::new().add(KEY, "robot").unwrap());
        let auth = Auth { key, session: sessions.clone() };
        let wire = Wire::serve(app(&auth, &people)).await;
        Self { wire, people, store, sessions, ahead }
    }

    fn advance(&self, seconds: u64) {
        self.ahead.fetch_add(seconds, Ordering::SeqCst);
    }

    async fn send(&self, line: &str, headers: &[String]) -> Received {
        let headers: Vec<&[u8]> = headers.iter().map(String::as_bytes).collect();
        self.wire.send(line, &headers).await
    }

    /// Gets a path twice: from stores that answer without waiting, and from stores that do not. Both responses are the same.
    async fn get(&self, path: &str, cookie: &str) -> Received {
        let (line, cookie) = (format!("GET {path}"), [format!("Cookie: __Host-session={cookie}")]);
        self.stores_are_ready(true);
        let ready = self.send(&line, &cookie).await;
        self.stores_are_ready(false);
        let waiting = self.send(&line, &cookie).await;
        assert_eq!((ready.status, &ready.body), (waiting.status, &waiting.body), "{path}");
        ready
    }

    fn stores_are_ready(&self, are_ready: bool) {
        self.people.is_ready.store(are_ready, Ordering::SeqCst);
        self.store.is_ready.store(are_ready, Ordering::SeqCst);
    }

    /// Signs a user in, and returns the token of the cookie.
    async fn sign_in(&self, path: &str) -> String {
        token(&self.send(&format!("POST /start/{path}"), &[]).await).unwrap()
    }
}

fn app(auth: &Auth, people: &People) -> impl Endpoint + use<> {
    let pages = Route::new()
        .at("/me", get(me).post(me))
        .at("/recent", get(recent))
        .at("/greeting", get(greeting))
        .at("/open", make_sync(|_| "open").protect(OPEN))
        .at("/events", get(events))
        .at("/start/:name", post(start))
        .at("/rotate", post(rotate))
        .at("/end", post(finish));
    Route::new()
        .nest("/api", auth.service(Api, "Api", "1"))
        .nest("/", pages.with(auth.clone()))
        .data(auth.session.clone())
        .data(people.clone())
}

/// Returns the token that a response sets.
fn token(received: &Received) -> Option<String> {
    let line = received.head.lines().find(|line| line.to_ascii_lowercase().starts_with("set-cookie: "));
    let (_, cookie) = line?.split_once("__Host-session=")?;
    cookie.split(';').next().filter(|token| !token.is_empty()).map(str::to_owned)
}

fn deletes_cookie(received: &Received) -> bool {
    let head = received.head.to_ascii_lowercase();
    head.contains("set-cookie: __host-session=; path=/; secure; httponly; samesite=lax; max-age=0")
        && head.contains("cache-control: no-store")
}

#[tokio::test]
async fn r60_the_cookie_belongs_to_this_host_alone_and_no_cache_stores_it() {
    let world = World::new().await;
    let started = world.send("POST /start/alice", &[]).await;
    let head = started.head.to_ascii_lowercase();
    let token = token(&started).unwrap();
    let expected =
        format!("set-cookie: __host-session={}; path=/; secure; httponly; samesite=lax\r\n", token.to_lowercase());
    assert!(head.contains(&expected) && head.contains("cache-control: no-store"), "{head}");
    let answer = world.get("/me", &token).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "alice {Viewer} None"));
}

#[tokio::test]
#[should_panic(expected = "the cookie of sessions starts with `__Host-`, unlike \"session\"")]
async fn r60_a_cookie_without_the_prefix_does_not_start() {
    #[derive(Auth, Clone)]
    struct Weak {
        #[scheme(cookie = "session")]
        session: Browsers,
    }
    let session = Sessions::with_store(&Basic::new(People::default()), Store::default());
    let _ = Route::new().with(Weak { session });
}

#[tokio::test]
async fn r61_a_sign_in_gives_a_new_token_and_ends_the_session_that_came_with_it() {
    let world = World::new().await;
    let planted = world.sign_in("bob").await;
    let cookie = format!("Cookie: __Host-session={planted}");
    let signed_in = token(&world.send("POST /start/alice", &[cookie]).await).unwrap();
    assert_ne!(signed_in, planted);
    assert_eq!(world.get("/me", &signed_in).await.status, 200);
    assert_eq!(world.get("/me", &planted).await.status, 401);
}

#[tokio::test]
async fn r61_a_forged_token_is_never_adopted() {
    let world = World::new().await;
    let cookie = format!("Cookie: __Host-session={FORGED}");
    let signed_in = token(&world.send("POST /start/alice", &[cookie]).await).unwrap();
    assert_ne!(signed_in, FORGED);
    let answer = world.get("/me", FORGED).await;
    assert_eq!(answer.status, 401);
    assert!(deletes_cookie(&answer), "{}", answer.head);
    assert_eq!(world.get("/me", &signed_in).await.status, 200);
}

#[tokio::test]
async fn r61_a_change_of_rights_gives_a_new_token_and_keeps_the_rest() {
    let world = World::new().await;
    let former = world.sign_in("alice?gold").await;
    world.advance(400);
    let rotated = world.send("POST /rotate", &[format!("Cookie: __Host-session={former}")]).await;
    let rotated = token(&rotated).unwrap();
    assert_eq!(world.get("/me", &rotated).await.body, "alice {Viewer} Some(\"gold\")");
    assert_eq!(world.get("/me", &former).await.status, 401);
    let sessions = world.sessions.list("basic", "alice").await.unwrap();
    assert_eq!(sessions.len(), 1);
    assert!(
        sessions[0].authenticated_at == sessions[0].created_at && sessions[0].last_seen_at > sessions[0].created_at
    );
}

#[tokio::test]
async fn r62_a_session_that_was_signed_out_cannot_be_replayed() {
    let world = World::new().await;
    let token = world.sign_in("alice").await;
    let other = world.sign_in("alice").await;
    let ended = world.send("POST /end", &[format!("Cookie: __Host-session={token}")]).await;
    assert!(deletes_cookie(&ended), "{}", ended.head);
    assert_eq!(world.get("/me", &token).await.status, 401);
    assert_eq!(world.get("/me", &other).await.status, 200);
}

#[tokio::test]
async fn known_session_waits_for_no_store_that_answers_at_once() {
    let world = World::new().await;
    let cookie = format!("Cookie: __Host-session={}", world.sign_in("alice").await);
    world.stores_are_ready(true);
    let other_site = "Sec-Fetch-Site: cross-site".to_owned();
    for (line, headers, status, waits) in [
        ("GET /me", vec![cookie.clone()], 200, 0),
        ("POST /me", vec![cookie.clone()], 200, 0),
        // The page of another site may read, and no more.
        ("GET /me", vec![cookie.clone(), other_site.clone()], 200, 0),
        ("POST /me", vec![cookie.clone(), other_site.clone()], 403, 0),
        ("GET /me", vec![cookie.clone(), other_site, "Upgrade: websocket".to_owned()], 403, 0),
        ("GET /me", vec![cookie.clone(), cookie.clone()], 400, 0),
        ("GET /me", vec![cookie.clone(), "Authorization: Bearer a".to_owned()], 401, 0),
        ("GET /me", vec![cookie.clone(), "X-API-Key: a".to_owned()], 401, 0),
    ] {
        let before = world.store.waits.load(Ordering::SeqCst);
        let answer = world.send(line, &headers).await;
        assert_eq!(answer.status, status, "{line} {headers:?} {}", answer.body);
        assert_eq!(world.store.waits.load(Ordering::SeqCst) - before, waits, "{line} {headers:?}");
    }
    // If one store must be waited for, both are asked as usual.
    world.people.is_ready.store(false, Ordering::SeqCst);
    let before = world.store.waits.load(Ordering::SeqCst);
    assert_eq!(world.send("GET /me", &[cookie]).await.status, 200);
    assert_eq!(world.store.waits.load(Ordering::SeqCst), before + 1);
}

#[tokio::test]
async fn cookie_beside_a_key_does_not_keep_its_session_alive() {
    let world = World::new().await;
    let token = world.sign_in("alice").await;
    world.advance(20 * 60);
    world.stores_are_ready(true);
    let headers = [format!("Cookie: __Host-session={token}"), format!("X-API-Key: {KEY}")];
    assert!(world.send("GET /me", &headers).await.body.starts_with("robot"));
    world.advance(20 * 60);
    assert_eq!(world.get("/me", &token).await.status, 401);
}

#[tokio::test]
async fn r62_an_unused_session_ends() {
    let world = World::new().await;
    let token = world.sign_in("alice").await;
    for _ in 0..3 {
        world.advance(29 * 60);
        assert_eq!(world.get("/me", &token).await.status, 200);
    }
    world.advance(30 * 60 + 1);
    assert_eq!(world.get("/me", &token).await.status, 401);
    // Another token of the same age, which no request has used.
    assert!(world.sessions.list("basic", "alice").await.unwrap().is_empty());
}

#[tokio::test]
async fn r62_the_last_request_at_another_process_counts() {
    let world = World::new().await;
    let token = world.sign_in("alice").await;
    world.advance(29 * 60);
    assert_eq!(world.get("/me", &token).await.status, 200);
    // Another process has its own caches and the same store.
    let elsewhere = Sessions::with_store(&Basic::new(world.people.clone()), world.store.clone());
    let ahead = Arc::clone(&world.ahead);
    let elsewhere = elsewhere.clock(move || SystemTime::now() + Duration::from_secs(ahead.load(Ordering::SeqCst)));
    world.advance(2 * 60);
    let request = Request::builder().header("Cookie", format!("__Host-session={token}")).finish();
    assert!(elsewhere.current(&request).await.unwrap().is_some());
}

#[tokio::test]
async fn r62_a_used_session_ends_too() {
    let world = World::with(|sessions| sessions.absolute_limit(Duration::from_hours(1))).await;
    let token = world.sign_in("alice").await;
    for _ in 0..3 {
        world.advance(19 * 60);
        assert_eq!(world.get("/me", &token).await.status, 200);
    }
    world.advance(3 * 60 + 1);
    assert_eq!(world.get("/me", &token).await.status, 401);
}

#[tokio::test]
async fn r62_a_session_ends_with_its_user_and_with_the_password() {
    let alice = || User::new("alice", "").roles(["Viewer"]);
    for (what, user) in [
        ("new password", Some(alice().credential_epoch(1))),
        ("disabled", Some(alice().disabled(true))),
        ("deleted", None),
        ("another person", Some(alice().with_subject("another"))),
    ] {
        let world = World::new().await;
        let token = world.sign_in("alice").await;
        assert_eq!(world.get("/me", &token).await.status, 200);
        world.people.remove("alice");
        if let Some(user) = user {
            world.people.set(user);
        }
        let answer = world.get("/me", &token).await;
        assert!(answer.status == 401 && deletes_cookie(&answer), "{what}: {}", answer.head);
        assert!(world.sessions.list("basic", "alice").await.unwrap().is_empty(), "{what}");
    }
}

#[tokio::test]
async fn r7_a_session_has_the_current_roles_of_the_user() {
    let world = World::new().await;
    let token = world.sign_in("alice").await;
    for _ in 0..2 {
        assert_eq!(world.get("/me", &token).await.status, 200);
    }
    world.people.set(User::new("alice", "").roles(["Administrator"]).display_name("Alice A."));
    for _ in 0..2 {
        assert_eq!(world.get("/me", &token).await.body, "Alice A. {Administrator} None");
    }
}

#[tokio::test]
async fn r62_a_caller_whose_session_has_ended_is_anonymous_on_optional_routes() {
    let world = World::new().await;
    let token = world.sign_in("alice").await;
    for path in ["/greeting", "/api/greeting"] {
        let answer = world.get(path, &token).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "alice"), "{path}");
        assert!(!answer.head.to_ascii_lowercase().contains("set-cookie"), "{}", answer.head);
        let answer = world.get(path, FORGED).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "anonymous"), "{path}");
        assert!(deletes_cookie(&answer), "{}", answer.head);
    }
    assert!(!deletes_cookie(&world.get("/open", &token).await));
    let answer = world.get("/open", FORGED).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "open"));
    assert!(deletes_cookie(&answer), "{}", answer.head);
    // A text that is no token was never the cookie of a session.
    for bad in ["", "null", "a b", &FORGED[1..]] {
        assert_eq!(world.get("/greeting", bad).await.status, 400, "{bad}");
    }
    let twice = format!("Cookie: __Host-session={token}; __Host-session={token}");
    assert_eq!(world.send("GET /greeting", &[twice]).await.status, 400);
}

#[tokio::test]
async fn r66_a_request_with_a_key_and_a_cookie_is_judged_by_the_key() {
    let world = World::new().await;
    let token = world.sign_in("alice").await;
    for (cookie, key, status) in [(&*token, KEY, 200), (FORGED, KEY, 200), (&token, "0Zr9Pq4cWv1XsT7uKb3Ln7", 401)] {
        let headers = [format!("Cookie: __Host-session={cookie}"), format!("X-API-Key: {key}")];
        let foreign = "Sec-Fetch-Site: cross-site".to_owned();
        let answer = world.send("POST /me", &[headers.as_slice(), &[foreign]].concat()).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        assert!(status != 200 || answer.body.starts_with("robot"), "{}", answer.body);
    }
}

#[tokio::test]
async fn r65_a_page_of_another_site_cannot_write_with_the_cookie() {
    let world = World::new().await;
    let cookie = format!("Cookie: __Host-session={}", world.sign_in("alice").await);
    for (origin, status) in [
        ("Sec-Fetch-Site: cross-site", 403),
        ("Origin: https://evil.example", 403),
        ("Sec-Fetch-Site: same-origin", 200),
    ] {
        assert_eq!(world.send("POST /me", &[cookie.clone(), origin.to_owned()]).await.status, status, "{origin}");
    }
}

#[tokio::test]
async fn a_store_that_is_down_is_unavailable_and_neither_a_denial_nor_a_pass() {
    let world = World::new().await;
    let token = world.sign_in("alice").await;
    for is_down in [&world.store.is_down, &world.people.is_down] {
        is_down.store(true, Ordering::SeqCst);
        for path in ["/me", "/greeting"] {
            let answer = world.get(path, &token).await;
            assert_eq!(answer.status, 503, "{path}");
            assert!(!answer.head.to_ascii_lowercase().contains("set-cookie"), "{}", answer.head);
        }
        assert_eq!(world.send("POST /start/alice", &[]).await.status, 503);
        is_down.store(false, Ordering::SeqCst);
        assert_eq!(world.get("/me", &token).await.status, 200);
    }
}

#[tokio::test]
async fn a_session_without_its_second_factor_admits_to_nothing() {
    let world = World::new().await;
    let pending = world.sign_in("alice?pending").await;
    assert_eq!(world.get("/me", &pending).await.status, 401);
    let answer = world.get("/greeting", &pending).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "anonymous"));
    assert!(!answer.head.to_ascii_lowercase().contains("set-cookie"), "the sign-in goes on: {}", answer.head);
    assert!(world.sessions.list("basic", "alice").await.unwrap().is_empty());
    let complete = world.send("POST /start/alice?two-factors", &[format!("Cookie: __Host-session={pending}")]).await;
    assert_eq!(world.get("/me", &token(&complete).unwrap()).await.body, "alice {Viewer} Some(\"two-factors\")");
    assert_eq!(world.get("/greeting", &pending).await.body, "anonymous");
    let late = world.sign_in("alice?pending").await;
    world.advance(10 * 60);
    let request = Request::builder().header("Cookie", format!("__Host-session={late}")).finish();
    assert!(world.sessions.current(&request).await.unwrap().is_none());
}

#[tokio::test]
async fn r16_fresh_compares_the_time_of_the_sign_in() {
    let world = World::new().await;
    let just_now = world.sign_in("alice").await;
    assert_eq!(world.get("/recent", &just_now).await.status, 200);
    // The clock of the sessions is behind that of the rule.
    let clock = SystemTime::now() - Duration::from_mins(6);
    let earlier = Sessions::with_store(&Basic::new(world.people.clone()), world.store.clone()).clock(move || clock);
    let alice = world.people.find("alice").await.unwrap().unwrap();
    let started = earlier.start(&Request::default(), NewSession::of_user(&alice)).await.unwrap();
    let mut response = Response::default();
    started.add_to(&mut response);
    let cookie = response.header("Set-Cookie").unwrap();
    let stale = cookie.split_once('=').unwrap().1.split(';').next().unwrap();
    let answer = world.get("/recent", stale).await;
    assert!(answer.status == 401 && answer.body.contains("reauthentication_required"), "{}", answer.body);
    assert!(!answer.head.to_ascii_lowercase().contains("set-cookie"), "{}", answer.head);
}

#[tokio::test]
async fn r62_users_list_and_end_their_sessions() {
    let world = World::new().await;
    let agent = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned();
    let here = token(&world.send("POST /start/alice", &[agent]).await).unwrap();
    let there = world.sign_in("alice").await;
    let of_bob = world.sign_in("bob").await;
    let listed = world.sessions.list("basic", "alice").await.unwrap();
    assert_eq!(listed.len(), 2);
    let firefox = listed.iter().find(|session| session.device == "Firefox on Linux").unwrap();
    assert_eq!(firefox.address, Some("127.0.0.1".parse().unwrap()));
    assert_eq!(firefox.methods, ["pwd"]);
    assert!(!world.sessions.end("basic", "bob", &firefox.id).await.unwrap(), "a session of another user");
    assert!(world.sessions.end("basic", "alice", &firefox.id).await.unwrap());
    assert_eq!(world.get("/me", &here).await.status, 401);
    assert_eq!(world.get("/me", &there).await.status, 200);
    let third = world.sign_in("alice").await;
    let request = Request::builder().header("Cookie", format!("__Host-session={third}")).finish();
    let third_id = world.sessions.current(&request).await.unwrap().unwrap().id.clone();
    assert_eq!(world.sessions.end_all("basic", "alice", Some(&third_id)).await.unwrap(), 1);
    for (token, status) in [(&there, 401), (&third, 200), (&of_bob, 200)] {
        assert_eq!(world.get("/me", token).await.status, status);
    }
}

#[tokio::test]
async fn r63_a_user_has_a_bounded_number_of_sessions() {
    let world = World::with(|sessions| sessions.max_per_user(2)).await;
    let mut tokens = Vec::new();
    for _ in 0..3 {
        tokens.push(world.sign_in("alice").await);
        world.advance(61);
        // The first one is used, so the second one is the least recent.
        assert_eq!(world.get("/me", &tokens[0]).await.status, 200);
    }
    for (token, status) in tokens.iter().zip([200, 401, 200]) {
        assert_eq!(world.get("/me", token).await.status, status);
    }
}

#[tokio::test]
async fn r63_sign_ins_without_the_second_factor_end_no_session() {
    let world = World::with(|sessions| sessions.max_per_user(2)).await;
    let token = world.sign_in("alice").await;
    for _ in 0..4 {
        world.sign_in("alice?pending").await;
    }
    assert_eq!(world.get("/me", &token).await.status, 200);
}

#[tokio::test]
async fn r36_a_user_of_a_plugin_keeps_the_own_issuer_and_never_meets_the_store() {
    let world = World::new().await;
    let context = Context::of::<Auth>();
    let of_directory = |issuer: &str| -> Identity {
        context.identity(issuer, "alice").username("alice").role("Administrator").permission("view").build()
    };
    let new = NewSession::of_identity(&of_directory("directory"), &context);
    let mut response = Response::default();
    world.sessions.start(&Request::default(), new).await.unwrap().add_to(&mut response);
    let cookie = response.header("Set-Cookie").unwrap();
    let token = cookie.split_once('=').unwrap().1.split(';').next().unwrap();
    // Neither the roles of the store's user of the same name, nor its end.
    world.people.remove("alice");
    assert_eq!(world.get("/me", token).await.body, "alice {Administrator} None");
    assert_eq!(world.sessions.end_all("basic", "alice", None).await.unwrap(), 0);
    assert_eq!(world.sessions.list("directory", "alice").await.unwrap().len(), 1);
    world.advance(29 * 60);
    assert_eq!(world.get("/me", token).await.status, 200);
    world.advance(29 * 60);
    assert_eq!(world.get("/me", token).await.status, 200);
    world.advance(2 * 60);
    assert_eq!(world.get("/me", token).await.status, 401, "the roles are believed for one hour");
    let same = NewSession::of_identity(&of_directory("basic"), &context);
    let refused = world.sessions.start(&Request::default(), same).await;
    assert!(matches!(refused, Err(SessionError::SameIssuer(issuer)) if issuer == "basic"));
}

#[tokio::test]
async fn r62_the_absolute_limit_is_also_that_of_plugins() {
    let world = World::with(|sessions| sessions.absolute_limit(Duration::from_mins(10))).await;
    let context = Context::of::<Auth>();
    let identity = context.identity("directory", "alice").role("Administrator").permission("view").build();
    let new = NewSession::of_identity(&identity, &context);
    let mut response = Response::default();
    world.sessions.start(&Request::default(), new).await.unwrap().add_to(&mut response);
    let cookie = response.header("Set-Cookie").unwrap();
    let token = cookie.split_once('=').unwrap().1.split(';').next().unwrap();
    world.advance(9 * 60);
    assert_eq!(world.get("/me", token).await.status, 200);
    world.advance(2 * 60);
    assert_eq!(world.get("/me", token).await.status, 401);
}

#[tokio::test]
async fn r62_an_open_event_stream_ends_with_its_session() {
    let world = World::new().await;
    let token = world.sign_in("alice").await;
    let cookie = format!("Cookie: __Host-session={token}");
    let headers = [cookie.as_bytes()];
    let stream = world.wire.send("GET /events", &headers);
    let end = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        world.sessions.end_all("basic", "alice", None).await.unwrap()
    };
    let (received, ended) =
        tokio::time::timeout(Duration::from_secs(20), async { tokio::join!(stream, end) }).await.unwrap();
    assert_eq!((received.status, ended), (200, 1));
    assert!(received.body.contains("tick"), "{}", received.body);
}
