//! The examples of one file, over HTTP: each starts as a process on a free port.

#[path = "common/basic.rs"]
mod basic;
mod common;
#[path = "common/http.rs"]
mod http;
#[path = "common/service.rs"]
mod service;

use std::{
    io::Write,
    process::{Output, Stdio},
};

use serde_json::json;

use crate::{
    common::refusal,
    service::{Service, command},
};

const ALICE: (&str, &str) = ("ALICE_PASSWORD", "correct horse");
const BOB: (&str, &str) = ("BOB_PASSWORD", "battery staple");
const ROOT: (&str, &str) = ("ROOT_PASSWORD", "doctor who's horse");

#[test]
fn hello_greets_an_authenticated_user() {
    let service = Service::start(env!("CARGO_BIN_EXE_hello"), &[ALICE]);
    let answer = service.call("GET", "/hello", "alice", ALICE.1);
    assert_eq!((answer.status, answer.body.as_str()), (200, "Hello, alice"));
    assert_eq!(service.call("GET", "/hello", "alice", "wrong horse").status, 401);
    assert_eq!(service.call("GET", "/hello", "bob", ALICE.1).status, 401);
    assert_eq!(service.request("GET", "/hello").send().status, 401);
}

#[test]
fn roles_let_a_viewer_read_and_an_editor_write() {
    let service = Service::start(env!("CARGO_BIN_EXE_roles"), &[ALICE, BOB]);
    let write = |name, password| {
        let request = service.request("PUT", "/news").header("Authorization", &basic::basic(name, password));
        request.text("The build is green").send().status
    };
    assert_eq!(service.call("GET", "/news", "alice", ALICE.1).body, "Nothing new");
    assert_eq!(write("alice", ALICE.1), 403);
    assert_eq!(write("bob", BOB.1), 200);
    assert_eq!(service.call("GET", "/news", "alice", ALICE.1).body, "The build is green");
    assert_eq!(service.request("GET", "/news").send().status, 401);
    assert_eq!(service.request("GET", "/docs").send().status, 200);
}

#[test]
fn ownership_lets_authors_delete_their_own_notes_only() {
    let service = Service::start(env!("CARGO_BIN_EXE_ownership"), &[ALICE, ROOT]);
    let add = |name, password| service.call("POST", "/notes", name, password);
    let delete = |id, name, password| service.call("DELETE", &format!("/notes/{id}"), name, password).status;
    for (id, name, password) in [("1", "alice", ALICE.1), ("2", "root", ROOT.1), ("3", "alice", ALICE.1)] {
        let answer = add(name, password);
        assert_eq!((answer.status, answer.body.as_str()), (200, id));
    }
    assert_eq!(delete(2, "alice", ALICE.1), 403);
    assert_eq!(delete(1, "alice", ALICE.1), 200);
    // A missing note has no author. An administrator learns that it is missing.
    assert_eq!(delete(1, "alice", ALICE.1), 403);
    assert_eq!(delete(1, "root", ROOT.1), 404);
    assert_eq!(delete(3, "root", ROOT.1), 200);
    assert_eq!(service.request("DELETE", "/notes/2").send().status, 401);
}

#[test]
fn store_serves_the_users_and_keys_that_its_command_creates() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("notes.db").display());
    let database = ("AUTH_DB_URI", url.as_str());
    let run = |words: &[&str], input: &str| {
        let mut command = command(env!("CARGO_BIN_EXE_store"), &[database]);
        let pipes = command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = pipes.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output: Output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["migrate"], "");
    run(&["user", "add", "alice", "--role", "Viewer", "--password-stdin"], "correct horse\n");
    run(&["user", "add", "bob", "--password-stdin"], "battery staple\n");
    let key = run(&["key", "create", "alice", "--permission", "view"], "");

    let service = Service::start(env!("CARGO_BIN_EXE_store"), &[database]);
    let answer = service.call("GET", "/notes", "alice", "correct horse");
    assert_eq!((answer.status, answer.body.as_str()), (200, "The notes of alice"));
    assert_eq!(service.call("GET", "/notes", "alice", "wrong horse").status, 401);
    assert_eq!(service.call("GET", "/notes", "bob", "battery staple").status, 403);
    let with_key = |key: &str| service.request("GET", "/notes").header("X-API-Key", key).send().status;
    let key = key.split_whitespace().find(|word| word.starts_with("key_")).unwrap_or_else(|| panic!("{key}"));
    assert_eq!([with_key(key), with_key(&key.replace("key_", "yek_"))], [200, 401]);
}

#[test]
fn account_sets_a_new_password_by_the_link_in_a_mail() {
    let mut service = Service::start(env!("CARGO_BIN_EXE_account"), &[ALICE]);
    let me = |service: &Service, password| service.call("GET", "/auth/me", "alice", password);
    assert_eq!(me(&service, ALICE.1).json()["username"], "alice");
    let forgot = service.request("POST", "/account/forgot-password").header("Host", "evil.example");
    assert_eq!(forgot.json(&json!({ "email": "alice@example.com" })).send().status, 200);
    let mail = service.printed_until("?token=");
    let link = mail.last().unwrap();
    let (_, path) = link.split_once("http://127.0.0.1").unwrap().1.split_once("/account").unwrap();
    let page = service.request("GET", &format!("/account{path}")).header("Accept", "text/html").send();
    assert!(page.status == 200 && page.body.contains("New password"), "{}", page.body);
    let token = link.split_once("?token=").unwrap().1;
    let reset = |service: &Service| {
        let body = json!({ "token": token, "password": BOB.1 });
        service.request("POST", "/account/reset-password").json(&body).send().status
    };
    assert_eq!([reset(&service), reset(&service)], [200, 400]);
    assert_eq!([me(&service, ALICE.1).status, me(&service, BOB.1).status], [401, 200]);
}

#[test]
fn a_missing_setting_stops_the_start() {
    for (binary, settings, missing) in [
        (env!("CARGO_BIN_EXE_account"), &[][..], "ALICE_PASSWORD"),
        (env!("CARGO_BIN_EXE_hello"), &[], "ALICE_PASSWORD"),
        (env!("CARGO_BIN_EXE_roles"), &[ALICE], "BOB_PASSWORD"),
        (env!("CARGO_BIN_EXE_ownership"), &[ALICE], "ROOT_PASSWORD"),
        (env!("CARGO_BIN_EXE_jwt"), &[("ISSUER", "https://issuer.example")], "AUDIENCE"),
        (env!("CARGO_BIN_EXE_store"), &[], "AUTH_DB_URI"),
    ] {
        let (error, code) = refusal(&mut command(binary, settings));
        assert!(error.contains(&format!("{missing} is not set")) && code == Some(1), "{missing}: {error}");
    }
}
