//! Sessions in a store that returns them late or does not answer, and sign-outs that the throttle or the store stops.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicUsize, Ordering},
    },
    time::Duration,
};

use auth_runtime::{
    credential::SessionToken,
    prelude::*,
    session::{MemorySessions, NewSession, Session, SessionStore, SignInPages},
    users::{MemoryUsers, User},
};
use poem::{
    Endpoint, EndpointExt, Request, Response, Route, get, handler,
    http::{
        Method, StatusCode,
        header::{COOKIE, SET_COOKIE},
    },
};

const UP: u8 = 0;
/// New sessions have not arrived yet.
const LATE: u8 = 1;
const DOWN: u8 = 2;

/// Sessions in memory that can be late or down, with the number of look-ups.
#[derive(Clone, Default)]
struct Replica {
    sessions: MemorySessions,
    state: Arc<AtomicU8>,
    look_ups: Arc<AtomicUsize>,
}

impl Replica {
    fn set(&self, state: u8) {
        self.state.store(state, Ordering::SeqCst);
    }

    fn look_ups(&self) -> usize {
        self.look_ups.swap(0, Ordering::SeqCst)
    }
}

impl SessionStore for Replica {
    async fn find(&self, id: &str) -> Result<Option<Arc<Session>>, Unavailable> {
        self.look_ups.fetch_add(1, Ordering::SeqCst);
        match self.state.load(Ordering::SeqCst) {
            DOWN => Err(Unavailable::new("connection refused")),
            LATE => Ok(None),
            _ => self.sessions.find(id).await,
        }
    }

    async fn insert(&self, session: Arc<Session>, replaced: Option<&str>) -> Result<(), Unavailable> {
        self.sessions.insert(session, replaced).await
    }

    async fn end(&self, id: &str) -> Result<bool, Unavailable> {
        self.sessions.end(id).await
    }

    async fn end_all(&self, issuer: &str, subject: &str, except: Option<&str>) -> Result<u64, Unavailable> {
        self.sessions.end_all(issuer, subject, except).await
    }

    async fn list(&self, issuer: &str, subject: &str) -> Result<Vec<Arc<Session>>, Unavailable> {
        self.sessions.list(issuer, subject).await
    }

    fn touch(&self, id: &str, now: u64) {
        self.sessions.touch(id, now);
    }
}

#[derive(Auth, Clone)]
struct Auth {
    #[scheme(cookie = "__Host-session")]
    session: Sessions<MemoryUsers, Replica>,
}

#[protected]
#[handler]
fn me(caller: Principal<Auth>) -> String {
    caller.display_name().to_owned()
}

fn alice() -> User {
    User::new("alice", "")
}

/// One process with the pages and a protected route.
struct Process<E> {
    store: Replica,
    sessions: Sessions<MemoryUsers, Replica>,
    app: E,
}

fn process(store: Replica) -> Process<impl Endpoint<Output = Response>> {
    let users = Basic::new(MemoryUsers::new().add_user(alice()).unwrap());
    let sessions = Sessions::with_store(&users, store.clone());
    let protected = Route::new().at("/me", get(me).with(Auth { session: sessions.clone() }));
    let app = protected.with(SignInPages::new(&sessions)).map_to_response();
    Process { store, sessions, app }
}

impl<E: Endpoint<Output = Response>> Process<E> {
    /// Signs alice in, and returns the cookie.
    async fn sign_in(&self) -> String {
        let started = self.sessions.start(&Request::default(), NewSession::of_user(&alice())).await.unwrap();
        let mut response = Response::default();
        started.add_to(&mut response);
        response.headers()[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned()
    }

    async fn send(&self, method: Method, path: &str, cookie: &str, accept: &str) -> Response {
        let path = path.parse().unwrap();
        let request = Request::builder().method(method).uri(path).header(COOKIE, cookie).header("Accept", accept);
        self.app.get_response(request.finish()).await
    }

    async fn get(&self, cookie: &str) -> StatusCode {
        self.send(Method::GET, "/me", cookie, "*/*").await.status()
    }

    /// Sends forged cookies until they are throttled.
    async fn flood(&self) {
        for number in 0..=25 {
            self.get(&forged(number)).await;
        }
        assert_eq!(self.get(&forged(26)).await, StatusCode::TOO_MANY_REQUESTS);
    }
}

fn forged(number: u8) -> String {
    format!("__Host-session={}", SessionToken::of_bits(&[number; 32]).as_str())
}

fn deletes_the_cookie(response: &Response) -> bool {
    let mut cookies = response.headers().get_all(SET_COOKIE).iter();
    cookies.any(|set| set.to_str().unwrap().starts_with("__Host-session=; "))
}

#[tokio::test(start_paused = true)]
async fn r77_a_session_that_arrives_late_is_found_within_seconds() {
    let here = process(Replica::default());
    let there = process(here.store.clone());
    let cookie = here.sign_in().await;
    there.store.set(LATE);
    assert_eq!(there.get(&cookie).await, StatusCode::UNAUTHORIZED);
    there.store.set(UP);
    assert_eq!(there.get(&cookie).await, StatusCode::UNAUTHORIZED, "not looked up again at once");
    assert_eq!(there.store.look_ups(), 1);
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(there.get(&cookie).await, StatusCode::OK);
    assert_eq!(there.store.look_ups(), 1);
}

#[tokio::test(start_paused = true)]
async fn r77_an_unknown_cookie_that_is_looked_up_again_counts_once() {
    let process = process(Replica::default());
    let mut look_ups = 0;
    for _ in 0..599 {
        assert_eq!(process.get(&forged(0)).await, StatusCode::UNAUTHORIZED);
        look_ups += process.store.look_ups();
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    assert_eq!(look_ups, 8);
    // 24 others have room within the limit of 25.
    for number in 1..=24 {
        assert_eq!(process.get(&forged(number)).await, StatusCode::UNAUTHORIZED, "{number}");
    }
}

#[tokio::test(start_paused = true)]
async fn r62_an_ended_session_stays_refused_in_a_store_that_forgets_the_end() {
    let process = process(Replica::default());
    let cookie = process.sign_in().await;
    let session = process.sessions.list("basic", "alice").await.unwrap().remove(0);
    assert_eq!(process.send(Method::POST, "/auth/logout", &cookie, "*/*").await.status(), StatusCode::NO_CONTENT);
    process.store.insert(session, None).await.unwrap();
    for _ in 0..100 {
        assert_eq!(process.get(&cookie).await, StatusCode::UNAUTHORIZED);
        tokio::time::advance(Duration::from_secs(5)).await;
    }
}

#[tokio::test]
async fn r77_a_throttled_sign_out_is_429_and_deletes_the_cookie() {
    let process = process(Replica::default());
    process.flood().await;
    for accept in ["*/*", "text/html"] {
        let response = process.send(Method::POST, "/auth/logout", &forged(50), accept).await;
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS, "{accept}");
        let wait: u64 = response.headers()["Retry-After"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        assert!(deletes_the_cookie(&response) && response.headers().contains_key("Clear-Site-Data"));
        let body = response.into_body().into_string().await.unwrap();
        assert_eq!(body.contains("sign in again and open"), accept == "text/html", "{body}");
    }
    // A session that the process has seen is never throttled.
    let cookie = process.sign_in().await;
    assert_eq!(process.send(Method::POST, "/auth/logout", &cookie, "*/*").await.status(), StatusCode::NO_CONTENT);
    assert_eq!(process.get(&cookie).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn r62_a_sign_out_during_an_outage_is_503_and_deletes_the_cookie() {
    let process = process(Replica::default());
    let cookie = process.sign_in().await;
    process.store.set(DOWN);
    for accept in ["*/*", "text/html"] {
        let response = process.send(Method::POST, "/auth/logout", &cookie, accept).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()["Retry-After"], "5");
        assert!(deletes_the_cookie(&response) && response.headers().contains_key("Clear-Site-Data"));
    }
    process.store.set(UP);
    assert_eq!(process.get(&cookie).await, StatusCode::OK, "the session was not ended");
}

#[tokio::test]
async fn r77_the_pages_of_a_throttled_cookie_are_429_and_keep_it() {
    let process = process(Replica::default());
    let other = self::process(process.store.clone());
    let cookie = other.sign_in().await;
    process.flood().await;
    for (method, path) in [(Method::GET, "/auth/sessions"), (Method::POST, "/auth/sessions")] {
        for accept in ["*/*", "text/html"] {
            let response = process.send(method.clone(), path, &cookie, accept).await;
            assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS, "{method} {path} {accept}");
            assert!(response.headers().contains_key("Retry-After") && !deletes_the_cookie(&response));
        }
    }
    assert_eq!(other.send(Method::GET, "/auth/sessions", &cookie, "*/*").await.status(), StatusCode::OK);
}
