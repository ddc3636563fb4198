//! The issuer in `tests/issuer`, which runs oidc-provider.

#![allow(dead_code, reason = "not every test needs all of it")]

use std::{fs, path::Path, process::Command};

use serde_json::Value;

use crate::{
    common::Running,
    http::{Answer, Request},
};

/// The default audience of tokens.
pub(crate) const AUDIENCE: &str = "https://products.example";

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/issuer");

pub(crate) struct Issuer {
    /// `None` while the issuer is stopped.
    process: Option<Running>,
    pub(crate) url: String,
    keys: String,
    arguments: &'static [&'static str],
}

impl Issuer {
    /// Starts an issuer with its own keys for the test of this name.
    pub(crate) fn start(test: &str) -> Self {
        Self::start_with(test, &[])
    }

    /// Starts an issuer with more arguments.
    pub(crate) fn start_with(test: &str, arguments: &'static [&'static str]) -> Self {
        assert!(Path::new(FOLDER).join("node_modules").exists(), "first run `npm ci --prefix tests/issuer`");
        let keys = format!("{}/{test}.jwks", env!("CARGO_TARGET_TMPDIR"));
        // An interrupted test may have left the folder.
        let _ = fs::remove_file(&keys);
        let mut issuer = Self { process: None, url: String::new(), keys, arguments };
        issuer.run("0");
        issuer
    }

    pub(crate) fn stop(&mut self) {
        self.process = None;
    }

    /// Starts the issuer again, on the same port and with the same keys.
    pub(crate) fn start_again(&mut self) {
        let port = self.url.rsplit(':').next().expect("a port").to_owned();
        self.run(&port);
    }

    fn run(&mut self, port: &str) {
        let mut command = Command::new("node");
        command.args(["issuer.mjs", "--port", port, "--jwks", &self.keys]).args(self.arguments).current_dir(FOLDER);
        let mut process = Running::start(&mut command);
        let line = process.printed_until("listening on ").concat();
        line.rsplit(' ').next().expect("the address").clone_into(&mut self.url);
        self.process = Some(process);
    }

    /// Signs with new keys from now on. The old ones stay published.
    pub(crate) fn rotate(&self) {
        assert_eq!(Request::post(&self.at("/__rotate")).send().status, 200);
    }

    /// Withdraws all keys but the newest from publication.
    pub(crate) fn withdraw(&self) {
        assert_eq!(Request::post(&self.at("/__withdraw")).send().status, 200);
    }

    /// Returns the number of requests to a path since the start.
    pub(crate) fn requests(&self, path: &str) -> u64 {
        Request::get(&self.at("/__requests")).send().json()[path].as_u64().unwrap_or_default()
    }

    /// Returns a client-credentials token.
    pub(crate) fn token(&self, client: &str) -> String {
        self.token_for(client, AUDIENCE)
    }

    pub(crate) fn token_for(&self, client: &str, audience: &str) -> String {
        self.token_with(client, audience, "products:view products:create")
    }

    pub(crate) fn token_with(&self, client: &str, audience: &str, scope: &str) -> String {
        let request = self.token_request(client, "client_credentials").field("resource", audience);
        token(&request.field("scope", scope).send())
    }

    /// Returns a token of the user alice.
    pub(crate) fn token_of_alice(&self) -> String {
        let request = self.token_request("shop-rs256", "password").field("username", "alice");
        token(&request.field("resource", AUDIENCE).field("scope", "openid profile email products:view").send())
    }

    fn token_request(&self, client: &str, grant: &str) -> Request {
        Request::post(&self.at("/token")).basic(client, client).field("grant_type", grant)
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.keys);
    }
}

fn token(answer: &Answer) -> String {
    let body = answer.json();
    let token = body.get("access_token").and_then(Value::as_str);
    token.unwrap_or_else(|| panic!("no token: {answer:?}")).to_owned()
}
