//! A service with its sessions, tokens and signing keys in Redis, beside the command. `tests/services up` starts the server.

use std::{
    env,
    io::{self, Write},
    process::{self, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use auth_runtime::{
    jwt::{Revocations, TokenIssuer},
    prelude::*,
    session::NewSession,
    token_service::TokenService,
    users::{Passwords, UserStore, UserTokens},
};
use auth_store::{RedisStore, SqlUsers};
use poem::{Endpoint, EndpointExt, IntoEndpoint, Request, Response, endpoint::BoxEndpoint};
use poem_openapi::{OpenApi, payload::PlainText};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::fixture::{Admin, PASSWORD, Ran, ran, ran_with};

pub(crate) const SECRET: &str = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";

#[derive(Auth, Clone)]
struct Auth {
    #[scheme(bearer)]
    token: UserTokens<SqlUsers>,
    #[scheme(cookie = "__Host-session")]
    session: Sessions<SqlUsers, RedisStore>,
}

struct Hello;

#[protected]
#[OpenApi]
impl Hello {
    #[protected]
    #[oai(path = "/hello", method = "get")]
    async fn hello(&self, caller: Principal<Auth>) -> PlainText<String> {
        PlainText(caller.subject().to_owned())
    }
}

/// A database and a part of Redis, of one test.
pub(crate) struct World {
    pub(crate) admin: Admin,
    pub(crate) server: String,
    pub(crate) prefix: String,
    runtime: Runtime,
}

/// A running process of the application.
pub(crate) struct Service {
    pub(crate) users: SqlUsers,
    sessions: Sessions<SqlUsers, RedisStore>,
    app: BoxEndpoint<'static, Response>,
}

/// Runs a test on a server of Redis. Prints a line if there is none.
pub(crate) fn on_redis(test: impl FnOnce(&World)) {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let Ok(server) = env::var("TEST_REDIS_URL") else {
        // The output of `eprintln!` is hidden unless a test fails.
        let _ = writeln!(io::stderr(), "redis: skipped, as TEST_REDIS_URL is not set");
        return;
    };
    let prefix = format!("auth_admin_{}_{}:", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let world = World { admin: Admin::new(), server, prefix, runtime: Runtime::new().unwrap() };
    for name in ["alice", "bob"] {
        world.run_with(&["user", "add", name, "--password-stdin"], PASSWORD).done();
    }
    test(&world);
    world.delete_keys();
}

impl World {
    /// Runs the command with Redis.
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        ran(self.command(words).stdin(Stdio::null()))
    }

    pub(crate) fn run_with(&self, words: &[&str], input: &str) -> Ran {
        ran_with(&mut self.command(words), format!("{input}\n"))
    }

    pub(crate) fn command(&self, words: &[&str]) -> process::Command {
        let mut command = self.admin.command(words);
        command.env("AUTH_REDIS_URI", &self.server).env("AUTH_REDIS_KEY_PREFIX", &self.prefix);
        command.env("AUTH_SECRET_KEY", SECRET);
        command
    }

    pub(crate) fn json(&self, words: &[&str]) -> Value {
        self.run(&[words, &["--output", "json"]].concat()).json()
    }

    pub(crate) fn json_with(&self, words: &[&str], input: &str) -> Value {
        self.run_with(&[words, &["--output", "json"]].concat(), input).json()
    }

    /// Connects a store, as a process of the application does.
    pub(crate) async fn redis(&self) -> RedisStore {
        RedisStore::options().key_prefix(&self.prefix).connect(&self.server).await.unwrap()
    }

    /// Starts a process of the application. It reads each change of a user with the next request.
    pub(crate) fn service(&self) -> Service {
        self.runtime.block_on(async {
            let (redis, passwords) = (self.redis().await, Passwords::new().secret_key(SECRET).unwrap());
            let options = SqlUsers::options().passwords(passwords).freshness(Duration::ZERO).attempts(redis.clone());
            let users = options.connect(self.admin.url()).await.unwrap();
            let ring = users.key_ring_in(redis.clone()).unwrap();
            let issuer = TokenIssuer::key_ring(ring).await.unwrap().issuer("users").audience("api");
            let basic = Basic::new(users.clone());
            let tokens = TokenService::new(issuer, basic.clone())
                .refresh_tokens(redis.clone())
                .revocations(&Revocations::shared(redis.clone()))
                .password_grant("web");
            let token = UserTokens::new(tokens.verifier(), users.clone()).unwrap();
            let auth = Auth { token, session: Sessions::with_store(&basic, redis) };
            let sessions = auth.session.clone();
            let app = auth.service((Hello, tokens.api()), "Service", "1").into_endpoint().map_to_response().boxed();
            Service { users, sessions, app }
        })
    }

    /// Waits for something that happens in a service.
    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Waits until the service answers with this status, for at most two seconds.
    pub(crate) fn until(&self, service: &Service, header: (&str, &str), status: u16) {
        let start = Instant::now();
        while self.wait(service.status(header)) != status {
            assert!(start.elapsed() < Duration::from_secs(2), "{header:?} is never {status}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Runs a command in Redis, outside of the store.
    pub(crate) fn redis_command<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let mut connection = redis::Client::open(&*self.server).unwrap().get_connection().unwrap();
        redis::cmd(words[0]).arg(&words[1..]).query(&mut connection).unwrap()
    }

    pub(crate) fn keys(&self, kind: &str) -> Vec<String> {
        self.redis_command(&["KEYS", &format!("{}{kind}*", self.prefix)])
    }

    fn delete_keys(&self) {
        for key in self.keys("") {
            self.redis_command::<i64>(&["DEL", &key]);
        }
    }
}

impl Service {
    /// Signs a user in, and returns the header with the cookie.
    pub(crate) async fn sign_in(&self, name: &str) -> String {
        let user = self.users.find_at_sign_in(name).await.unwrap().unwrap();
        let new = NewSession::of_user(&user).methods(["pwd"]);
        let mut response = Response::default();
        self.sessions.start(&Request::default(), new).await.unwrap().add_to(&mut response);
        let cookie = response.headers()["Set-Cookie"].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    /// Returns a refresh token and an access token of alice.
    pub(crate) async fn tokens(&self) -> (String, String) {
        let form = format!("grant_type=password&username=alice&password={}", PASSWORD.replace(' ', "+"));
        let request = Request::builder().method(poem::http::Method::POST).uri_str("/auth/token");
        let request = request.content_type("application/x-www-form-urlencoded").body(form);
        let mut response = self.app.get_response(request).await;
        let answer: Value = response.take_body().into_json().await.unwrap();
        (answer["refresh_token"].as_str().unwrap().to_owned(), answer["access_token"].as_str().unwrap().to_owned())
    }

    /// Returns the status of a request with this header.
    pub(crate) async fn status(&self, (name, value): (&str, &str)) -> u16 {
        let request = Request::builder().uri_str("/hello").header(name, value).finish();
        self.app.get_response(request).await.status().as_u16()
    }
}
