//! The resource server, configured to take tokens of an issuer.

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

    /// A request to where everybody may come who is signed in.
    pub(crate) fn request(&self, token: &str) -> Request {
        self.anonymous().bearer(token)
    }

    pub(crate) fn anonymous(&self) -> Request {
        Request::get(&self.at("/users/me/permissions"))
    }

    /// The status of such a request.
    pub(crate) fn status(&self, token: &str) -> u16 {
        self.request(token).send().status
    }

    /// Whether a user of its own can come in.
    pub(crate) fn lets_bob_in(&self) -> bool {
        self.anonymous().basic("bob", "battery staple").send().status == 200
    }

    /// Creates a product.
    pub(crate) fn create(&self, token: &str) -> u16 {
        Request::post(&self.at("/products")).bearer(token).json(&json!({ "name": "Towel" })).send().status
    }

    /// What it says of the caller.
    pub(crate) fn me(&self, token: &str) -> Answer {
        Request::get(&self.at("/users/me")).bearer(token).send()
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}
