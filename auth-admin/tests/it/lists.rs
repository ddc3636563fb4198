//! Lists of users, roles and permissions.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use serde_json::json;

use crate::fixture::{Admin, end, lines};

fn admin_with(users: usize) -> Admin {
    let admin = Admin::new();
    let file = lines(0..users, |number| format!("{{\"name\":\"user{number:05}\",\"roles\":[\"Viewer\"]}}\n"));
    let file = admin.file("users.jsonl", file);
    admin.run(&["user", "import", &file]).done_with_new_names();
    admin
}

#[test]
fn columns_are_aligned_by_display_width() {
    let admin = Admin::new();
    for (name, display) in [("alice", "Alice"), ("bob", "日本語"), ("jörg", "Jo\u{308}rg é"), ("z", "")] {
        admin
            .run(&["user", "add", name, "--no-password", "--display-name", display, "--role", "R"])
            .done_with_new_names();
    }
    let table = admin.run(&["user", "list"]).done();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 5);
    assert!(lines[0].starts_with("NAME   DISPLAY NAME  ROLES  PERMISSIONS  STATUS       CREATED"), "{table}");
    assert!(lines[1].starts_with("alice  Alice         R                   no password  2"), "{table}");
    // Three characters, six columns.
    assert!(lines[2].starts_with("bob    日本語        R                   no password  2"), "{table}");
    assert!(lines[3].starts_with("jörg   Jo\u{308}rg é        R                   no password  2"), "{table}");
    assert!(lines[4].starts_with("z                    R                   no password  2"), "{table}");
    assert!(lines.iter().all(|line| !line.ends_with(' ') && !line.contains('\u{1b}')), "{table}");
}

#[test]
fn r91_text_of_the_database_does_nothing_to_a_terminal() {
    let admin = Admin::new();
    admin.add(&["alice"]);
    // Another program may have written this.
    let evil = "Alice\u{1b}]0;x\u{7}\nmallory  Administrator\u{202e}\u{7f}\u{e0001}";
    admin.sql(&format!("UPDATE auth_user SET display_name = '{evil}'"));
    let table = admin.run(&["user", "list"]).done();
    assert_eq!(table.lines().count(), 2, "{table}");
    assert!(table.contains("Alice\\u{1b}]0;x\\u{7}\\nmallory  Administrator\\u{202e}"), "{table}");
    let shown = admin.run(&["user", "show", "alice"]).done();
    assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{shown}");
    // JSON escapes the same characters, and keeps the value.
    for words in [["user", "show", "alice"].as_slice(), &["user", "list"]] {
        let shown = admin.run(&[words, &["--output", "json"]].concat()).done();
        assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{7f}', '\u{202e}', '\u{e0001}']), "{shown}");
    }
    assert_eq!(admin.json(&["user", "show", "alice"])["display_name"], evil);
}

#[test]
fn a_list_is_read_by_the_page() {
    let admin = admin_with(2500);
    assert_eq!(admin.names().len(), 2500);
    let table = admin.run(&["user", "list"]).done();
    assert_eq!(table.lines().count(), 2501);
    let widths: Vec<usize> = table.lines().map(|line| line.find("no password").unwrap_or_default()).collect();
    assert!(widths[1..].windows(2).all(|pair| pair[0] == pair[1]), "columns stay where they are");
    // An element on each line, for tools that read lines.
    let json = admin.run(&["user", "list", "--output", "json"]).done();
    assert_eq!(json.lines().count(), 2502);
    let line = json.lines().nth(1).unwrap().trim_end_matches(',');
    assert_eq!(serde_json::from_str::<serde_json::Value>(line).unwrap()["name"], "user00000");
}

#[test]
fn a_part_of_a_list_says_how_to_go_on() {
    let admin = admin_with(5);
    let table = admin.run(&["user", "list", "--limit", "2"]).noted("there are more: --after 'user00001'");
    assert_eq!(table.lines().count(), 3);
    assert_eq!(admin.run(&["user", "list", "--limit", "3", "--after", "user00001"]).done().lines().count(), 4);
    assert_eq!(admin.json(&["user", "list", "--after", "USER00003"])[0]["name"], "user00004");
    assert_eq!(admin.run(&["user", "list", "--limit", "5"]).done().lines().count(), 6);
    assert_eq!(admin.json(&["user", "list", "--limit", "1", "--after", "user00003"])[0]["name"], "user00004");
    assert_eq!(admin.json(&["user", "list", "--after", "user00004"]), json!([]));
    assert_eq!(admin.run(&["user", "list", "--limit", "0"]).code, 2);
    assert_eq!(admin.run(&["user", "list", "--after", "user00004"]).done().lines().count(), 1);
}

#[test]
fn users_are_listed_by_their_role() {
    let admin = admin_with(3);
    admin.run(&["user", "add", "ada", "--no-password", "--role", "Administrator"]).done_with_new_names();
    assert_eq!(admin.json(&["user", "list", "--role", "Administrator"]).as_array().unwrap().len(), 1);
    assert_eq!(admin.json(&["user", "list", "--role", "Viewer"]).as_array().unwrap().len(), 3);
    let reason = "there is no role \"viewer\"; `role list` shows all roles";
    admin.run(&["user", "list", "--role", "viewer"]).refused(1, reason);
}

#[test]
fn a_closed_pipe_ends_a_list_without_an_error() {
    let admin = admin_with(3000);
    for format in ["table", "json"] {
        let mut command = admin.command(&["user", "list", "--output", format]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::with_capacity(16, child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        assert!(!first.is_empty());
        // The pipe is closed now, and most of the list is not printed yet.
        end(child).done();
    }
}

#[test]
fn names_in_use_are_listed_without_an_application() {
    let admin = Admin::new();
    assert_eq!(admin.json(&["role", "list"]), json!([]));
    assert_eq!(admin.run(&["role", "list"]).done(), "ROLE\n");
    admin
        .run(&["user", "add", "alice", "--no-password", "--role", "Viewer", "--permission", "edit"])
        .done_with_new_names();
    admin.json(&["key", "create", "alice", "--permission", "view"]);
    assert_eq!(admin.run(&["role", "list"]).done(), "ROLE\nViewer\n");
    assert_eq!(admin.run(&["permission", "list"]).done(), "PERMISSION\nedit\nview\n");
    let role = json!({ "name": "Viewer", "declared": null, "in_use": true, "description": null, "permissions": null });
    assert_eq!(admin.json(&["role", "list"]), json!([role]));
    let permissions = admin.json(&["permission", "list"]);
    assert_eq!(permissions[0], json!({ "name": "edit", "declared": null, "in_use": true, "description": null }));
}
