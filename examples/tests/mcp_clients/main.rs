//! Protected tools with real clients: the official conformance suite and SDK, and tokens of a real issuer.
//!
//! `npm ci --prefix tests/mcp && npm ci --prefix tests/issuer`, then
//! `cargo test -p auth-examples --features mcp-clients --test mcp_clients`

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/http.rs"]
mod http;
#[path = "../real_issuer/issuer.rs"]
mod issuer;
mod node;
mod server;

use std::process::Command;

use serde_json::{Value, json};

use crate::{
    common::Running,
    issuer::Issuer,
    node::{client, conformance, sign_in},
    server::{Conformance, Team, Tokens, serve},
};

/// Returns the URL and the keys that the example prints.
fn keys(example: &mut Running) -> (String, String, String) {
    let printed = example.printed_until("--header").join(" ");
    let word = |after: &str| printed.split_once(after).unwrap().1.split([' ', ',']).next().unwrap().to_owned();
    (word("tools at "), word("reader "), word("writer "))
}

#[test]
fn the_conformance_suite_passes() {
    let url = serve(|_| Conformance::app());
    for scenario in [
        "server-initialize",
        "ping",
        "tools-list",
        "tools-call-simple-text",
        "tools-call-error",
        "dns-rebinding-protection",
    ] {
        conformance(&url, scenario);
    }
}

#[test]
fn the_sdk_sees_and_calls_what_a_key_allows() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcp"));
    let mut example = Running::start(command.env_clear().env("PORT", "0"));
    let (url, reader, writer) = keys(&mut example);
    let key = |key: &str| json!({ "X-API-Key": key });

    let added = client(&url, &key(&writer), "add_note", &json!({ "text": "milk" }));
    assert_eq!(added["tools"], json!(["list_notes", "add_note"]));
    assert_eq!(added["result"]["content"], json!([{ "type": "text", "text": "added" }]));
    let listed = client(&url, &key(&reader), "list_notes", &json!({}));
    assert_eq!(listed["tools"], json!(["list_notes"]));
    assert_eq!(listed["result"]["content"][0]["text"], "writer: milk");
    let denied = client(&url, &key(&reader), "add_note", &json!({ "text": "milk" }));
    assert_eq!(denied["error"]["code"], 403, "{denied}");
    let anonymous = client(&url, &json!({}), "list_notes", &json!({}));
    assert_eq!(anonymous["error"]["code"], 401, "{anonymous}");
}

#[test]
fn each_request_of_a_connection_is_decided_with_its_own_key() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcp"));
    let mut example = Running::start(command.env_clear().env("PORT", "0"));
    let (url, reader, writer) = keys(&mut example);
    let call = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": "add_note", "arguments": { "text": "milk" } },
    });
    let request = |key: &str| http::Request::post(&url).header("X-API-Key", key).json(&call);
    let requests = [request(&writer), request(&reader), request(&writer), http::Request::post(&url).json(&call)];
    assert_eq!(http::statuses(requests), [200, 403, 200, 401]);
}

#[test]
fn the_sdk_finds_the_issuer_from_the_401_and_asks_for_a_missing_scope() {
    let issuer = Issuer::start("mcp_sign_in");
    let url = serve(|resource| Team::app(resource, &issuer.url));
    let outcome = sign_in(&url, "creator-es256", "view");
    assert_eq!(outcome["result"]["content"][0]["text"], "creator-es256", "{outcome}");
    // The first token has no scope. The 403 names the missing one, and the client asks the issuer for it.
    let outcome = sign_in(&url, "creator-es256", "create");
    assert_eq!(outcome["scopes"], json!(["products:create"]), "{outcome}");
    assert_eq!(outcome["tools"], json!(["view", "create"]), "{outcome}");
    assert_eq!(outcome["result"]["content"][0]["text"], "created", "{outcome}");
}

#[test]
fn a_token_for_another_resource_is_refused() {
    let issuer = Issuer::start("mcp_audience");
    let url = serve(|resource| Team::app(resource, &issuer.url));
    let bearer = |token: &str| json!({ "Authorization": format!("Bearer {token}") });
    let own = client(&url, &bearer(&issuer.token_for("viewer-es256", &url)), "view", &json!({}));
    assert_eq!(own["result"]["content"][0]["text"], "viewer-es256", "{own}");
    let other = client(&url, &bearer(&issuer.token("viewer-es256")), "view", &json!({}));
    assert_eq!(other["error"]["code"], 401, "{other}");
}

#[test]
fn a_missing_scope_is_named_and_a_token_with_it_is_let_in() {
    let issuer = Issuer::start("mcp_step_up");
    let url = serve(|resource| Team::app(resource, &issuer.url));
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "create" } });
    let send = |scope: &str| {
        let token = issuer.token_with("viewer-es256", &url, scope);
        http::Request::post(&url).bearer(&token).json(&call).send()
    };
    let denied = send("products:view");
    assert_eq!(denied.status, 403);
    assert!(denied.head.contains(r#"error="insufficient_scope", scope="products:create""#), "{denied:?}");
    assert!(denied.head.contains("resource_metadata="), "{denied:?}");
    assert_eq!(send("products:view products:create").status, 200);
}

#[test]
fn an_expired_token_is_refused() {
    let url = serve(Tokens::app);
    let bearer = |lifetime: i64| json!({ "Authorization": format!("Bearer {}", Tokens::token(&url, lifetime)) });
    let fresh = client(&url, &bearer(600), "whoami", &json!({}));
    assert_eq!(fresh["result"]["content"][0]["text"], "alice", "{fresh}");
    let expired: Value = client(&url, &bearer(-600), "whoami", &json!({}));
    assert_eq!(expired["error"]["code"], 401, "{expired}");
}
