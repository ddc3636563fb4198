//! Passwords: their sources, and their rules.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::fixture::{Admin, PASSWORD, assert_one_line};

const ADD: [&str; 4] = ["user", "add", "alice", "--password-stdin"];
const SET: [&str; 4] = ["user", "set-password", "alice", "--password-stdin"];
const ASK: &str = "cannot ask for a password without a terminal; use --password-stdin or --generate";
const NONE: &str = "no password was given";

#[test]
fn r74_a_password_is_never_an_argument() {
    let admin = Admin::new();
    for words in [
        ["user", "add", "alice", PASSWORD].as_slice(),
        &["user", "add", "alice", "--password", PASSWORD],
        &["user", "set-password", "alice", PASSWORD],
        &["user", "verify-password", "alice", PASSWORD],
        &["user", "verify-password", "alice", "--password-stdin=x"],
    ] {
        assert_eq!(admin.run(words).code, 2, "{words:?}");
    }
    admin.run(&["user", "add", "alice"]).refused(2, ASK);
    admin.run_with(&["user", "add", "alice"], format!("{PASSWORD}\n")).refused(2, ASK);
    assert_eq!(admin.names(), Vec::<String>::new());
}

#[test]
fn r74_a_password_is_the_first_line_of_the_input_as_it_stands_there() {
    let admin = Admin::new();
    admin.run_with(&ADD, "correct horse\n").done();
    for (input, password) in [
        ("no break", "no break"),
        ("one break\n", "one break"),
        ("as on Windows\r\n", "as on Windows"),
        ("the first\nthe second\n", "the first"),
        (" spaces around \n", " spaces around "),
        ("größer als 日本\n", "größer als 日本"),
    ] {
        assert_eq!(admin.run_with(&SET, input).done(), "user \"alice\" has a new password\n");
        admin.verifies("alice", password).done();
    }
    let shorter = "größer als 日";
    admin.verifies("alice", shorter).refused(1, "wrong password for \"alice\"");
}

const CONTROL: &str = "the password holds a control character, such as a tab, which cannot be sent";

#[test]
fn r71_a_password_that_is_not_accepted_changes_nothing() {
    let admin = Admin::new();
    admin.add_with_password("alice");
    let long = "x".repeat(1025);
    for (input, code, reason) in [
        ("", 2, NONE),
        ("\n", 2, NONE),
        ("\r\n", 2, NONE),
        ("tab\tin between\n", 1, CONTROL),
        ("ends in return\r\r\n", 1, CONTROL),
        ("seven77\n", 1, "the password has fewer than 8 characters"),
        ("password123\n", 1, "the password is among the most common ones, which attackers try first"),
        (long.as_str(), 1, "the password has more than 1024 bytes"),
    ] {
        admin.run_with(&SET, input).refused(code, reason);
    }
    admin.run_with(&SET, b"\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\n").refused(2, "the password is not UTF-8");
    admin.verifies("alice", PASSWORD).done();
    admin
        .run_with(&["user", "add", "bob-the-user", "--password-stdin"], "bob-the-user\n")
        .refused(1, "the password is the user's name, which attackers try first");
    // The longest one is taken as a whole.
    let most = "x".repeat(1024);
    admin.run_with(&SET, &most).done();
    admin.verifies("alice", &most).done();
    admin.verifies("alice", &most[1..]).refused(1, "wrong password for \"alice\"");
}

#[test]
fn verify_password_reports_by_exit_code() {
    let admin = Admin::new();
    admin.add_with_password("alice");
    admin.add(&["bob"]);
    assert_eq!(admin.verifies("ALICE", PASSWORD).done(), "the password of \"alice\" is correct\n");
    let words = ["user", "verify-password", "alice", "--password-stdin", "--output", "json"];
    let message = admin.run_with(&words, PASSWORD).json();
    assert_eq!(message, serde_json::json!({ "name": "alice", "correct": true }));
    admin.verifies("alice", "wrong horse").refused(1, "wrong password for \"alice\"");
    admin.verifies("bob", PASSWORD).refused(1, "user \"bob\" has no password");
    admin.verifies("carol", PASSWORD).refused(1, "there is no user \"carol\"");
    let ask = "cannot ask for a password without a terminal; use --password-stdin";
    admin.run(&["user", "verify-password", "alice"]).refused(2, ask);
    admin.run(&["user", "disable", "alice", "--yes"]).done();
    admin.verifies("alice", PASSWORD).done();
}

/// The seconds from now until a time of RFC 3339.
fn until(time: &Value) -> f64 {
    let time = humantime::parse_rfc3339(time.as_str().unwrap()).unwrap();
    time.duration_since(SystemTime::now()).unwrap_or_default().as_secs_f64()
}

#[test]
fn r72_a_made_password_is_printed_once_and_expires() {
    let admin = Admin::new();
    let note = "user \"alice\" was added; the password is shown only once and expires at 2";
    let password = admin.run(&["user", "add", "alice", "--generate"]).noted(note);
    assert_one_line(&password);
    let password = password.trim_end();
    assert!(password.len() == 16 && password.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{password}");
    admin.verifies("alice", password).done();
    let week = Duration::from_hours(7 * 24).as_secs_f64();
    let left = until(&admin.json(&["user", "show", "alice"])["password_expires_at"]);
    assert!((week - 600.0..=week).contains(&left), "{left}");

    let user = admin.json(&["user", "set-password", "alice", "--generate", "--expires-in", "12h"]);
    let other = user["password"].as_str().unwrap();
    assert_ne!(password, other);
    assert!(until(&user["password_expires_at"]) <= Duration::from_hours(12).as_secs_f64());
    admin.verifies("alice", other).done();
    admin.verifies("alice", password).refused(1, "wrong password for \"alice\"");
    assert_eq!(admin.json(&["user", "show", "alice"]).get("password"), None);
    // A chosen password does not expire.
    admin.run_with(&SET, PASSWORD).done();
    assert_eq!(admin.json(&["user", "show", "alice"])["password_expires_at"], Value::Null);
}

#[test]
fn r72_an_expired_password_is_wrong() {
    let admin = Admin::new();
    admin.run_with(&[ADD.as_slice(), &["--expires-in", "1s"]].concat(), PASSWORD).done();
    let expired = || admin.verifies("alice", PASSWORD);
    let mut ran = expired();
    // It may still be good, for a second.
    while ran.code == 0 {
        ran = expired();
    }
    assert_eq!(ran.code, 1);
    assert_one_line(&ran.errors);
    assert!(ran.errors.starts_with("auth-admin: the password of \"alice\" expired at 2"), "{}", ran.errors);
    let shown = admin.run(&["user", "show", "alice"]).done();
    assert!(shown.contains("password      expired at 2"), "{shown}");
}

#[test]
fn a_password_has_one_source() {
    let admin = Admin::new();
    for words in [
        ["--generate", "--password-stdin"].as_slice(),
        &["--no-password", "--generate"],
        &["--no-password", "--password-stdin"],
        &["--no-password", "--expires-in", "1d"],
        &["--generate", "--expires-in", "0s"],
        &["--generate", "--expires-in", "soon"],
        &["--generate", "--expires-in", "200years"],
    ] {
        assert_eq!(admin.run(&[&["user", "add", "alice"], words].concat()).code, 2, "{words:?}");
    }
    admin
        .run_with(&["user", "set-password", "bob", "--password-stdin"], PASSWORD)
        .refused(1, "there is no user \"bob\"");
    admin.run(&["user", "set-password", "bob", "--generate"]).refused(1, "there is no user \"bob\"");
}

#[test]
fn r70_hashes_are_bound_to_the_secret_key() {
    const KEY: &str = "Vb8Zc1Xn5Lk9Qw3Er7Ty2Ui6Op4As0Df";
    let admin = Admin::new();
    let file = admin.file("key", format!("{KEY}\n"));
    let with_file = |words: &[&str]| admin.run_with(&[&["--secret-key-file", &file], words].concat(), PASSWORD);
    with_file(&ADD).done();
    let verify = ["user", "verify-password", "alice", "--password-stdin"];
    with_file(&verify).done();
    let mut with_environment = admin.command(&verify);
    let mut child = crate::fixture::piped(with_environment.env("AUTH_SECRET_KEY", KEY));
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), PASSWORD.as_bytes()).unwrap();
    crate::fixture::end(child).done();

    // Without the key, the hash cannot be verified.
    let ran = admin.run_with(&verify, PASSWORD);
    assert_eq!(ran.code, 1);
    assert_one_line(&ran.errors);
    assert!(ran.errors.contains("the password hash cannot be verified"), "{}", ran.errors);
}

#[test]
fn r72_an_invalid_secret_key_is_rejected() {
    let admin = Admin::new();
    let of_environment = |key: &str| crate::fixture::ran(admin.command(&["user", "list"]).env("AUTH_SECRET_KEY", key));
    of_environment("").refused(2, "AUTH_SECRET_KEY is empty");
    let weak = of_environment("secret_key");
    assert_eq!(weak.code, 2);
    assert_one_line(&weak.errors);
    assert!(weak.errors.starts_with("auth-admin: AUTH_SECRET_KEY: ") && !weak.errors.contains("secret_key"));
    let empty = admin.file("empty", "\n");
    let reason = format!("the secret key in `{empty}` is empty");
    admin.run(&["user", "list", "--secret-key-file", &empty]).refused(2, &reason);
    let missing = admin.run(&["user", "list", "--secret-key-file", "nowhere"]);
    missing.refused(2, "cannot read the secret key in `nowhere`: No such file or directory (os error 2)");
}
