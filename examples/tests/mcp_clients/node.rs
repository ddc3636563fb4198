//! The clients in `tests/mcp`, which Node.js runs.

use std::{
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/mcp");

/// Requires that a scenario of the official conformance suite passes.
pub(crate) fn conformance(url: &str, scenario: &str) {
    let suite = "node_modules/@modelcontextprotocol/conformance/dist/index.js";
    let results = format!("{}/conformance", env!("CARGO_TARGET_TMPDIR"));
    let output = node(&[suite, "server", "--url", url, "--scenario", scenario, "--output-dir", &results]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{scenario}:\n{text}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// Connects with these headers, lists the tools and calls one.
pub(crate) fn client(url: &str, headers: &Value, tool: &str, arguments: &Value) -> Value {
    printed(&node(&["client.mjs", url, &headers.to_string(), tool, &arguments.to_string()]))
}

/// Signs in at the authorization server that the server names, and calls a tool.
pub(crate) fn sign_in(url: &str, client: &str, tool: &str) -> Value {
    printed(&node(&["sign_in.mjs", url, client, tool]))
}

fn node(arguments: &[&str]) -> Output {
    assert!(Path::new(FOLDER).join("node_modules").exists(), "first run `npm ci --prefix tests/mcp`");
    Command::new("node").args(arguments).current_dir(FOLDER).output().expect("Node.js starts")
}

fn printed(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)))
}
