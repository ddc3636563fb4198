//! Users: each subcommand.

use serde_json::{Value, json};

use crate::fixture::Admin;

/// Removes the time of creation.
fn without_time(mut user: Value) -> Value {
    let created = user["created_at"].take();
    assert!(created.as_str().unwrap().ends_with('Z'), "{created}");
    user
}

#[test]
fn add_stores_every_option() {
    let admin = Admin::new();
    let words = ["user", "add", "Alice", "--display-name", "Alice A.", "--email", "a@example.com", "--role", "Viewer"];
    let more = ["--role", "Editor", "--permission", "export", "--disabled", "--no-password"];
    let output = admin.run(&[words.as_slice(), &more].concat()).done_with_new_names();
    assert_eq!(output, "user \"alice\" was added\n");
    let expected = json!({
        "name": "alice",
        "display_name": "Alice A.",
        "email": "a@example.com",
        "verified_email": null,
        "second_factor": false,
        "roles": ["Editor", "Viewer"],
        "permissions": ["export"],
        "disabled": true,
        "has_password": false,
        "password_expires_at": null,
        "created_at": null,
        "last_sign_in_at": null,
    });
    let mut alice = without_time(admin.json(&["user", "show", "ALICE"]));
    let subject = alice.as_object_mut().unwrap().remove("subject").unwrap();
    assert_eq!((alice, subject.as_str().unwrap().len()), (expected, 32));
    let bob = without_time(admin.json(&["user", "add", "bob", "--no-password"]));
    assert_eq!((&bob["name"], &bob["roles"], &bob["display_name"]), (&json!("bob"), &json!([]), &Value::Null));
}

#[test]
fn add_rejects_a_taken_or_invalid_name() {
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
fn show_prints_a_row_for_each_value() {
    let admin = Admin::new();
    admin.run(&["user", "add", "alice", "--no-password", "--role", "Viewer"]).done_with_new_names();
    let shown = admin.run(&["user", "show", "alice"]).done();
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[0], "name          alice");
    assert_eq!(lines[4], "roles         Viewer");
    assert_eq!(lines[6], "disabled      no");
    assert_eq!(lines[7], "password      none");
    assert_eq!(lines[9], "last sign-in  never");
    assert_eq!(lines[10], "two-factor    no");
    admin.run(&["user", "show", "bob"]).refused(1, "there is no user \"bob\"");
}

#[test]
fn an_address_is_verified_if_the_administrator_says_so() {
    let admin = Admin::new();
    let add = ["user", "add", "alice", "--no-password", "--email", "a@example.com"];
    admin.run(&[add.as_slice(), &["--email-verified"]].concat()).done();
    let verified = || admin.json(&["user", "show", "alice"])["verified_email"].clone();
    assert_eq!(verified(), "a@example.com");
    assert!(admin.run(&["user", "show", "alice"]).done().contains("e-mail        a@example.com (verified)"));
    admin.run(&["user", "set-profile", "alice", "--email", "b@example.com"]).done();
    assert_eq!(verified(), Value::Null);
    assert!(admin.run(&["user", "show", "alice"]).done().contains("e-mail        b@example.com (not verified)"));
    admin.run(&["user", "set-profile", "alice", "--email", "c@example.com", "--email-verified"]).done();
    assert_eq!(verified(), "c@example.com");
    assert_eq!(admin.run(&["user", "set-profile", "alice", "--email-verified"]).code, 2);
}

#[test]
fn a_lost_second_factor_is_removed() {
    let admin = Admin::new();
    admin.add(&["alice"]);
    admin.sql("INSERT INTO auth_second_factor (user_id, secret, last_step) SELECT id, x'00', 0 FROM auth_user");
    assert_eq!(admin.json(&["user", "show", "alice"])["second_factor"], true);
    admin
        .run(&["user", "remove-second-factor", "alice"])
        .refused(2, "cannot ask for confirmation without a terminal; add --yes to confirm");
    admin.run(&["user", "remove-second-factor", "alice", "--yes"]).done();
    assert_eq!(admin.json(&["user", "show", "alice"])["second_factor"], false);
    admin.run(&["user", "remove-second-factor", "bob", "--yes"]).refused(1, "there is no user \"bob\"");
}

#[test]
fn delete_removes_the_user_and_the_keys() {
    let admin = Admin::new();
    admin.add(&["alice", "bob"]);
    admin.json(&["key", "create", "bob", "--unlimited"]);
    let asks = "cannot ask for confirmation without a terminal; add --yes to confirm";
    admin.run(&["user", "delete", "bob"]).refused(2, asks);
    // A pipe is not a terminal.
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
fn enable_undoes_disable() {
    let admin = Admin::new();
    admin.add(&["alice"]);
    let asks = "cannot ask for confirmation without a terminal; add --yes to confirm";
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
fn sign_out_reports_ended_and_valid_credentials() {
    let admin = Admin::new();
    admin.add(&["alice"]);
    admin.add_with_password("bob");
    let asks = "cannot ask for confirmation without a terminal; add --yes to confirm";
    admin.run(&["user", "sign-out", "alice"]).refused(2, asks);
    let sign_out = |words: &[&str]| admin.run(&[&["user", "sign-out", "--yes"], words].concat()).done();
    assert_eq!(sign_out(&["alice"]), "user \"alice\" was signed out: all tokens and sessions ended\n");
    assert_eq!(
        sign_out(&["bob"]),
        "user \"bob\" was signed out: all tokens and sessions ended; the password stays valid\n"
    );
    for owner in ["alice", "bob", "bob"] {
        admin.json(&["key", "create", owner, "--unlimited"]);
    }
    let hint = "stay valid (--revoke-keys revokes them)\n";
    let ended = "user \"bob\" was signed out: all tokens and sessions ended";
    assert_eq!(sign_out(&["bob"]), format!("{ended}; the password and 2 API keys {hint}"));
    assert_eq!(
        sign_out(&["alice"]),
        format!("user \"alice\" was signed out: all tokens and sessions ended; 1 API key {hint}")
    );
    let revoked = format!("{ended}, 2 API keys revoked; the password stays valid\n");
    assert_eq!(sign_out(&["bob", "--revoke-keys"]), revoked);
    assert!(admin.json(&["key", "list", "bob"]).as_array().unwrap().iter().all(|key| key["status"] == "revoked"));
    let printed = admin.json(&["user", "sign-out", "alice", "--yes"]);
    assert_eq!(printed, json!({ "signed_out": "alice", "revoked_keys": 0, "active_keys": 1 }));
    admin.run(&["user", "sign-out", "carol", "--yes"]).refused(1, "there is no user \"carol\"");
}

#[test]
fn set_profile_replaces_display_name_and_address() {
    let admin = Admin::new();
    admin.run(&["user", "add", "alice", "--no-password", "--display-name", "Alice A."]).done();
    let output = admin.run(&["user", "set-profile", "Alice", "--email", "alice@example.com"]).done();
    assert_eq!(output, "user \"alice\" has a new profile\n");
    let words = ["user", "set-profile", "alice", "--display-name", "Alice B.", "--email", ""];
    let user = admin.json(&words);
    assert_eq!((&user["display_name"], &user["email"]), (&json!("Alice B."), &json!(null)));
    assert_eq!(admin.run(&["user", "set-profile", "alice"]).code, 2, "an option is required");
    let line = ["user", "set-profile", "alice", "--display-name", "A\nB"];
    admin.run(&line).refused(1, "the display name holds a control character");
    admin.run(&["user", "set-profile", "bob", "--email", "b@example.com"]).refused(1, "there is no user \"bob\"");
}

#[test]
fn set_roles_replaces_all_roles() {
    let admin = Admin::new();
    admin.run(&["user", "add", "alice", "--no-password", "--role", "Viewer"]).done_with_new_names();
    let words = ["user", "set-roles", "alice", "Editor", "Auditor of books", "Editor", "--yes"];
    let output = admin.run(&words).done_with_new_names();
    assert_eq!(output, "user \"alice\" has the roles Auditor of books, Editor\n");
    assert_eq!(admin.json(&["user", "set-roles", "alice", "Viewer", "--yes"])["roles"], json!(["Viewer"]));
    let asks = "cannot ask for confirmation without a terminal; add --yes to confirm";
    admin.run(&["user", "set-roles", "alice"]).refused(2, asks);
    assert_eq!(admin.run(&["user", "set-roles", "alice", "--yes"]).done(), "user \"alice\" has no roles\n");
    admin.run(&["user", "set-roles", "bob", "Viewer"]).refused(1, "there is no user \"bob\"");
    admin.run(&["user", "set-roles", "alice", ""]).refused(
        1,
        "\"\" cannot be the name of a role: it has 1 to 255 characters, no space at an end, and no control characters",
    );
}

#[test]
fn set_permissions_keeps_the_roles() {
    let admin = Admin::new();
    admin
        .run(&["user", "add", "alice", "--no-password", "--role", "Viewer", "--permission", "a"])
        .done_with_new_names();
    let output = admin.run(&["user", "set-permissions", "alice", "b", "--yes"]).done_with_new_names();
    assert_eq!(output, "user \"alice\" has the permission b in addition to those of the roles\n");
    let user = admin.json(&["user", "set-permissions", "alice", "b", "c"]);
    assert_eq!((&user["permissions"], &user["roles"]), (&json!(["b", "c"]), &json!(["Viewer"])));
    let asks = "cannot ask for confirmation without a terminal; add --yes to confirm";
    admin.run(&["user", "set-permissions", "alice"]).refused(2, asks);
    assert_eq!(admin.json(&["user", "set-permissions", "alice", "--yes"])["permissions"], json!([]));
    admin.run(&["user", "set-permissions", "bob", "b"]).refused(1, "there is no user \"bob\"");
}

#[test]
fn removal_of_a_role_needs_confirmation() {
    let admin = Admin::new();
    let add = ["user", "add", "alice", "--no-password", "--role", "Administrator", "--permission", "export"];
    admin.run(&add).done_with_new_names();
    let asks = "cannot ask for confirmation without a terminal; add --yes to confirm";
    for words in
        [["set-roles", "alice"].as_slice(), &["set-roles", "alice", "Other"], &["set-permissions", "alice", "a"]]
    {
        admin.run(&[&["user"], words].concat()).refused(2, asks);
    }
    let alice = admin.json(&["user", "show", "alice"]);
    assert_eq!((&alice["roles"], &alice["permissions"]), (&json!(["Administrator"]), &json!(["export"])));
    // An addition needs none.
    let roles = admin.run(&["user", "set-roles", "alice", "Other", "Administrator"]).done_with_new_names();
    assert_eq!(roles, "user \"alice\" has the roles Administrator, Other\n");
    admin.run(&["user", "set-roles", "alice", "Other", "--yes"]).done();
}

#[test]
fn a_name_that_is_new_in_the_database_is_a_warning() {
    let admin = Admin::new();
    let warning = |names: &str, kind: &str| {
        format!(
            "auth-admin: warning: {names} new in this database; check the spelling, because this program does not know the {kind}s of the application\n"
        )
    };
    let ran = admin.run(&["user", "add", "alice", "--no-password", "--role", "Viewer"]);
    assert_eq!((ran.code, ran.errors), (0, warning("role \"Viewer\" is", "role")));
    admin.run(&["user", "add", "bob", "--no-password", "--role", "Viewer"]).done();
    let ran = admin.run(&["user", "set-roles", "bob", "Viewer", "Veiwer", "Editor"]);
    assert_eq!((ran.code, ran.errors), (0, warning("roles \"Editor\", \"Veiwer\" are", "role")));
    let ran = admin.run(&["user", "set-permissions", "bob", "edit"]);
    assert_eq!((ran.code, ran.errors), (0, warning("permission \"edit\" is", "permission")));
    admin.run_with(&["user", "import", "-", "--format", "csv"], "name,roles\ncarol,Viewer\n").done();
    let ran = admin.run_with(&["user", "import", "-", "--format", "csv"], "name,roles\ndave,Viewr\n");
    assert_eq!((ran.code, ran.errors), (0, warning("role \"Viewr\" is", "role")));
    let ran = admin.run(&["key", "create", "bob", "--permission", "eidt"]);
    assert!(ran.code == 0 && ran.errors.ends_with(&warning("permission \"eidt\" is", "permission")), "{}", ran.errors);
}

/// Makes the database unreadable after a change, as one that goes down.
#[test]
fn a_change_is_reported_if_the_user_cannot_be_read_again() {
    let admin = Admin::new();
    admin.add_with_password("alice");
    admin.sql(
        "CREATE TRIGGER broken AFTER UPDATE OF credential_epoch ON auth_user BEGIN \
         UPDATE auth_user SET created_at = 'broken' WHERE id = NEW.id; END",
    );
    for (words, done) in [
        (["user", "disable", "alice", "--yes"].as_slice(), "user \"alice\" was disabled"),
        (&["user", "set-password", "alice", "--generate"], "user \"alice\" has a new password"),
        (&["user", "remove-second-factor", "alice", "--yes"], "user \"alice\" has no second factor"),
    ] {
        let ran = admin.run(&[words, &["--log-file", "log"]].concat());
        assert_eq!((ran.code, ran.output.as_str()), (3, ""), "{}", ran.errors);
        let start = format!("auth-admin: {done}, but the user cannot be read again: sqlite:");
        assert!(ran.errors.starts_with(&start), "{}", ran.errors);
        assert_eq!(crate::fixture::text_of(&admin.path("log")).lines().count(), 2, "the change and the failure");
        std::fs::remove_file(admin.path("log")).unwrap();
        admin.sql("UPDATE auth_user SET created_at = 1");
    }
}
