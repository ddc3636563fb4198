//! API keys: each subcommand.

use serde_json::{Value, json};

use crate::fixture::{Admin, assert_one_line};

#[test]
fn r52_a_key_is_printed_once() {
    let admin = Admin::new();
    admin.add(&["alice"]);
    let created = admin.run(&["key", "create", "Alice", "--unlimited", "--prefix", "demo"]);
    let note = created.errors.clone();
    let key = created.noted("key ");
    assert_one_line(&key);
    let parts: Vec<&str> = key.trim_end().split('_').collect();
    assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [4, 16, 43]);
    assert_eq!(
        note,
        format!("auth-admin: key {} of \"alice\" was created; it is shown only once and does not expire\n", parts[1])
    );
    let listed = admin.run(&["key", "list", "--output", "json"]).done();
    assert!(listed.contains(parts[1]) && !listed.contains(parts[2]), "{listed}");
}

#[test]
fn create_limits_a_key() {
    let admin = Admin::new();
    admin.add(&["alice"]);
    let words = ["key", "create", "alice", "--permission", "view", "--permission", "edit", "--label", "nightly build"];
    let mut made = admin.json(&[words.as_slice(), &["--expires-in", "90d"]].concat());
    let key = made.as_object_mut().unwrap().remove("key").unwrap();
    assert!(key.as_str().unwrap().starts_with("key_"));
    assert_eq!(made["permissions"], json!(["view", "edit"]));
    assert!(made["expires_at"].is_string());
    assert_eq!((&made["label"], &made["status"]), (&json!("nightly build"), &json!("active")));
    let listed = admin.json(&["key", "list", "alice"]);
    for (member, value) in made.as_object().unwrap() {
        if member != "permissions" {
            assert_eq!(&listed[0][member], value, "{member}");
        }
    }
    assert_eq!(listed[0]["permissions"], json!(["edit", "view"]));
    let unlimited = admin.json(&["key", "create", "alice", "--unlimited"]);
    assert_eq!((&unlimited["permissions"], &unlimited["expires_at"]), (&Value::Null, &Value::Null));
}

#[test]
fn create_rejects_invalid_options() {
    let admin = Admin::new();
    admin.add(&["alice"]);
    admin.run(&["key", "create", "bob", "--unlimited"]).refused(1, "there is no user \"bob\"");
    let prefix = ["key", "create", "alice", "--unlimited", "--prefix", "a_b"];
    admin.run(&prefix).refused(1, "the prefix of an API key must have 1 to 16 letters and digits (ASCII)");
    let label = ["key", "create", "alice", "--unlimited", "--label", "a\nb"];
    admin.run(&label).refused(1, "the label holds a control character");
    let permission = ["key", "create", "alice", "--permission", ""];
    admin.run(&permission).refused(
        1,
        "\"\" cannot be the name of a permission: it has 1 to 255 characters, no space at an end, and no control characters",
    );
    // The permissions are required.
    assert_eq!(admin.run(&["key", "create", "alice"]).code, 2);
    assert_eq!(admin.run(&["key", "create", "alice", "--unlimited", "--permission", "view"]).code, 2);
    assert_eq!(admin.json(&["key", "list"]), json!([]));
}

#[test]
fn list_shows_keys_of_one_user_or_of_all() {
    let admin = Admin::new();
    admin.add(&["alice", "bob", "carol"]);
    let of_bob = admin.json(&["key", "create", "bob", "--permission", "view"]);
    admin.json(&["key", "create", "alice", "--unlimited"]);
    let all = admin.json(&["key", "list"]);
    let ids: Vec<&str> = all.as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap()).collect();
    assert!(ids.len() == 2 && ids.is_sorted(), "{ids:?}");
    assert_eq!(admin.json(&["key", "list", "bob"])[0]["id"], of_bob["id"]);
    let table = admin.run(&["key", "list", "BOB"]).done();
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("ID                OWNER  LABEL  PERMISSIONS  STATUS  CREATED"), "{table}");
    assert!(lines[1].contains("  bob           view         active  2"), "{table}");
    assert_eq!(admin.json(&["key", "list", "carol"]), json!([]));
    admin.run(&["key", "list", "dave"]).refused(1, "there is no user \"dave\"");
}

#[test]
fn revoke_is_permanent() {
    let admin = Admin::new();
    admin.add(&["alice"]);
    let made = admin.json(&["key", "create", "alice", "--unlimited"]);
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    let asks = "cannot ask for confirmation without a terminal; add --yes to confirm";
    admin.run(&["key", "revoke", id]).refused(2, asks);
    assert_eq!(admin.json(&["key", "list"])[0]["status"], "active");
    // A pasted key or secret is not repeated.
    for pasted in [key, key.rsplit('_').next().unwrap()] {
        let reason = "this is a key or a part of one; give its id, the text between the two `_`";
        admin.run(&["key", "revoke", pasted, "--yes"]).refused(2, reason);
    }
    assert_eq!(admin.run(&["key", "revoke", id, "--yes"]).done(), format!("key \"{id}\" was revoked\n"));
    let listed = admin.json(&["key", "list"]);
    assert_eq!(listed[0]["status"], "revoked");
    assert!(listed[0]["revoked_at"].is_string());
    assert_eq!(admin.json(&["key", "revoke", id, "--yes"]), json!({ "revoked": id }));
    admin.run(&["key", "revoke", "nokey", "--yes"]).refused(1, "there is no API key of id \"nokey\"");
}

#[test]
fn an_expired_key_is_listed_as_expired() {
    let admin = Admin::new();
    admin.add(&["alice"]);
    admin.json(&["key", "create", "alice", "--unlimited", "--expires-in", "1s"]);
    while admin.json(&["key", "list"])[0]["status"] == "active" {}
    assert_eq!(admin.json(&["key", "list"])[0]["status"], "expired");
}
