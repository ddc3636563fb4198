//! Cookies and records of sessions that no sign-in has made.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use auth_runtime::{
    prelude::*,
    session::{MemorySessions, NewSession, Session, SessionStore},
    users::{User, UserStore},
};
use poem::{EndpointExt, Request, Response, Route, endpoint::make, get, handler, post};
use serde_json::{Value, json};

use crate::{
    fixture::{Permission, Role},
    sessions::People,
    wire::{Received, Wire},
};

type Browsers = Sessions<People, MemorySessions>;

#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = Role)]
struct Auth {
    #[scheme(cookie = "__Host-session")]
    session: Browsers,
}

#[protected]
#[handler]
fn me(caller: Principal<Auth>) -> String {
    format!("{} of {}", caller.subject(), caller.issuer())
}

/// A service with a user `alice`. Several have one store of sessions.
struct Service {
    wire: Wire,
    sessions: Browsers,
    store: MemorySessions,
    /// The seconds since 1970 of its clock.
    now: Arc<AtomicU64>,
}

impl Service {
    async fn new(issuer: &str, store: &MemorySessions) -> Self {
        Self::with(issuer, store, |sessions| sessions).await
    }

    async fn with(issuer: &str, store: &MemorySessions, configure: impl FnOnce(Browsers) -> Browsers) -> Self {
        let (people, now) = (People::default(), Arc::new(AtomicU64::new(1_800_000_000)));
        people.set(User::new("alice", "").roles(["Viewer"]));
        let clock = Arc::clone(&now);
        let sessions = Sessions::with_store(&Basic::new(people.clone()).issuer(issuer), store.clone());
        let sessions = configure(sessions)
            .clock(move || SystemTime::UNIX_EPOCH + Duration::from_secs(clock.load(Ordering::SeqCst)));
        let starting = sessions.clone();
        let start = make(move |request: Request| {
            let (sessions, people) = (starting.clone(), people.clone());
            async move {
                let alice = people.find("alice").await.unwrap().unwrap();
                let mut response = Response::default();
                sessions.start(&request, NewSession::of_user(&alice)).await.unwrap().add_to(&mut response);
                response
            }
        });
        let routes = Route::new().at("/me", get(me)).at("/start", post(start));
        let wire = Wire::serve(routes.with(Auth { session: sessions.clone() })).await;
        Self { wire, sessions, store: store.clone(), now }
    }

    /// Signs alice in, and returns the cookie.
    async fn sign_in(&self) -> String {
        let started = self.wire.send("POST /start", &[]).await;
        started.headers("Set-Cookie")[0].split(';').next().unwrap().to_owned()
    }

    async fn me(&self, cookie: &str) -> Received {
        self.wire.send("GET /me", &[format!("Cookie: {cookie}").as_bytes()]).await
    }

    /// Changes the record of the one session, as by hand.
    async fn change(&self, issuer: &str, change: impl FnOnce(&mut Value)) {
        let [session] = self.store.list(issuer, "alice").await.unwrap().try_into().unwrap();
        let mut record = serde_json::to_value(&*session).unwrap();
        change(&mut record);
        let changed: Session = serde_json::from_value(record).unwrap();
        self.store.insert(Arc::new(changed), Some(&session.id)).await.unwrap();
    }
}

#[tokio::test]
async fn r36_a_session_of_another_user_store_is_none_here() {
    let store = MemorySessions::new();
    let (staff, customers) = (Service::new("staff", &store).await, Service::new("customers", &store).await);
    let cookie = customers.sign_in().await;
    assert_eq!(customers.me(&cookie).await.body, "alice of customers");
    let answer = staff.me(&cookie).await;
    assert_eq!(answer.status, 401, "alice of the staff is another person: {}", answer.body);
    let request = Request::builder().header("Cookie", &cookie).finish();
    assert!(staff.sessions.current(&request).await.unwrap().is_none());
    assert!(staff.sessions.list("customers", "alice").await.unwrap().is_empty());
    assert_eq!(customers.me(&cookie).await.status, 200, "it goes on where it started");
}

#[tokio::test]
async fn r36_a_record_of_a_plugin_never_names_a_user_of_the_store() {
    let service = Service::new("staff", &MemorySessions::new()).await;
    let cookie = service.sign_in().await;
    let captured = json!({ "username": "alice", "display_name": null, "roles": ["Administrator"], "permissions": [] });
    service.change("staff", |record| record["user"] = json!({ "captured": captured })).await;
    assert_eq!(service.me(&cookie).await.status, 401);
    service.change("staff", |record| record["issuer"] = json!("directory")).await;
    assert_eq!(service.me(&cookie).await.body, "alice of directory");
}

#[tokio::test]
async fn a_record_with_extreme_times_is_no_panic() {
    let service = Service::new("staff", &MemorySessions::new()).await;
    let cookie = service.sign_in().await;
    let mut listed = 0;
    for time in [0, 1, u64::MAX - 1, u64::MAX] {
        for name in ["created_at", "authenticated_at", "last_seen_at", "expires_at"] {
            let service = Service::new("staff", &MemorySessions::new()).await;
            let cookie = service.sign_in().await;
            service.change("staff", |record| record[name] = json!(time)).await;
            let is_over = time <= 1 && matches!(name, "expires_at" | "last_seen_at");
            assert_eq!(service.me(&cookie).await.status, if is_over { 401 } else { 200 }, "{name} {time}");
            listed += service.sessions.list("staff", "alice").await.unwrap().len();
        }
    }
    assert_eq!(listed, 12);
    assert_eq!(service.me(&cookie).await.status, 200);
}

#[tokio::test]
async fn extreme_limits_end_sessions_never_or_at_once() {
    let longest = |sessions: Browsers| sessions.idle_limit(Duration::MAX).absolute_limit(Duration::MAX);
    let service = Service::with("staff", &MemorySessions::new(), longest).await;
    let cookie = service.sign_in().await;
    service.now.fetch_add(10 * 365 * 24 * 3600, Ordering::SeqCst);
    assert_eq!(service.me(&cookie).await.status, 200);
    for none in [
        |sessions: Browsers| sessions.idle_limit(Duration::ZERO),
        |sessions: Browsers| sessions.absolute_limit(Duration::ZERO),
        |sessions: Browsers| sessions.idle_limit(Duration::from_millis(999)),
    ] {
        let service = Service::with("staff", &MemorySessions::new(), none).await;
        let cookie = service.sign_in().await;
        assert_eq!(service.me(&cookie).await.status, 401);
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_ends_no_session_and_makes_none_longer() {
    let service = Service::new("staff", &MemorySessions::new()).await;
    let cookie = service.sign_in().await;
    let start = service.now.fetch_sub(24 * 3600, Ordering::SeqCst);
    assert_eq!(service.me(&cookie).await.status, 200);
    service.now.store(start + 12 * 3600, Ordering::SeqCst);
    assert_eq!(service.me(&cookie).await.status, 401);
}

#[tokio::test]
async fn cookies_that_no_sign_in_sets_are_refused() {
    let service = Service::new("staff", &MemorySessions::new()).await;
    let cookie = service.sign_in().await;
    let (name, token) = cookie.split_once('=').unwrap();
    let changed = if token.starts_with('A') { "B" } else { "A" };
    for bad in [
        format!("{cookie}; {cookie}"),
        format!("{cookie}; {name}={changed}{}", &token[1..]),
        format!("{name}=; {cookie}"),
        format!("{name}=\"{token}\""),
        format!("{name}={token}."),
        format!("{name}={token}\u{a0}"),
        format!("{name}={token}%20"),
        format!("{name}={token}{token}"),
        format!("{name}={}", token.to_ascii_lowercase()),
        format!("{name}={}", "A".repeat(30_000)),
        format!("{name}="),
        name.to_owned(),
    ] {
        let answer = service.me(&bad).await;
        let is_too_large = answer.status == 431 && bad.len() > 16 * 1024;
        assert!(matches!(answer.status, 400 | 401) || is_too_large, "{bad:.100}: {}", answer.status);
    }
    let twice = [format!("Cookie: {cookie}"), format!("Cookie: {name}={changed}{}", &token[1..])];
    let twice: Vec<&[u8]> = twice.iter().map(String::as_bytes).collect();
    assert!(matches!(service.wire.send("GET /me", &twice).await.status, 400 | 401));
    let huge = service.me(&format!("{name}={}", "A".repeat(1_000_000))).await.status;
    assert_eq!(huge, 431, "the server refuses the head");
    // Names have a case, and other cookies do not matter.
    assert_eq!(service.me(&format!("{}={token}", name.to_ascii_uppercase())).await.status, 401);
    assert_eq!(service.me(&format!("a=\"b; c\"; {cookie}; d={}", "e".repeat(10_000))).await.status, 200);
}
