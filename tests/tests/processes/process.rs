//! A process of the application, as its clients see it.

use std::{
    env,
    io::{BufRead, BufReader},
    net::IpAddr,
    process::{Child, Command, Stdio},
    sync::Mutex,
    time::Duration,
};

use reqwest::{Client, Method, RequestBuilder, header::SET_COOKIE, redirect::Policy};
use serde_json::Value;

use crate::server::{Settings, VARIABLE};

/// The time limit of a request: longer than any time limit of a process.
const PATIENCE: Duration = Duration::from_mins(1);

/// A process, which can be killed and started again.
pub(crate) struct Process {
    settings: Settings,
    client: Client,
    /// The process and its port.
    running: Mutex<Running>,
}

struct Running {
    child: Child,
    port: u16,
}

impl Process {
    pub(crate) async fn start(settings: &Settings) -> Self {
        let running = Mutex::new(Running::start(settings.clone()).await);
        // A connection of a killed process must not be used for the next one.
        let client = Client::builder().redirect(Policy::none()).pool_max_idle_per_host(0).timeout(PATIENCE);
        Self { settings: settings.clone(), client: client.build().expect("a client"), running }
    }

    /// Ends the process by SIGKILL.
    pub(crate) fn kill(&self) {
        let mut running = self.running.lock().expect("no panic");
        running.child.kill().expect("a process");
        running.child.wait().expect("a process");
    }

    /// Starts the process again after it was killed.
    pub(crate) async fn restart(&self) {
        let running = Running::start(self.settings.clone()).await;
        *self.running.lock().expect("no panic") = running;
    }

    pub(crate) async fn get(&self, path: &str, caller: &Caller<'_>) -> Option<Answer> {
        self.send(Method::GET, path, caller, None).await
    }

    pub(crate) async fn post(&self, path: &str, caller: &Caller<'_>, body: &Body) -> Option<Answer> {
        self.send(Method::POST, path, caller, Some(body)).await
    }

    /// Sends a request. Returns `None` if the process died before it answered.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        by: &Caller<'_>,
        body: Option<&Body>,
    ) -> Option<Answer> {
        let port = self.running.lock().expect("no panic").port;
        let request = self.client.request(method, format!("http://127.0.0.1:{port}{path}"));
        let request = request.header("X-Forwarded-For", by.address.to_string());
        let request = by.cookie.iter().fold(request, |request, cookie| request.header("Cookie", *cookie));
        let request = by.token.iter().fold(request, RequestBuilder::bearer_auth);
        let request = by.tag.iter().fold(request, |request, tag| request.header("If-None-Match", *tag));
        let request = match body {
            Some(Body::Json(value)) => request.header("Content-Type", "application/json").body(value.to_string()),
            Some(Body::Form(text)) => {
                request.header("Content-Type", "application/x-www-form-urlencoded").body(text.clone())
            }
            None => request,
        };
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        let cookie = response.headers().get(SET_COOKIE).and_then(|cookie| cookie.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(';').next()).map(str::to_owned);
        let etag = response.headers().get("ETag").and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        let body = response.bytes().await.ok()?;
        Some(Answer { status, cookie, etag, json: serde_json::from_slice(&body).unwrap_or_default() })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Running {
    async fn start(settings: Settings) -> Self {
        tokio::task::spawn_blocking(move || Self::start_now(&settings)).await.expect("no panic")
    }

    /// Starts a process, and waits until it listens.
    fn start_now(settings: &Settings) -> Self {
        let mut command = Command::new(env::current_exe().expect("this program"));
        command.env(VARIABLE, serde_json::to_string(settings).expect("JSON"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a process");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("a pipe")).read_line(&mut line).expect("a line");
        Self { port: line.trim().parse().expect("the process prints its port"), child }
    }
}

/// The headers of a request: the address that the proxy reports, credentials, and the version that the client has.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) address: IpAddr,
    pub(crate) cookie: Option<&'a str>,
    pub(crate) token: Option<&'a str>,
    pub(crate) tag: Option<&'a str>,
}

impl<'a> Caller<'a> {
    pub(crate) fn anonymous(address: IpAddr) -> Self {
        Self { address, cookie: None, token: None, tag: None }
    }

    pub(crate) fn by_cookie(self, cookie: &'a str) -> Self {
        Self { cookie: Some(cookie), ..self }
    }

    pub(crate) fn by_token(self, token: &'a str) -> Self {
        Self { token: Some(token), ..self }
    }
}

/// The body of a request.
pub(crate) enum Body {
    Json(Value),
    Form(String),
}

/// An answer of a process.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The cookie that it sets, as a request sends it.
    pub(crate) cookie: Option<String>,
    pub(crate) etag: Option<String>,
    pub(crate) json: Value,
}

impl Answer {
    /// Returns the cookie of a session that was started.
    pub(crate) fn cookie(&self) -> String {
        self.cookie.clone().unwrap_or_else(|| panic!("no cookie: {self:?}"))
    }

    pub(crate) fn text(&self, member: &str) -> String {
        self.json[member].as_str().unwrap_or_default().to_owned()
    }
}
