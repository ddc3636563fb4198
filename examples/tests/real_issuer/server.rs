//! The resource server, configured to accept tokens of an issuer.

use std::process::Command;

use serde_json::json;

use crate::{
    common::Running,
    http::{Answer, Request},
};

pub(crate) type Setting<'a> = (&'a str, &'a str);

pub(crate) struct Server {
    _process: Running,
    url: String,
}

impl Server {
    pub(crate) fn start(settings: &[Setting<'_>]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_resource_server"));
        command.env_clear().env("PORT", "0").envs([
            ("AUTH_AUDIENCES", r#"["https://products.example"]"#),
            ("AUTH_DANGER_ALLOW_HTTP_ON_LOOPBACK", "true"),
            ("BASIC_AUTH_CREDENTIALS", r#"[{"username": "bob", "password": "battery staple"}]"#),
        ]);
        let mut process = Running::start(command.envs(settings.iter().copied()));
        let printed = process.printed_until("listens").concat();
        let url = printed.split_whitespace().find(|word| word.starts_with("http://")).expect("its address");
        Self { _process: process, url: url.trim_end_matches(',').to_owned() }
    }

    /// Returns a request to a route that any authenticated caller may use.
    pub(crate) fn request(&self, token: &str) -> Request {
        self.anonymous().bearer(token)
    }

    pub(crate) fn anonymous(&self) -> Request {
        Request::get(&self.at("/users/me/permissions"))
    }

    /// Sends such a request and returns the status.
    pub(crate) fn status(&self, token: &str) -> u16 {
        self.request(token).send().status
    }

    /// Returns whether a configured user can sign in.
    pub(crate) fn lets_bob_in(&self) -> bool {
        self.anonymous().basic("bob", "battery staple").send().status == 200
    }

    /// Creates a product and returns the status.
    pub(crate) fn create(&self, token: &str) -> u16 {
        Request::post(&self.at("/products")).bearer(token).json(&json!({ "name": "Towel" })).send().status
    }

    /// Returns the server's description of the caller.
    pub(crate) fn me(&self, token: &str) -> Answer {
        Request::get(&self.at("/users/me")).bearer(token).send()
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}
