//! Sends requests with curl. Their contents go to curl's stdin, because any user of the machine can read arguments.

#![allow(dead_code, reason = "not every test needs all of it")]

use std::{
    io::Write,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::common::status;

/// A request, in the format of curl's configuration file.
#[derive(Clone)]
pub(crate) struct Request(Vec<String>);

/// A response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The status line and the headers.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn get(url: &str) -> Self {
        Self(vec![line("url", url)])
    }

    pub(crate) fn post(url: &str) -> Self {
        Self::get(url).method("POST")
    }

    pub(crate) fn method(self, method: &str) -> Self {
        self.with("request", method)
    }

    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        self.with("header", &format!("{name}: {value}"))
    }

    /// Sends the request from this address of this machine.
    pub(crate) fn interface(self, address: &str) -> Self {
        self.with("interface", address)
    }

    pub(crate) fn text(self, body: &str) -> Self {
        self.header("Content-Type", "text/plain").with("data-raw", body)
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.with("header", &format!("Authorization: Bearer {token}"))
    }

    pub(crate) fn basic(self, name: &str, password: &str) -> Self {
        self.with("user", &format!("{name}:{password}"))
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.with("header", "Content-Type: application/json").with("data-raw", &body.to_string())
    }

    pub(crate) fn field(self, name: &str, value: &str) -> Self {
        self.with("data-urlencode", &format!("{name}={value}"))
    }

    pub(crate) fn send(self) -> Answer {
        let text = curl(&self.with("include", "").0.join("\n"));
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        Answer { status: status(&text), head: head.to_lowercase(), body: body.to_owned() }
    }

    fn with(mut self, option: &str, value: &str) -> Self {
        self.0.push(if value.is_empty() { option.to_owned() } else { line(option, value) });
        self
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }
}

/// Sends requests one after the other over one connection, and returns their statuses.
#[allow(dead_code, reason = "not every test needs it")]
pub(crate) fn statuses(requests: impl IntoIterator<Item = Request>) -> Vec<u16> {
    let each = |request: Request| request.with("output", "/dev/null").with("write-out", "%{http_code}\n").0.join("\n");
    let requests: Vec<_> = requests.into_iter().map(each).collect();
    curl(&requests.join("\nnext\n")).lines().map(|status| status.parse().expect("a number")).collect()
}

/// Returns a line of the configuration. curl uses the same escapes in quotes as Rust.
fn line(option: &str, value: &str) -> String {
    format!("{option} = {value:?}")
}

fn curl(requests: &str) -> String {
    let mut curl = Command::new("curl");
    curl.args(["-q", "--silent", "--config", "-"]).env("NO_PROXY", "*");
    let mut curl = curl.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("`curl` is there");
    curl.stdin.take().expect("piped").write_all(requests.as_bytes()).expect("curl reads it");
    String::from_utf8(curl.wait_with_output().expect("it ends").stdout).expect("UTF-8")
}
