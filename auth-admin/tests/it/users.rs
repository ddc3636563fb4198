//! Users, a verb at a time.

use serde_json::{Value, json};

use crate::fixture::Admin;

/// Without what is another one each time.
fn still(mut user: Value) -> Value {
    let created = user["created_at"].take();
    assert!(created.as_str().unwrap().ends_with('Z'), "{created}");
    user
}

#[test]
fn add_writes_what_it_is_given() {
    let admin = Admin::new();
    let words = ["user", "add", "Alice", "--display-name", "Alice A.", "--email", "a@example.com", "--role", "Viewer"];
    let more = ["--role", "Editor", "--permission", "export", "--disabled", "--no-password"];
    let said = admin.run(&[words.as_slice(), &more].concat()).done();
    assert_eq!(said, "user \"alice\" was added\n");
    let expected = json!({
        "name": "alice",
        "display_name": "Alice A.",
        "email": "a@example.com",
        "roles": ["Editor", "Viewer"],
        "permissions": ["export"],
        "disabled": true,
        "has_password": false,
        "password_expires_at": null,
        "created_at": null,
        "last_sign_in_at": null,
    });
    let mut alice = still(admin.json(&["user", "show", "ALICE"]));
    let subject = alice.as_object_mut().unwrap().remove("subject").unwrap();
    assert_eq!((alice, subject.as_str().unwrap().len()), (expected, 32));
    let bob = still(admin.json(&["user", "add", "bob", "--no-password"]));
    assert_eq!((&bob["name"], &bob["roles"], &bob["display_name"]), (&json!("bob"), &json!([]), &Value::Null));
}

#[test]
fn add_refuses_who_is_there_and_what_is_no_name() {
    let admin = Admin::new();
    admin.add(&["alice"]);
    admin.run(&["user", "add", "ALICE", "--no-password"]).refused(1, "there is a user \"alice\" already");
    let reason = "\"a\\nb\" cannot be a user name: it must be 1 to 255 bytes of letters, digits and ASCII symbols but `:`, with single spaces between parts";
    admin.run(&["user", "add", "a\nb", "--no-password"]).refused(1, reason);
    let role = ["user", "add", "bob", "--no-password", "--role", " Viewer"];
    admin.run(&role).refused(
        1,
        "\" Viewer\" cannot be the name of a role: it has 1 to 255 characters, no space at an end, and no control characters",
    );
    let display = ["user", "add", "bob", "--no-password", "--display-name", "Bob\u{1b}[2J"];
    admin.run(&display).refused(1, "the display name holds a control character");
    assert_eq!(admin.names(), ["alice"]);
}

#[test]
fn show_is_a_table_of_what_is_known() {
    let admin = Admin::new();
    admin.run(&["user", "add", "alice", "--no-password", "--role", "Viewer"]).done();
    let shown = admin.run(&["user", "show", "alice"]).done();
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[0], "name          alice");
    assert_eq!(lines[4], "roles         Viewer");
    assert_eq!(lines[6], "disabled      no");
    assert_eq!(lines[7], "password      none");
    assert_eq!(lines[9], "last sign-in  never");
    admin.run(&["user", "show", "bob"]).refused(1, "there is no user \"bob\"");
}

#[test]
fn delete_takes_the_user_and_their_keys() {
    let admin = Admin::new();
    admin.add(&["alice", "bob"]);
    admin.json(&["key", "create", "bob", "--unlimited"]);
    let asks = "there is no terminal to ask whether that is meant: add --yes if it is";
    admin.run(&["user", "delete", "bob"]).refused(2, asks);
    // A pipe is nobody to ask.
    admin.run_with(&["user", "delete", "bob"], "y\n").refused(2, asks);
    assert_eq!(admin.run(&["user", "delete", "Bob", "--yes"]).done(), "user \"bob\" was deleted\n");
    assert_eq!(admin.json(&["key", "list"]), json!([]));
    admin.run(&["user", "delete", "bob", "--yes"]).refused(1, "there is no user \"bob\"");
    admin.run(&["user", "delete", "bob"]).refused(1, "there is no user \"bob\"");
    assert_eq!(admin.json(&["user", "delete", "alice", "-y"]), json!({ "deleted": "alice" }));
    assert_eq!(admin.names(), Vec::<String>::new());
}

#[test]
fn r36_a_deleted_name_can_be_given_to_a_user_with_another_subject() {
    let admin = Admin::new();
    admin.add(&["alice"]);
    let before = admin.json(&["user", "show", "alice"])["subject"].clone();
    admin.run(&["user", "delete", "alice", "--yes"]).done();
    admin.run(&["user", "add", "Alice", "--no-password"]).done();
    let after = admin.json(&["user", "show", "alice"])["subject"].clone();
    assert!(before.is_string() && after.is_string() && before != after, "{before} {after}");
}

#[test]
fn rename_keeps_the_subject() {
    let admin = Admin::new();
    admin.add(&["alice", "bob"]);
    let before = admin.json(&["user", "show", "alice"]);
    let ran = admin.run(&["user", "rename", "ALICE", "Alicia"]);
    assert_eq!(ran.output, "user \"alice\" is now \"alicia\"\n");
    assert_eq!(admin.json(&["user", "show", "alicia"])["subject"], before["subject"]);
    admin.run(&["user", "rename", "alicia", "bob"]).refused(1, "there is a user \"bob\" already");
    admin.run(&["user", "rename", "alice", "carol"]).refused(1, "there is no user \"alice\"");
    assert_eq!(admin.names(), ["alicia", "bob"]);
}

#[test]
fn disable_and_enable_are_each_the_end_of_the_other() {
    let admin = Admin::new();
    admin.add(&["alice"]);
    let asks = "there is no terminal to ask whether that is meant: add --yes if it is";
    admin.run(&["user", "disable", "alice"]).refused(2, asks);
    assert_eq!(admin.run(&["user", "disable", "alice", "--yes"]).done(), "user \"alice\" was disabled\n");
    assert_eq!(admin.json(&["user", "show", "alice"])["disabled"], true);
    assert_eq!(admin.run(&["user", "enable", "alice"]).done(), "user \"alice\" was enabled\n");
    assert_eq!(admin.json(&["user", "show", "alice"])["disabled"], false);
    assert_eq!(admin.json(&["user", "disable", "alice", "--yes"])["disabled"], true);
    admin.run(&["user", "disable", "bob", "--yes"]).refused(1, "there is no user \"bob\"");
    admin.run(&["user", "enable", "bob"]).refused(1, "there is no user \"bob\"");
}

#[test]
fn sign_out_ends_what_was_given_to_the_user() {
    let admin = Admin::new();
    admin.add(&["alice"]);
    let asks = "there is no terminal to ask whether that is meant: add --yes if it is";
    admin.run(&["user", "sign-out", "alice"]).refused(2, asks);
    let said = admin.run(&["user", "sign-out", "alice", "--yes"]).done();
    assert_eq!(said, "user \"alice\" was signed out everywhere\n");
    assert_eq!(admin.json(&["user", "sign-out", "alice", "--yes"]), json!({ "signed_out": "alice" }));
    admin.run(&["user", "sign-out", "bob", "--yes"]).refused(1, "there is no user \"bob\"");
}

#[test]
fn set_profile_gives_another_name_for_people_and_another_address() {
    let admin = Admin::new();
    admin.run(&["user", "add", "alice", "--no-password", "--display-name", "Alice A."]).done();
    let said = admin.run(&["user", "set-profile", "Alice", "--email", "alice@example.com"]).done();
    assert_eq!(said, "user \"alice\" has another profile\n");
    let words = ["user", "set-profile", "alice", "--display-name", "Alice B.", "--email", ""];
    let user = admin.json(&words);
    assert_eq!((&user["display_name"], &user["email"]), (&json!("Alice B."), &json!(null)));
    assert_eq!(admin.run(&["user", "set-profile", "alice"]).code, 2, "it says nothing");
    let line = ["user", "set-profile", "alice", "--display-name", "A\nB"];
    admin.run(&line).refused(1, "the display name holds a control character");
    admin.run(&["user", "set-profile", "bob", "--email", "b@example.com"]).refused(1, "there is no user \"bob\"");
}

#[test]
fn set_roles_replaces_all_roles() {
    let admin = Admin::new();
    admin.run(&["user", "add", "alice", "--no-password", "--role", "Viewer"]).done();
    let said = admin.run(&["user", "set-roles", "alice", "Editor", "Auditor of books", "Editor"]).done();
    assert_eq!(said, "user \"alice\" has the roles Auditor of books, Editor\n");
    assert_eq!(admin.json(&["user", "set-roles", "alice", "Viewer"])["roles"], json!(["Viewer"]));
    let asks = "there is no terminal to ask whether that is meant: add --yes if it is";
    admin.run(&["user", "set-roles", "alice"]).refused(2, asks);
    assert_eq!(admin.run(&["user", "set-roles", "alice", "--yes"]).done(), "user \"alice\" has no roles\n");
    admin.run(&["user", "set-roles", "bob", "Viewer"]).refused(1, "there is no user \"bob\"");
    admin.run(&["user", "set-roles", "alice", ""]).refused(
        1,
        "\"\" cannot be the name of a role: it has 1 to 255 characters, no space at an end, and no control characters",
    );
}

#[test]
fn set_permissions_replaces_those_beside_the_roles() {
    let admin = Admin::new();
    admin.run(&["user", "add", "alice", "--no-password", "--role", "Viewer", "--permission", "a"]).done();
    let said = admin.run(&["user", "set-permissions", "alice", "b"]).done();
    assert_eq!(said, "user \"alice\" has the permission b besides those of the roles\n");
    let user = admin.json(&["user", "set-permissions", "alice", "b", "c"]);
    assert_eq!((&user["permissions"], &user["roles"]), (&json!(["b", "c"]), &json!(["Viewer"])));
    let asks = "there is no terminal to ask whether that is meant: add --yes if it is";
    admin.run(&["user", "set-permissions", "alice"]).refused(2, asks);
    assert_eq!(admin.json(&["user", "set-permissions", "alice", "--yes"])["permissions"], json!([]));
    admin.run(&["user", "set-permissions", "bob", "b"]).refused(1, "there is no user \"bob\"");
}
