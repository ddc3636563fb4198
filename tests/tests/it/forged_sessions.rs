//! Forged session cookies: their cost, and the users that they throttle.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use auth_runtime::{
    authenticate::{AuthenticationError, Context},
    client_ip::ClientAddress,
    credential::SessionToken,
    danger,
    prelude::*,
    session::{MemorySessions, NewSession, Session, SessionStore},
    throttle::{AttemptStore, Bucket, BucketKey, Throttle, UpdateFuture},
    users::{MemoryUsers, User},
};
use poem::{
    Endpoint, EndpointExt, Request, Response, get, handler,
    http::{StatusCode, header::SET_COOKIE},
};

/// Sessions in memory, with the number of look-ups.
#[derive(Clone, Default)]
struct Counting {
    sessions: MemorySessions,
    look_ups: Arc<AtomicUsize>,
}

impl Counting {
    /// Returns the number of look-ups since the last call.
    fn look_ups(&self) -> usize {
        self.look_ups.swap(0, Ordering::SeqCst)
    }
}

impl SessionStore for Counting {
    async fn find(&self, id: &str) -> Result<Option<Arc<Session>>, Unavailable> {
        self.look_ups.fetch_add(1, Ordering::SeqCst);
        self.sessions.find(id).await
    }

    async fn insert(&self, session: Arc<Session>, replaced: Option<&str>) -> Result<(), Unavailable> {
        self.sessions.insert(session, replaced).await
    }

    async fn end(&self, id: &str) -> Result<bool, Unavailable> {
        self.look_ups.fetch_add(1, Ordering::SeqCst);
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

type Browsers = Sessions<MemoryUsers, Counting>;

#[derive(Auth, Clone)]
struct Auth {
    #[scheme(cookie = "__Host-session")]
    session: Browsers,
}

#[protected]
#[handler]
fn me(caller: Principal<Auth>) -> String {
    caller.display_name().to_owned()
}

/// A process with a user `alice`. Processes may share the store of sessions.
struct Process {
    store: Counting,
    sessions: Browsers,
}

impl Process {
    fn new(throttle: Throttle) -> Self {
        Self::with(Counting::default(), throttle)
    }

    fn with(store: Counting, throttle: Throttle) -> Self {
        let users = MemoryUsers::new().add_user(User::new("alice", "")).unwrap();
        let sessions = Sessions::with_store(&Basic::new(users).throttle(throttle), store.clone());
        Self { store, sessions }
    }

    async fn verify(&self, token: &str, client: ClientAddress) -> Result<(), AuthenticationError> {
        let request = Request::builder().header("Cookie", format!("__Host-session={token}")).finish();
        let token = cookie_token(&request);
        self.sessions.authenticate(token, &Context::of::<Auth>().with_client(client)).await.map(drop)
    }

    /// Sends as many forged cookies, and returns how many were throttled.
    async fn forge(&self, count: u64, client: ClientAddress) -> usize {
        let mut throttled = 0;
        for _ in 0..count {
            let error = self.verify(&forged(), client).await.unwrap_err();
            throttled += usize::from(error.retry_after().is_some());
        }
        throttled
    }

    /// Signs alice in, and returns the token.
    async fn sign_in(&self) -> String {
        let started = self.sessions.start(&Request::default(), NewSession::of_user(&User::new("alice", ""))).await;
        let mut response = Response::default();
        started.unwrap().add_to(&mut response);
        let cookie = response.headers()[SET_COOKIE].to_str().unwrap();
        let (_, token) = cookie.split_once('=').unwrap();
        token.split(';').next().unwrap().to_owned()
    }

    fn app(&self) -> impl Endpoint + use<> {
        get(me).with(Auth { session: self.sessions.clone() })
    }
}

fn cookie_token(request: &Request) -> SessionToken {
    use auth_runtime::{
        credential::{CarriedBy, Credential},
        declared::{ApiKeyLocation, SchemeKind, SecurityScheme, kind},
    };
    const SCHEME: SecurityScheme =
        SecurityScheme::new("session", SchemeKind::ApiKey { location: ApiKeyLocation::Cookie, name: "__Host-session" });
    match <SessionToken as CarriedBy<kind::Cookie>>::find(request, &SCHEME) {
        Credential::Found(token) => token,
        _ => panic!("no token"),
    }
}

/// Returns another token each time.
fn forged() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let mut bits = [7; 32];
    bits[..8].copy_from_slice(&NEXT.fetch_add(1, Ordering::SeqCst).to_be_bytes());
    SessionToken::of_bits(&bits).as_str().to_owned()
}

fn address(text: &str) -> ClientAddress {
    text.parse::<IpAddr>().unwrap().into()
}

#[tokio::test]
async fn r77_forged_cookies_from_one_address_cost_25_look_ups_a_minute() {
    let process = Process::new(Throttle::in_memory());
    let here = address("192.0.2.1");
    assert_eq!(process.forge(1000, here).await, 975);
    // The first one above the limit is counted, as those before it.
    assert!((25..=26).contains(&process.store.look_ups()));
    assert_eq!(process.forge(25, address("192.0.2.2")).await, 0, "another address");
}

#[tokio::test]
async fn r77_a_session_of_this_process_is_never_throttled() {
    let process = Process::new(Throttle::in_memory());
    let here = address("192.0.2.1");
    let token = process.sign_in().await;
    process.forge(100, here).await;
    process.verify(&token, here).await.unwrap();
    let new = process.sign_in().await;
    process.verify(&new, here).await.unwrap();
    // Another process has not seen the session.
    let other = Process::with(process.store.clone(), Throttle::in_memory());
    other.forge(100, here).await;
    assert!(other.verify(&token, here).await.unwrap_err().retry_after().is_some());
    other.verify(&token, address("192.0.2.2")).await.unwrap();
    other.verify(&token, here).await.unwrap();
}

#[tokio::test]
async fn r77_the_cookie_of_an_ended_session_counts_once() {
    let process = Process::new(Throttle::in_memory());
    let here = address("192.0.2.1");
    let token = process.sign_in().await;
    process.verify(&token, here).await.unwrap();
    process.sessions.end_all("basic", "alice", None).await.unwrap();
    process.store.look_ups();
    for _ in 0..1000 {
        assert!(process.verify(&token, here).await.unwrap_err().is_signed_out());
    }
    assert_eq!(process.store.look_ups(), 1);
    // A process that never saw the session counts it once.
    let other = Process::with(process.store.clone(), Throttle::in_memory());
    for _ in 0..1000 {
        assert!(other.verify(&token, here).await.unwrap_err().is_signed_out());
    }
    assert_eq!(other.store.look_ups(), 1);
    assert_eq!(other.forge(24, here).await, 0);
}

#[tokio::test]
async fn r77_an_address_over_its_limit_can_still_sign_in_and_out() {
    let process = Process::new(Throttle::in_memory());
    process.forge(100, ClientAddress::UNKNOWN).await;
    process.store.look_ups();
    let with = |token: &str| Request::builder().header("Cookie", format!("__Host-session={token}")).finish();
    assert!(process.sessions.current(&with(&forged())).await.unwrap().is_none());
    // The session of an unknown cookie may be live, so that the sign-out is not reported as done.
    assert!(process.sessions.end_current(&with(&forged())).await.unwrap_err().retry_after().is_some());
    assert_eq!(process.store.look_ups(), 0);
    let token = process.sign_in().await;
    assert!(process.sessions.current(&with(&token)).await.unwrap().is_some());
    assert!(process.sessions.end_current(&with(&token)).await.unwrap().is_some());
    assert!(process.sessions.current(&with(&token)).await.unwrap().is_none());
}

#[tokio::test]
async fn r77_sign_outs_with_a_forged_cookie_cost_two_look_ups() {
    let process = Process::new(Throttle::in_memory());
    let request = Request::builder().header("Cookie", format!("__Host-session={}", forged())).finish();
    for _ in 0..100 {
        assert!(process.sessions.end_current(&request).await.unwrap().is_none());
    }
    // For the session, and to end it whatever its state is.
    assert_eq!(process.store.look_ups(), 2);
}

#[tokio::test]
async fn r77_a_throttled_cookie_gets_429_with_retry_after() {
    let process = Process::new(Throttle::in_memory());
    let app = process.app();
    let send = async |token: &str| {
        let request = Request::builder().header("Cookie", format!("__Host-session={token}")).finish();
        app.get_response(request).await
    };
    let mut statuses = Vec::new();
    for _ in 0..27 {
        statuses.push(send(&forged()).await.status());
    }
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::UNAUTHORIZED).count(), 25);
    let refused = send(&forged()).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = refused.headers()["Retry-After"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert!(refused.headers().get(SET_COOKIE).is_none(), "the session may be live");
}

#[tokio::test]
async fn r77_without_a_throttle_nothing_is_counted() {
    let process = Process::new(danger::unlimited_attempts());
    assert_eq!(process.forge(100, address("192.0.2.1")).await, 0);
}

/// Attempts in a store that several processes share, with the number of updates.
#[derive(Default)]
struct SharedAttempts(tokio::sync::Mutex<Vec<(BucketKey, Bucket)>>, AtomicUsize);

impl AttemptStore for SharedAttempts {
    fn update<'a>(
        &'a self,
        keys: &'a [BucketKey],
        change: &'a mut (dyn FnMut(&mut [Bucket], i64) + Send),
    ) -> UpdateFuture<'a> {
        Box::pin(async move {
            self.1.fetch_add(1, Ordering::SeqCst);
            let mut rows = self.0.lock().await;
            let find = |key: &BucketKey| rows.iter().find(|(known, _)| known == key).map(|(_, bucket)| *bucket);
            let mut buckets: Vec<Bucket> = keys.iter().map(|key| find(key).unwrap_or_default()).collect();
            change(&mut buckets, 1_764_000_000_000);
            rows.retain(|(key, _)| !keys.contains(key));
            rows.extend(keys.iter().copied().zip(buckets));
            Ok(())
        })
    }
}

#[tokio::test]
async fn r77_a_flood_of_forged_cookies_is_no_flood_of_attempts() {
    let attempts = Arc::new(SharedAttempts::default());
    let process = Process::new(Throttle::shared(Arc::clone(&attempts)));
    let here = address("192.0.2.1");
    assert_eq!(process.forge(1000, here).await, 975);
    assert_eq!((process.store.look_ups(), attempts.1.load(Ordering::SeqCst)), (26, 26));
    // Another process finds out with its first one.
    let other = Process::with(process.store.clone(), Throttle::shared(Arc::clone(&attempts)));
    assert_eq!(other.forge(100, here).await, 100);
    assert_eq!(other.store.look_ups(), 1);
}
