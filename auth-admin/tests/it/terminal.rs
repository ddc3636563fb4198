//! Prompts on a real terminal: the test holds the other end.

use std::{process::Command, thread, time::Duration};

use rexpect::session::{PtySession, spawn_command};

use crate::fixture::{Admin, PASSWORD, lines};

/// Only a bound: a slow machine is not a broken one.
const PATIENCE: Option<u64> = Some(120_000);

fn at_terminal(command: Command) -> PtySession {
    spawn_command(command, PATIENCE).unwrap()
}

/// Returns the rest of the output, and the exit code.
fn end(mut session: PtySession) -> (String, i32) {
    let rest = session.exp_eof().unwrap();
    // `Exited(Pid(4711), 0)`: the type itself is not public.
    let status = format!("{:?}", session.process().wait().unwrap());
    let code = status.strip_prefix("Exited(").and_then(|status| status.rsplit([' ', ')']).nth(1));
    (rest, code.unwrap_or_else(|| panic!("{status}")).parse().unwrap())
}

#[test]
fn r74_a_password_is_asked_twice_and_not_shown() {
    let admin = Admin::new();
    // The terminal echoes input until the program turns it off.
    let mut session = at_terminal(shell(&admin, "stty sane; tty >terminal; \"$ADMIN\" user add alice"));
    let mut seen = session.exp_string("New password of \"alice\": ").unwrap();
    until_terminal_has(&admin, "-echo");
    session.send_line(PASSWORD).unwrap();
    seen += &session.exp_string("Repeat the password: ").unwrap();
    until_terminal_has(&admin, "-echo");
    session.send_line(PASSWORD).unwrap();
    let (rest, code) = end(session);
    assert_eq!((rest.trim(), code), ("user \"alice\" was added", 0));
    assert!(!seen.contains("horse") && !rest.contains("horse"), "{seen}{rest}");
    admin.verifies("alice", PASSWORD).done();
}

#[test]
fn passwords_that_differ_change_nothing() {
    let admin = Admin::new();
    let mut session = at_terminal(admin.command(&["user", "add", "alice"]));
    session.exp_string("New password of \"alice\": ").unwrap();
    session.send_line(PASSWORD).unwrap();
    session.exp_string("Repeat the password: ").unwrap();
    session.send_line("correct horse battery stapl").unwrap();
    let (rest, code) = end(session);
    assert_eq!((rest.trim(), code), ("auth-admin: the two passwords differ; nothing was changed", 1));
    assert_eq!(admin.names(), Vec::<String>::new());
}

#[test]
fn a_taken_name_is_rejected_before_the_password_prompt() {
    let admin = Admin::new();
    admin.add(&["alice"]);
    let (rest, code) = end(at_terminal(admin.command(&["user", "add", "Alice"])));
    assert_eq!((rest.trim(), code), ("auth-admin: there is a user \"alice\" already", 1));
    // So is an invalid role.
    let (rest, code) = end(at_terminal(admin.command(&["user", "add", "bob", "--role", " Viewer"])));
    assert!(rest.contains("cannot be the name of a role") && code == 1, "{rest}");
}

#[test]
fn verify_password_asks_once() {
    let admin = Admin::new();
    admin.add_with_password("alice");
    for (password, message, code) in [
        (PASSWORD, "the password of \"alice\" is correct", 0),
        ("wrong horse", "auth-admin: wrong password for \"alice\"", 1),
        ("", "auth-admin: no password was given", 2),
    ] {
        let mut session = at_terminal(admin.command(&["user", "verify-password", "alice"]));
        session.exp_string("Password of \"alice\": ").unwrap();
        session.send_line(password).unwrap();
        let (rest, ended) = end(session);
        assert_eq!((rest.trim(), ended), (message, code));
    }
}

#[test]
fn password_stdin_is_rejected_on_a_terminal() {
    let admin = Admin::new();
    let (rest, code) = end(at_terminal(admin.command(&["user", "add", "alice", "--password-stdin"])));
    let reason = "auth-admin: stdin is a terminal; omit --password-stdin to get a prompt";
    assert_eq!((rest.trim(), code), (reason, 2));
}

#[test]
fn a_deletion_needs_confirmation() {
    let admin = Admin::new();
    for (answer, message, code) in [
        ("", "auth-admin: not confirmed; nothing was changed", 1),
        ("n", "auth-admin: not confirmed; nothing was changed", 1),
        ("delete", "auth-admin: not confirmed; nothing was changed", 1),
        ("y", "user \"bob\" was deleted", 0),
        ("YES", "user \"bob\" was deleted", 0),
    ] {
        if admin.names().is_empty() {
            admin.run(&["user", "add", "bob", "--no-password"]).done();
        }
        let mut session = at_terminal(admin.command(&["user", "delete", "Bob"]));
        session.exp_string("Delete user \"bob\"? [y/N] ").unwrap();
        session.send_line(answer).unwrap();
        let (rest, ended) = end(session);
        assert!(rest.trim().ends_with(message), "{rest}");
        assert_eq!(ended, code, "{answer}");
        assert_eq!(admin.names().is_empty(), code == 0);
    }
    let (rest, code) = end(at_terminal(admin.command(&["user", "delete", "bob"])));
    assert_eq!((rest.trim(), code), ("auth-admin: there is no user \"bob\"", 1));
}

#[test]
fn each_question_names_its_object() {
    let admin = Admin::new();
    admin
        .run(&["user", "add", "bob", "--no-password", "--role", "Viewer", "--permission", "export"])
        .done_with_new_names();
    for (words, question) in [
        (["user", "disable", "bob"].as_slice(), "Disable user \"bob\"? [y/N] "),
        (&["user", "sign-out", "bob"], "Sign out user \"bob\"? [y/N] "),
        (&["user", "sign-out", "bob", "--revoke-keys"], "Sign out user \"bob\" and revoke the API keys? [y/N] "),
        (&["user", "set-roles", "bob"], "Remove the role Viewer from user \"bob\"? [y/N] "),
        (&["user", "set-permissions", "bob"], "Remove the permission export from user \"bob\"? [y/N] "),
        (&["key", "revoke", "0123"], "Revoke key \"0123\"? [y/N] "),
    ] {
        let mut session = at_terminal(admin.command(words));
        session.exp_string(question).unwrap();
        session.send_line("n").unwrap();
        assert_eq!(end(session).1, 1);
        // `--yes` skips the prompt.
        let (rest, _) = end(at_terminal(admin.command(&[words, &["--yes"]].concat())));
        assert!(!rest.contains("[y/N]"), "{rest}");
    }
}

/// A shell that runs some commands around `$ADMIN`.
fn shell(admin: &Admin, script: &str) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", script]).env_clear().current_dir(admin.folder.path());
    shell.env("PATH", std::env::var_os("PATH").unwrap()).env("ADMIN", env!("CARGO_BIN_EXE_auth-admin"));
    shell.env("AUTH_DB_URI", admin.url()).env("TERM", "xterm");
    shell
}

/// Waits until the terminal that the shell has named is set so.
fn until_terminal_has(admin: &Admin, setting: &str) {
    let terminal = std::fs::read_to_string(admin.path("terminal")).unwrap();
    let is_set = || {
        let settings = Command::new("stty").args(["-a", "-F", terminal.trim()]).output().unwrap();
        String::from_utf8(settings.stdout).unwrap().split_whitespace().any(|word| word == setting)
    };
    while !is_set() {
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn one_end_of_input_ends_an_import() {
    let admin = Admin::new();
    let mut session = at_terminal(shell(&admin, "stty sane -echo; \"$ADMIN\" user import - --format csv"));
    session.send_line("name").unwrap();
    session.send_line("alice").unwrap();
    session.send_control('d').unwrap();
    let (rest, code) = end(session);
    assert!(code == 0 && rest.contains("1 user was imported"), "{rest}");
}

#[test]
fn ctrl_c_gives_the_terminal_back() {
    let admin = Admin::new();
    for (words, prompt) in [("user add alice", "New password of \"alice\": "), ("token inspect", "Token: ")] {
        let script = format!("stty sane; tty >terminal; \"$ADMIN\" {words}; echo ended=$?; stty -a");
        let mut session = at_terminal(shell(&admin, &script));
        session.exp_string(prompt).unwrap();
        // Before that, Ctrl-C would end the shell as well.
        until_terminal_has(&admin, "-isig");
        session.send_control('c').unwrap();
        let (rest, code) = end(session);
        assert_eq!(code, 0);
        let words: Vec<&str> = rest.split_whitespace().collect();
        assert!(words.contains(&"ended=130"), "{rest}");
        assert!(words.contains(&"echo") && words.contains(&"icanon") && words.contains(&"isig"), "{rest}");
    }
    assert_eq!(admin.names(), Vec::<String>::new());
}

/// Code 130 says that nothing was done, so Ctrl-C must not end a change that has begun.
#[test]
fn ctrl_c_after_the_password_does_not_interrupt_the_change() {
    let admin = Admin::new();
    admin.add(&["bob"]);
    for (words, message) in [("add alice", "user \"alice\" was added"), ("set-password bob", "has a new password")] {
        // The shell outlives Ctrl-C, and the command gets it.
        let script = format!("trap : INT; stty sane; tty >terminal; \"$ADMIN\" user {words}; echo ended=$?");
        let mut session = at_terminal(shell(&admin, &script));
        for prompt in ["New password of", "Repeat the password: "] {
            session.exp_string(prompt).unwrap();
            until_terminal_has(&admin, "-echo");
            if prompt.starts_with("Repeat") {
                break;
            }
            session.send_line(PASSWORD).unwrap();
        }
        // The change waits for this writer.
        let writer = admin.lock();
        session.send_line(PASSWORD).unwrap();
        until_terminal_has(&admin, "isig");
        thread::sleep(Duration::from_millis(300));
        session.send_control('c').unwrap();
        thread::sleep(Duration::from_millis(300));
        drop(writer);
        let (rest, _) = end(session);
        assert!(rest.contains(message) && rest.contains("ended=0"), "{rest}");
    }
    admin.verifies("alice", PASSWORD).done();
    admin.verifies("bob", PASSWORD).done();
}

#[test]
fn an_import_shows_its_progress() {
    let admin = Admin::new();
    let lines = lines(0..3000, |number| format!("user{number}\n"));
    admin.file("users.csv", format!("name\n{lines}a:b\n"));
    let (seen, code) = end(at_terminal(shell(&admin, "stty cols 120; \"$ADMIN\" user import users.csv")));
    assert_eq!(code, 1);
    assert!(seen.contains(" %  ") && seen.contains(" left"), "{seen:?}");
    assert!(seen.contains("auth-admin: line 3002: its name cannot be a user name"), "{seen:?}");
    assert!(seen.contains("3000 users were imported, 1 line rejected"), "{seen:?}");
}
