//! Many users at once: what is good is there, what is not is told of, whatever happens.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
};

use serde_json::json;

use crate::fixture::{Admin, HASH, PASSWORD, Ran, lines, piped};

const IMPORT: [&str; 2] = ["user", "import"];

fn import(admin: &Admin, words: &[&str]) -> Ran {
    admin.run(&[IMPORT.as_slice(), words].concat())
}

/// The lines that were told of, and the last one of the errors, which counts them.
#[track_caller]
fn told(ran: &Ran) -> Vec<&str> {
    assert_eq!(ran.code, 1, "{}", ran.errors);
    let mut lines: Vec<&str> = ran.errors.lines().map(|line| line.strip_prefix("auth-admin: ").unwrap()).collect();
    let last = lines.pop().unwrap();
    assert!(last.ends_with(" not imported"), "{last}");
    lines
}

#[test]
fn csv_is_read_with_all_that_a_user_has() {
    let admin = Admin::new();
    let file = admin.file(
        "users.csv",
        format!(
            "name,display_name,email,roles,permissions,password_hash,disabled\r\n\
             Alice,\"Alice \"\"A.\"\", the first\",a@example.com,Viewer; Editor of books;,export,{HASH},false\r\n\
             bob,,,,,,true\r\n"
        ),
    );
    assert_eq!(import(&admin, &[&file]).done(), "2 users were imported\n");
    let alice = admin.json(&["user", "show", "alice"]);
    assert_eq!(alice["display_name"], "Alice \"A.\", the first");
    assert_eq!(alice["email"], "a@example.com");
    assert_eq!(alice["roles"], json!(["Editor of books", "Viewer"]));
    assert_eq!(alice["permissions"], json!(["export"]));
    assert_eq!(alice["disabled"], false);
    let bob = admin.json(&["user", "show", "bob"]);
    assert_eq!(
        (&bob["disabled"], &bob["has_password"], &bob["display_name"]),
        (&json!(true), &json!(false), &json!(null))
    );
}

#[test]
fn jsonl_is_read_from_the_standard_input() {
    let admin = Admin::new();
    let lines =
        "{\"name\":\"alice\",\"roles\":[\"a;b\"],\"password_hash\":null}\n\n{\"name\":\"bob\",\"disabled\":true}";
    let words = ["user", "import", "-", "--format", "jsonl", "--output", "json"];
    let said = admin.run_with(&words, lines).json();
    assert_eq!(said, json!({ "imported": 2, "existing": 0, "bad": 0 }));
    assert_eq!(admin.json(&["user", "show", "alice"])["roles"], json!(["a;b"]));
    assert_eq!(admin.json(&["user", "show", "bob"])["disabled"], true);
}

#[test]
fn r70_hashes_of_another_system_are_verified() {
    let admin = Admin::new();
    let hash = auth_runtime::users::hash_password(PASSWORD).unwrap();
    let django = "pbkdf2_sha256$1000000$salt$";
    let file = admin.file(
        "users.jsonl",
        format!(
            "{{\"name\":\"alice\",\"password_hash\":\"{hash}\"}}\n{{\"name\":\"bob\",\"password_hash\":\"{django}\"}}"
        ),
    );
    let ran = import(&admin, &[&file]);
    assert!(told(&ran)[0].starts_with("line 2: the password hash cannot be verified: "), "{}", ran.errors);
    admin.verifies("alice", PASSWORD).done();
}

#[test]
fn r74_a_hash_in_the_wrong_column_is_neither_kept_nor_shown() {
    let admin = Admin::new();
    let shifted = [
        "alice,HASH,,,",
        "bob,,HASH,,",
        "carol,,,,5f4dcc3b5aa765d61d8327deb882cf99",
        "HASH,,,,",
        "sha1$abc$5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8,,,,",
        "md5$5f4dcc3b5aa765d61d8327deb882cf99,,,,",
        "{SSHA}AQIDBAUGBwgJCgsMDQ4PEBESExQ=,,,,",
        "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19,,,,",
    ];
    let file = format!("name,display_name,email,password_hash,roles\n{}\n", shifted.join("\n").replace("HASH", HASH));
    let ran = import(&admin, &[&admin.file("users.csv", file)]);
    for (index, told) in told(&ran).iter().enumerate() {
        assert_eq!(*told, format!("line {}: a password hash stands where a name should", index + 2));
    }
    assert_eq!(ran.output, "0 users were imported, 8 lines not imported\n");
    assert!(admin.names().is_empty());
    // But a name may be of digits, and hold a `$`.
    let names = ["660e8400e29b41d4a716446655440000", "service$production$nightly"];
    import(&admin, &[&admin.file("more.csv", format!("name\n{}\n", names.join("\n")))]).done();
    assert_eq!(admin.names(), names);
}

#[test]
fn each_bad_line_is_told_of_and_no_good_one_is_lost() {
    let admin = Admin::new();
    let long = "x".repeat(1 << 20);
    let mut file = b"\xef\xbb\xbfname,display_name,roles,disabled\n".to_vec();
    let mut line = |bytes: &[u8]| file.extend([bytes, b"\n"].concat());
    line(b"alice,,Viewer,");
    line(b"hunter2:plain,,,");
    line(b"bob\xff,,,");
    line(b"carol,,");
    line(b"dave,,,no");
    line(format!("erin,{long},,").as_bytes());
    line(b"frank,\"two\nlines\",,");
    line("grace,\"\u{1b}[31m\",,".as_bytes());
    line(b"ALICE,,,");
    line(b"heidi,,Vie\x07wer,");
    line(b",,,");
    line(b"zoe,Z,Viewer,true");
    let file = admin.file("users.csv", file);
    let ran = import(&admin, &[&file]);
    assert_eq!(ran.output, "2 users were imported, 11 lines not imported\n");
    let name = "its name cannot be a user name: it must be 1 to 255 bytes of letters, digits and ASCII symbols but `:`, with single spaces between parts";
    assert_eq!(
        told(&ran),
        [
            &format!("line 3: {name}"),
            "line 4: `name` is not UTF-8",
            "line 5: it has 3 fields, and not 4 as the first line",
            "line 6: `disabled` is neither `true` nor `false`",
            "line 7: it has more than 64 KiB",
            "lines 8 to 9: the display name holds a control character, so a quote in its first line may be one too many: all up to the next one was read as one text",
            "line 10: the display name holds a control character",
            "line 11: there is a user \"alice\" already",
            "line 12: \"Vie\\u{7}wer\" cannot be the name of a role: it has 1 to 255 characters, no space at an end, and no control characters",
            &format!("line 13: {name}"),
        ]
    );
    assert!(ran.errors.ends_with("auth-admin: 11 lines were not imported\n"));
    assert_eq!(admin.names(), ["alice", "zoe"]);
}

#[test]
fn what_is_wrong_with_all_lines_is_told_before_anything_is_done() {
    let admin = Admin::new();
    let known =
        "it must be one of `name`, `display_name`, `email`, `roles`, `permissions`, `password_hash`, `disabled`";
    let some = known.replace("it must be one of", "it must name some of");
    let plain =
        "passwords in plain are not imported: give `password_hash`, or leave it out and run `user set-password`";
    for (name, text, reason) in [
        ("a.csv", "name,role\nalice,Viewer\n", format!("line 1: unknown column \"role\"; {known}")),
        ("a.csv", "name,password\nalice,x\n", format!("line 1: {plain}")),
        ("a.csv", "", "the file is empty".to_owned()),
        ("a.csv", "alice\n", format!("line 1: the first line names no column; {some}")),
        // A user in place of the names: the hash is not repeated.
        ("a.csv", "alice,$2b$12$abcdefghijklmnopqrstuv\n", format!("line 1: the first line names no column; {some}")),
        (
            "a.jsonl",
            "{\"name\":\"alice\",\"role\":1}\n",
            format!("line 1: unknown member \"role\"; {known}; nothing was imported"),
        ),
        ("a.jsonl", "\n{\"name\":\"a\",\"password\":\"x\"}\n", format!("line 2: {plain}; nothing was imported")),
        (
            "a.txt",
            "name\n",
            "the name of the file does not tell its form: give --format csv or --format jsonl".to_owned(),
        ),
    ] {
        let file = admin.file(name, text);
        import(&admin, &[&file]).refused(2, &reason);
    }
    let none = "`none.csv` cannot be read: No such file or directory (os error 2)";
    import(&admin, &["none.csv"]).refused(2, none);
    import(&admin, &["-"])
        .refused(2, "the name of the file does not tell its form: give --format csv or --format jsonl");
    fs::create_dir(admin.path("folder.csv")).unwrap();
    import(&admin, &["folder.csv"]).refused(2, "`folder.csv` cannot be read: it is a folder");
    assert_eq!(admin.names(), Vec::<String>::new());
}

#[test]
fn an_unknown_member_further_down_is_the_matter_of_its_line() {
    let admin = Admin::new();
    let file = admin.file("a.jsonl", "{\"name\":\"alice\"}\n{\"name\":\"bob\",\"role\":1}\n{\"name\":\"carol\"}\n");
    let ran = import(&admin, &[&file]);
    assert!(told(&ran)[0].starts_with("line 2: unknown member \"role\""), "{}", ran.errors);
    assert_eq!(admin.names(), ["alice", "carol"]);
}

#[test]
fn a_quote_that_is_not_closed_is_told_of_once() {
    let admin = Admin::new();
    let file = admin.file("users.csv", "name,display_name\nalice,\nbob,\"B\ncarol,\n");
    let ran = import(&admin, &[&file]);
    assert_eq!(told(&ran), ["lines 3 to 4: a quote is opened here that is not closed, so nothing after it was read"]);
    assert_eq!(admin.names(), ["alice"]);
}

#[test]
fn bad_lines_go_to_a_file_of_their_own() {
    let admin = Admin::new();
    let file = admin.file("users.csv", "name\nalice\na:b\n");
    let ran = import(&admin, &[&file, "--errors", "bad.txt"]);
    assert_eq!((ran.code, ran.errors.as_str()), (1, "auth-admin: 1 line was not imported\n"));
    let told = fs::read_to_string(admin.path("bad.txt")).unwrap();
    assert!(told.starts_with("line 3: its name cannot be a user name") && told.lines().count() == 1, "{told}");
    // What is there is not overwritten, be it the file itself.
    for there in ["bad.txt", "users.csv"] {
        let reason = format!("the file `{there}` cannot be made: File exists (os error 17)");
        import(&admin, &[&file, "--errors", there]).refused(2, &reason);
    }
    // One that would be empty is not there.
    let file = admin.file("more.csv", "name\nbob\n");
    import(&admin, &[&file, "--errors", "none.txt"]).done();
    assert!(!admin.path("none.txt").exists());
}

#[test]
fn an_import_can_be_run_again() {
    let admin = Admin::new();
    let file = admin.file("users.csv", "name\nalice\nbob\n");
    import(&admin, &[&file]).done();
    assert_eq!(told(&import(&admin, &[&file])).len(), 2);
    let more = admin.file("more.csv", "name,roles\nALICE,Administrator\nbob,\ncarol,\n");
    assert_eq!(import(&admin, &[&more, "--skip-existing"]).done(), "1 user was imported, 2 there already\n");
    assert_eq!(admin.json(&["user", "show", "alice"])["roles"], json!([]), "who is there stays as they are");
}

fn line(number: usize) -> String {
    format!("{{\"name\":\"user{number:06}\",\"roles\":[\"Viewer\"]}}\n")
}

/// A process that is killed while it waits for more: nothing of what it has told of is lost.
#[test]
fn what_was_told_of_as_imported_survives_kill_9() {
    let admin = Admin::new();
    let words = ["user", "import", "-", "--format", "jsonl"];
    let mut child = piped(&mut admin.command(&words));
    let mut input = child.stdin.take().unwrap();
    input.write_all(lines(0..12_500, line).as_bytes()).unwrap();
    input.flush().unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut told = String::new();
    errors.read_line(&mut told).unwrap();
    assert_eq!(told, "auth-admin: up to line 10000: 10000 users were imported\n");
    child.kill().unwrap();
    child.wait().unwrap();
    drop(input);
    let mut rest = String::new();
    errors.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");

    let names = admin.names();
    assert!(
        names.len() >= 10_000
            && names[..10_000].iter().enumerate().all(|(number, name)| *name == format!("user{number:06}"))
    );
    let file = admin.file("users.jsonl", lines(0..12_500, line));
    let ran = import(&admin, &[&file, "--skip-existing"]);
    assert_eq!(ran.code, 0, "{}", ran.errors);
    let expected = format!("{} users were imported, {} there already\n", 12_500 - names.len(), names.len());
    assert_eq!(ran.output, expected);
    assert_eq!(admin.names().len(), 12_500);
    assert_eq!(admin.json(&["user", "list", "--role", "Viewer"]).as_array().unwrap().len(), 12_500);
}

#[test]
fn a_database_that_fails_in_the_middle_is_told_of_with_what_is_in_it() {
    let admin = Admin::new();
    let words = ["user", "import", "-", "--format", "jsonl"];
    let mut child = piped(&mut admin.command(&words));
    let mut input = child.stdin.take().unwrap();
    // A full batch more than is told of, so that it is known when the table may go.
    input.write_all(lines(0..10_000, line).as_bytes()).unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut told = String::new();
    errors.read_line(&mut told).unwrap();
    admin.sql("ALTER TABLE auth_user RENAME TO elsewhere");
    input.write_all(lines(10_000..11_000, line).as_bytes()).unwrap();
    drop(input);
    told.clear();
    errors.read_to_string(&mut told).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(3), "{told}");
    let start = ": the import has stopped after line 10000 (10000 users were imported): the database does not";
    assert!(
        told.starts_with("auth-admin: sqlite:")
            && told.contains(start)
            && told.ends_with("; run it again with --skip-existing\n"),
        "{told}"
    );
    assert_eq!(told.lines().count(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn a_large_file_is_held_by_the_batch() {
    let admin = Admin::new();
    // One batch, and no end of it: what is there at most is the batch and not the line.
    let mut child = piped(&mut admin.command(&["user", "import", "-", "--format", "csv"]));
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"name,display_name\nalice,\"").unwrap();
    for _ in 0..64 {
        input.write_all(&vec![b'x'; 1 << 20]).unwrap();
    }
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kib < 48 * 1024, "{kib} KiB");
    input.write_all(b"\"\nbob,\n").unwrap();
    drop(input);
    let ran = crate::fixture::end(child);
    assert_eq!(told(&ran), ["line 2: it has more than 64 KiB"]);
    assert_eq!(admin.names(), ["bob"]);
}
