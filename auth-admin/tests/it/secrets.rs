//! Secrets stand only in the output that was asked for.

use std::fs;

use crate::fixture::{Admin, HASH, PASSWORD, Ran, ran, text_of};

const KEY: &str = "Vb8Zc1Xn5Lk9Qw3Er7Ty2Ui6Op4As0Df";

/// All output, without the requested secrets.
#[derive(Default)]
struct Captured(String);

impl Captured {
    fn add(&mut self, ran: &Ran) {
        self.0.push_str(&ran.output);
        self.0.push_str(&ran.errors);
    }
}

#[test]
fn r74_passwords_hashes_and_keys_are_in_no_output_and_no_log() {
    let admin = Admin::new();
    let key_file = admin.file("key", KEY);
    let settings = ["--log-file", "changes.log", "--secret-key-file", &key_file];
    let run = |words: &[&str], input: &str| admin.run_with(&[&settings, words].concat(), input);
    let mut captured = Captured::default();

    captured.add(&run(&["user", "add", "alice", "--password-stdin"], PASSWORD));
    let made = run(&["user", "add", "bob", "--generate"], "");
    captured.0.push_str(&made.errors);
    let made = made.output.trim_end().to_owned();
    let created = run(&["key", "create", "alice", "--unlimited"], "");
    captured.0.push_str(&created.errors);
    let key = created.output.trim_end().to_owned();
    let id = key.split('_').nth(1).unwrap();
    let file = admin.file("users.csv", format!("name,password_hash\ncarol,{HASH}\ncarol,{HASH}\ndave,{HASH}x\n"));
    let shifted = admin.file("shifted.csv", format!("name,roles,password_hash\ncarol,{HASH},\n{HASH},,\n"));

    for format in ["table", "json"] {
        for (words, input) in [
            (["user", "list"].as_slice(), ""),
            (&["user", "show", "alice"], ""),
            (&["user", "verify-password", "alice", "--password-stdin"], PASSWORD),
            (&["user", "verify-password", "bob", "--password-stdin"], PASSWORD),
            (&["user", "set-password", "nobody", "--password-stdin"], PASSWORD),
            (&["user", "set-password", "alice", "--password-stdin"], PASSWORD),
            (&["user", "set-roles", "alice", "Viewer"], ""),
            (&["user", "import", &file], ""),
            (&["user", "import", &shifted], ""),
            (&["key", "list"], ""),
            (&["key", "revoke", &key, "--yes"], ""),
            (&["key", "revoke", id, "--yes"], ""),
            (&["check"], ""),
            (&["user", "delete", "alice"], ""),
        ] {
            captured.add(&run(&[words, &["--output", format]].concat(), input));
        }
    }
    captured.0.push_str(&text_of(&admin.path("changes.log")));
    let hashes = admin.texts("SELECT password_hash FROM auth_user WHERE name IN ('alice', 'bob')");
    assert_eq!(hashes.len(), 2);
    let secret = key.rsplit('_').next().unwrap();
    for secret in [PASSWORD, HASH, KEY, &made, secret].into_iter().chain(hashes.iter().map(String::as_str)) {
        assert!(!captured.0.contains(secret), "{secret} is in\n{}", captured.0);
    }
    assert!(captured.0.contains("password set") && captured.0.contains("user was imported"), "{}", captured.0);
}

#[test]
fn r74_a_key_that_stands_where_a_name_should_is_not_repeated() {
    let admin = Admin::new();
    admin.add(&["alice"]);
    let key = admin.run(&["key", "create", "alice", "--unlimited"]);
    let key = key.output.trim();
    for words in [
        ["key", "list", key].as_slice(),
        &["key", "revoke", key, "--yes"],
        &["key", "create", key, "--unlimited"],
        &["user", "show", key],
        &["user", "list", "--role", key],
        &["user", "list", "--role", &format!(" {key}")],
        &["user", "set-password", key, "--generate"],
        &["user", "delete", key, "--yes"],
    ] {
        let ran = ran(admin.command(words).env("AUTH_LOG_FILENAME", "log"));
        assert!(ran.code > 0 && !ran.errors.contains(&key[..24]), "{}", ran.errors);
    }
    let log = fs::read_to_string(admin.path("log")).unwrap().to_lowercase();
    assert!(!log.contains(&key[..24].to_lowercase()) && log.contains("command failed"), "{log}");
}

#[test]
fn r91_a_url_is_printed_without_its_password() {
    let url = "postgres://app:hunter22@127.0.0.1:1/users?password=hunter22";
    let admin = Admin::without_tables();
    for words in [["check"].as_slice(), &["user", "list"], &["user", "list", "--database-url", url]] {
        let ran = ran(admin.command(words).env("AUTH_DB_URI", url).env("AUTH_LOG_FILENAME", "log"));
        assert!(ran.code == 3 && !ran.errors.contains("hunter22"), "{}", ran.errors);
    }
    assert!(!fs::read_to_string(admin.path("log")).unwrap().contains("hunter22"));
}
