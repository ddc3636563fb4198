//! The log file.

use std::{fs, path::Path, process::Stdio};

use crate::fixture::{Admin, assert_one_line, ran, text_of};

#[test]
fn changes_are_written_down_with_who_has_made_them() {
    let admin = Admin::new();
    let log = |words: &[&str]| ran(admin.command(words).env("AUTH_LOG_FILENAME", "changes.log"));
    log(&["user", "add", "alice", "--no-password", "--role", "Viewer"]).done();
    log(&["user", "set-roles", "alice", "Editor"]).done();
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
fn who_is_only_said_to_have_made_a_change_is_not_named_as_who_has() {
    let admin = Admin::new();
    let mut command = admin.command(&["user", "add", "alice", "--no-password", "--log-file", "changes.log"]);
    ran(command.env("SUDO_USER", "mallory\nforged")).done();
    let text = text_of(&admin.path("changes.log"));
    assert!(text.lines().count() == 1 && text.contains("SUDO_USER=") && !text.contains("by=\"mallory"), "{text}");
}

#[cfg(unix)]
#[test]
fn a_log_file_that_is_made_is_read_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;

    let admin = Admin::new();
    admin.run(&["user", "list", "--log-file", "changes.log"]).done();
    let mode = fs::metadata(admin.path("changes.log")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn what_is_there_stays() {
    let admin = Admin::new();
    let log = admin.file("changes.log", "before\n");
    admin.run(&["user", "add", "alice", "--no-password", "--log-file", &log]).done();
    let text = text_of(Path::new(&log));
    assert!(text.starts_with("before\n2") && text.lines().count() == 2, "{text}");
}

#[test]
fn without_a_log_nothing_is_done() {
    let admin = Admin::new();
    let ran = admin.run(&["user", "add", "alice", "--no-password", "--log-file", "no/such/folder/log"]);
    ran.refused(2, "the log file `no/such/folder/log` cannot be opened: No such file or directory (os error 2)");
    assert_eq!(admin.names(), Vec::<String>::new());
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_down_is_told() {
    let admin = Admin::new();
    let ran = admin.run(&["user", "add", "alice", "--no-password", "--log-file", "/dev/full"]);
    let reason = "it was done; but the log file cannot be written: No space left on device (os error 28)";
    assert_eq!((ran.code, ran.errors), (1, format!("auth-admin: {reason}\n")));
    assert_eq!(admin.names(), ["alice"]);
}

#[cfg(target_os = "linux")]
#[test]
fn what_was_done_is_told_though_the_output_cannot_be_written() {
    let admin = Admin::new();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = admin.command(&["user", "add", "alice", "--no-password"]);
    let ended = command.stdout(full).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    let reason = "user \"alice\" was added; but the output cannot be written: No space left on device (os error 28)";
    assert_eq!((ended.status.code(), ended.stderr), (Some(1), format!("auth-admin: {reason}\n").into_bytes()));
}

#[cfg(target_os = "linux")]
#[test]
fn a_secret_that_nobody_has_read_is_no_success() {
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
            let said = String::from_utf8(ended.stderr).unwrap();
            assert_eq!(ended.status.code(), Some(1), "{said}");
            assert_one_line(&said);
            assert!(said.contains("; but it cannot be shown: No space left on device"), "{said}");
        }
    }
}
