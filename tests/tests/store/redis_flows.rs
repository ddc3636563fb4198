//! Browsers of a service on several processes, with users in SQL and sessions in Redis.

use std::time::{Duration, Instant};

use auth_runtime::{
    prelude::*,
    session::NewSession,
    users::{User, UserStore},
};
use auth_store::{NewUser, RedisStore, SqlUsers};
use poem::{Endpoint, EndpointExt, Request, Response, endpoint::BoxEndpoint, get, handler};

use crate::{
    callers::PASSWORD,
    database::TestDatabase,
    outage::{Port, Proxy},
    redis::url,
};

type Browsers = Sessions<SqlUsers, RedisStore>;

#[derive(Auth, Clone)]
struct Auth {
    #[scheme(cookie = "__Host-session")]
    session: Browsers,
}

#[protected]
#[handler]
fn hello(caller: Principal<Auth>) -> String {
    caller.username().unwrap_or_default().to_owned()
}

/// One process.
struct Process {
    users: SqlUsers,
    sessions: Browsers,
    endpoint: BoxEndpoint<'static, Response>,
}

impl Process {
    fn new(users: SqlUsers, redis: RedisStore) -> Self {
        let sessions = Sessions::with_store(&Basic::new(users.clone()).issuer("users"), redis);
        let endpoint = get(hello).with(Auth { session: sessions.clone() });
        let endpoint = endpoint.map_to_response().boxed();
        Self { users, sessions, endpoint }
    }

    async fn user(&self, name: &str) -> User {
        self.users.find(name).await.unwrap().unwrap()
    }

    /// Signs a user in, and returns the cookie. The browser may have a cookie already.
    async fn sign_in(&self, name: &str, former: Option<&str>) -> String {
        let started = self.sessions.start(&request(former), NewSession::of_user(&self.user(name).await)).await.unwrap();
        let mut response = Response::default();
        started.add_to(&mut response);
        let cookie = response.headers()["Set-Cookie"].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    /// Returns the status for a cookie.
    async fn status(&self, cookie: &str) -> u16 {
        self.endpoint.get_response(request(Some(cookie))).await.status().as_u16()
    }

    async fn until_refused(&self, cookie: &str) {
        let start = Instant::now();
        loop {
            match self.status(cookie).await {
                200 => assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed()),
                401 => return,
                status => panic!("{status}"),
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

fn request(cookie: Option<&str>) -> Request {
    let request = Request::builder();
    cookie.into_iter().fold(request, |request, cookie| request.header("Cookie", cookie)).finish()
}

async fn two_processes(database: &TestDatabase) -> [Process; 2] {
    let users = [database.store().await, database.store().await];
    users[0].add(NewUser::new("alice").password(PASSWORD)).await.unwrap();
    users[0].add(NewUser::new("bob").password(PASSWORD)).await.unwrap();
    let [one, other] = users;
    [Process::new(one, database.redis().await), Process::new(other, database.redis().await)]
}

pub(crate) async fn r62_session_is_known_and_ended_on_each_process(database: TestDatabase) {
    let [here, there] = two_processes(&database).await;
    let cookie = here.sign_in("alice", None).await;
    assert_eq!([here.status(&cookie).await, there.status(&cookie).await], [200, 200]);
    assert_eq!(there.status(&cookie.to_uppercase()).await, 401);

    // A sign-in with the cookie of a session ends it, whoever started it.
    let renewed = there.sign_in("bob", Some(&cookie)).await;
    assert_eq!(there.status(&cookie).await, 401);
    here.until_refused(&cookie).await;
    assert_eq!(here.status(&renewed).await, 200);

    let ended = here.sessions.end_current(&request(Some(&renewed))).await.unwrap().unwrap();
    assert_eq!(ended.subject, here.user("bob").await.subject());
    assert_eq!(here.status(&renewed).await, 401);
    there.until_refused(&renewed).await;
}

pub(crate) async fn r62_user_ends_the_session_of_another_browser(database: TestDatabase) {
    let [here, there] = two_processes(&database).await;
    let cookies = [here.sign_in("alice", None).await, there.sign_in("alice", None).await];
    let alice = here.user("alice").await;
    let listed = here.sessions.list("users", alice.subject()).await.unwrap();
    assert_eq!(listed.len(), 2);
    let own = here.sessions.current(&request(Some(&cookies[0]))).await.unwrap().unwrap();
    let other = listed.iter().find(|session| session.id != own.id).unwrap();
    let bob = here.user("bob").await;
    assert!(!here.sessions.end("users", bob.subject(), &other.id).await.unwrap(), "not the session of another user");
    assert!(here.sessions.end("users", alice.subject(), &other.id).await.unwrap());
    there.until_refused(&cookies[1]).await;
    assert_eq!([here.status(&cookies[0]).await, there.status(&cookies[0]).await], [200, 200]);
}

pub(crate) async fn r62_session_ends_with_the_password(database: TestDatabase) {
    let [here, there] = two_processes(&database).await;
    let cookie = here.sign_in("alice", None).await;
    assert_eq!([here.status(&cookie).await, there.status(&cookie).await], [200, 200]);
    here.users.set_password("alice", "a horse of another colour", None).await.unwrap();
    assert_eq!([here.status(&cookie).await, there.status(&cookie).await], [401, 401]);
}

pub(crate) async fn r62_session_is_503_without_redis(database: TestDatabase) {
    let proxy = Proxy::before(&url()).await;
    let redis = database.redis_options().answer_timeout(Duration::from_secs(1)).connect(&proxy.url).await.unwrap();
    let [_, there] = two_processes(&database).await;
    let here = Process::new(database.store().await, redis);
    let cookie = there.sign_in("alice", None).await;
    assert_eq!(here.status(&cookie).await, 200);
    proxy.port.send_replace(Port::Closed);
    while here.status(&cookie).await != 503 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(here.sessions.start(&request(None), NewSession::of_user(&here.user("bob").await)).await.is_err());
    assert_eq!(there.status(&cookie).await, 200);
    proxy.port.send_replace(Port::Open);
    assert_eq!(here.status(&cookie).await, 200);
}
