//! The log file.

use std::{fs, path::Path, process::Stdio};

use crate::fixture::{Admin, assert_one_line, ran, text_of};

#[test]
fn changes_are_logged_with_the_operator() {
    let admin = Admin::new();
    let log = |words: &[&str]| ran(admin.command(words).env("AUTH_LOG_FILENAME", "changes.log"));
    log(&["user", "add", "alice", "--no-password", "--role", "Viewer"]).done_with_new_names();
    log(&["user", "set-roles", "alice", "Editor", "--yes"]).done_with_new_names();
    log(&["user", "list"]).done();
    assert_eq!(log(&["user", "delete", "bob", "--yes"]).code, 1);
    admin.run(&["user", "disable", "alice", "--yes", "--log-file", "changes.log"]).done();
    let text = text_of(&admin.path("changes.log"));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    for (line, what) in lines.iter().zip([
        "user=\"alice\" roles=[\"Viewer\"]",
        "user=\"alice\" roles=[\"Editor\"]",
        "reason=\"there is no user \\\"bob\\\"\"",
        "user disabled",
    ]) {
        assert!(line.contains(what) && line.contains(" by=") && line[..28].contains('Z'), "{line}");
    }
}

#[test]
fn sudo_user_does_not_replace_the_operator() {
    let admin = Admin::new();
    let mut command = admin.command(&["user", "add", "alice", "--no-password", "--log-file", "changes.log"]);
    ran(command.env("SUDO_USER", "mallory\nforged")).done();
    let text = text_of(&admin.path("changes.log"));
    assert!(text.lines().count() == 1 && text.contains("SUDO_USER=") && !text.contains("by=\"mallory"), "{text}");
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_a_new_log_file() {
    use std::os::unix::fs::PermissionsExt;

    let admin = Admin::new();
    admin.run(&["user", "list", "--log-file", "changes.log"]).done();
    let mode = fs::metadata(admin.path("changes.log")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_log_file_is_appended_to() {
    let admin = Admin::new();
    let log = admin.file("changes.log", "before\n");
    admin.run(&["user", "add", "alice", "--no-password", "--log-file", &log]).done();
    let text = text_of(Path::new(&log));
    assert!(text.starts_with("before\n2") && text.lines().count() == 2, "{text}");
}

#[test]
fn a_log_file_that_cannot_be_opened_stops_the_command() {
    let admin = Admin::new();
    let ran = admin.run(&["user", "add", "alice", "--no-password", "--log-file", "no/such/folder/log"]);
    ran.refused(2, "cannot open the log file `no/such/folder/log`: No such file or directory (os error 2)");
    assert_eq!(admin.names(), Vec::<String>::new());
}

#[cfg(target_os = "linux")]
#[test]
fn a_failed_log_write_is_reported() {
    let admin = Admin::new();
    let ran = admin.run(&["user", "add", "alice", "--no-password", "--log-file", "/dev/full"]);
    let reason = "the command succeeded; but the log file cannot be written: No space left on device (os error 28)";
    assert_eq!((ran.code, ran.errors), (1, format!("auth-admin: {reason}\n")));
    assert_eq!(admin.names(), ["alice"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_change_with_a_failed_output_is_reported() {
    let admin = Admin::new();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = admin.command(&["user", "add", "alice", "--no-password"]);
    let ended = command.stdout(full).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    let reason = "user \"alice\" was added; but the output cannot be written: No space left on device (os error 28)";
    assert_eq!((ended.status.code(), ended.stderr), (Some(1), format!("auth-admin: {reason}\n").into_bytes()));
}

#[cfg(target_os = "linux")]
#[test]
fn a_secret_that_cannot_be_printed_is_a_failure() {
    let admin = Admin::new();
    admin.add(&["alice"]);
    for words in
        [["user", "set-password", "alice", "--generate"].as_slice(), &["key", "create", "alice", "--unlimited"]]
    {
        for format in ["table", "json"] {
            let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
            let mut command = admin.command(&[words, &["--output", format]].concat());
            let child = command.stdout(full).stderr(Stdio::piped()).spawn().unwrap();
            let ended = child.wait_with_output().unwrap();
            let message = String::from_utf8(ended.stderr).unwrap();
            assert_eq!(ended.status.code(), Some(1), "{message}");
            assert_one_line(&message);
            assert!(message.contains("; but it cannot be shown: No space left on device"), "{message}");
        }
    }
}
