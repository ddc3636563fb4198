//! Imports: each valid record is added, and each invalid record is reported.

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

/// Returns the reported lines. Checks the last line of stderr, which counts them.
#[track_caller]
fn reported(ran: &Ran) -> Vec<&str> {
    assert_eq!(ran.code, 1, "{}", ran.errors);
    let mut lines: Vec<&str> = ran.errors.lines().map(|line| line.strip_prefix("auth-admin: ").unwrap()).collect();
    let last = lines.pop().unwrap();
    assert!(last.ends_with(" rejected"), "{last}");
    lines.retain(|line| !line.starts_with("warning: "));
    lines
}

#[test]
fn csv_has_every_field_of_a_user() {
    let admin = Admin::new();
    let file = admin.file(
        "users.csv",
        format!(
            "name,display_name,email,roles,permissions,password_hash,disabled\r\n\
             Alice,\"Alice \"\"A.\"\", the first\",a@example.com,Viewer; Editor of books;,export,{HASH},false\r\n\
             bob,,,,,,true\r\n"
        ),
    );
    let output = import(&admin, &[&file]).done_with_new_names();
    assert_eq!(output, "2 users were imported; password hashes: 1 bcrypt\n");
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
    let printed = admin.run_with(&words, lines).json();
    assert_eq!(printed, json!({ "imported": 2, "existing": 0, "rejected": 0, "hashes": [] }));
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
    assert!(reported(&ran)[0].starts_with("line 2: the password hash cannot be verified: "), "{}", ran.errors);
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
    for (index, line) in reported(&ran).iter().enumerate() {
        let reason = "a password hash stands in another field than `password_hash`";
        assert_eq!(*line, format!("line {}: {reason}", index + 2));
    }
    assert_eq!(ran.output, "0 users were imported, 8 lines rejected\n");
    assert!(admin.names().is_empty());
    // A name may consist of digits, and contain a `$`.
    let names = ["660e8400e29b41d4a716446655440000", "service$production$nightly"];
    import(&admin, &[&admin.file("more.csv", format!("name\n{}\n", names.join("\n")))]).done();
    assert_eq!(admin.names(), names);
}

#[test]
fn each_invalid_line_is_reported_and_each_valid_one_imported() {
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
    assert_eq!(ran.output, "2 users were imported, 11 lines rejected\n");
    let name = "its name cannot be a user name: it must be 1 to 255 bytes of letters, digits and ASCII symbols but `:`, with single spaces between parts";
    assert_eq!(
        reported(&ran),
        [
            &format!("line 3: {name}"),
            "line 4: `name` is not UTF-8",
            "line 5: it has 3 fields, but the first line has 4",
            "line 6: `disabled` is neither `true` nor `false`",
            "line 7: it has more than 64 KiB",
            "lines 8 to 9: the display name holds a control character; its first line may have a stray quote, which joined all lines up to the next quote",
            "line 10: the display name holds a control character",
            "line 11: line 2 has the same name; remove one of the two lines",
            "line 12: \"Vie\\u{7}wer\" cannot be the name of a role: it has 1 to 255 characters, no space at an end, and no control characters",
            &format!("line 13: {name}"),
        ]
    );
    assert!(ran.errors.ends_with("auth-admin: 11 lines were rejected\n"));
    assert_eq!(admin.names(), ["alice", "zoe"]);
}

#[test]
fn a_mistake_in_all_lines_stops_the_import_before_the_first() {
    let admin = Admin::new();
    let known = "the known ones are `name`, `display_name`, `email`, `email_verified`, `roles`, `permissions`, `password_hash`, `disabled`";
    let plain = "plain passwords are not imported; replace this field with `password_hash`, or remove it and run `user set-password`";
    for (name, text, reason) in [
        ("a.csv", "name,role\nalice,Viewer\n", format!("line 1: unknown column \"role\"; {known}")),
        ("a.csv", "name,password\nalice,x\n", format!("line 1: {plain}")),
        ("a.csv", "", "the file is empty".to_owned()),
        ("a.csv", "alice\n", format!("line 1: the first line names no column; {known}")),
        // The first line is a user, and the error does not repeat the hash.
        ("a.csv", "alice,$2b$12$abcdefghijklmnopqrstuv\n", format!("line 1: the first line names no column; {known}")),
        (
            "a.jsonl",
            "{\"name\":\"alice\",\"role\":1}\n",
            format!("line 1: unknown member \"role\"; {known}; nothing was imported"),
        ),
        ("a.jsonl", "\n{\"name\":\"a\",\"password\":\"x\"}\n", format!("line 2: {plain}; nothing was imported")),
        (
            "a.txt",
            "name\n",
            "the name of the file does not show its format; give --format csv or --format jsonl".to_owned(),
        ),
    ] {
        let file = admin.file(name, text);
        import(&admin, &[&file]).refused(2, &reason);
    }
    let none = "cannot read `none.csv`: No such file or directory (os error 2)";
    import(&admin, &["none.csv"]).refused(2, none);
    import(&admin, &["-"])
        .refused(2, "the name of the file does not show its format; give --format csv or --format jsonl");
    fs::create_dir(admin.path("folder.csv")).unwrap();
    import(&admin, &["folder.csv"]).refused(2, "cannot read `folder.csv`: it is a folder");
    assert_eq!(admin.names(), Vec::<String>::new());
}

#[test]
fn an_unknown_member_further_down_is_the_matter_of_its_line() {
    let admin = Admin::new();
    let file = admin.file("a.jsonl", "{\"name\":\"alice\"}\n{\"name\":\"bob\",\"role\":1}\n{\"name\":\"carol\"}\n");
    let ran = import(&admin, &[&file]);
    assert!(reported(&ran)[0].starts_with("line 2: unknown member \"role\""), "{}", ran.errors);
    assert_eq!(admin.names(), ["alice", "carol"]);
}

#[test]
fn an_unclosed_quote_is_reported_once() {
    let admin = Admin::new();
    let file = admin.file("users.csv", "name,display_name\nalice,\nbob,\"B\ncarol,\n");
    let ran = import(&admin, &[&file]);
    assert_eq!(reported(&ran), ["lines 3 to 4: a quote is opened here and never closed, so nothing after it was read"]);
    assert_eq!(admin.names(), ["alice"]);
}

#[test]
fn rejected_lines_can_be_written_to_a_file() {
    let admin = Admin::new();
    let file = admin.file("users.csv", "name\nalice\na:b\n");
    let ran = import(&admin, &[&file, "--errors", "bad.txt"]);
    assert_eq!((ran.code, ran.errors.as_str()), (1, "auth-admin: 1 line was rejected\n"));
    let report = fs::read_to_string(admin.path("bad.txt")).unwrap();
    assert!(report.starts_with("line 3: its name cannot be a user name") && report.lines().count() == 1, "{report}");
    // An existing file is not overwritten, not even the imported one.
    for file_name in ["bad.txt", "users.csv"] {
        let reason = format!("cannot create the file `{file_name}`: File exists (os error 17)");
        import(&admin, &[&file, "--errors", file_name]).refused(2, &reason);
    }
    // An empty report is removed, also if the import stops.
    let file = admin.file("more.csv", "name\nbob\n");
    import(&admin, &[&file, "--errors", "none.txt"]).done();
    assert!(!admin.path("none.txt").exists());
    admin.sql("CREATE TRIGGER full BEFORE INSERT ON auth_user BEGIN SELECT RAISE(ABORT, 'disk full'); END");
    let file = admin.file("most.csv", "name\ncarol\n");
    let ran = import(&admin, &[&file, "--errors", "none.txt"]);
    assert_eq!((ran.code, admin.path("none.txt").exists()), (3, false), "{}", ran.errors);
}

#[test]
fn an_import_can_be_run_again() {
    let admin = Admin::new();
    let file = admin.file("users.csv", "name\nalice\nbob\n");
    import(&admin, &[&file]).done();
    assert_eq!(reported(&import(&admin, &[&file])).len(), 2);
    let more = admin.file("more.csv", "name,roles\nALICE,Administrator\nbob,\ncarol,\n");
    assert_eq!(import(&admin, &[&more, "--skip-existing"]).done(), "1 user was imported, 2 already there\n");
    assert_eq!(admin.json(&["user", "show", "alice"])["roles"], json!([]), "an existing user does not change");
}

fn line(number: usize) -> String {
    format!("{{\"name\":\"user{number:06}\",\"roles\":[\"Viewer\"]}}\n")
}

/// The process is killed while it waits for more input.
#[test]
fn reported_users_survive_kill_9() {
    let admin = Admin::new();
    let words = ["user", "import", "-", "--format", "jsonl"];
    let mut child = piped(&mut admin.command(&words));
    let mut input = child.stdin.take().unwrap();
    input.write_all(lines(0..12_500, line).as_bytes()).unwrap();
    input.flush().unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut report = String::new();
    errors.read_line(&mut report).unwrap();
    assert_eq!(report, "auth-admin: up to line 10000: 10000 users were imported\n");
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
    let expected = format!("{} users were imported, {} already there\n", 12_500 - names.len(), names.len());
    assert_eq!(ran.output, expected);
    assert_eq!(admin.names().len(), 12_500);
    assert_eq!(admin.json(&["user", "list", "--role", "Viewer"]).as_array().unwrap().len(), 12_500);
}

#[test]
fn a_database_failure_reports_the_imported_users() {
    let admin = Admin::new();
    let words = ["user", "import", "-", "--format", "jsonl"];
    let mut child = piped(&mut admin.command(&words));
    let mut input = child.stdin.take().unwrap();
    // The next batch fills only after the table was renamed.
    input.write_all(lines(0..10_000, line).as_bytes()).unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut report = String::new();
    errors.read_line(&mut report).unwrap();
    admin.sql("ALTER TABLE auth_user RENAME TO elsewhere");
    input.write_all(lines(10_000..11_000, line).as_bytes()).unwrap();
    drop(input);
    report.clear();
    errors.read_to_string(&mut report).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(3), "{report}");
    let start = ": the import stopped after line 10000 (10000 users were imported): the database does not";
    assert!(
        report.starts_with("auth-admin: sqlite:")
            && report.contains(start)
            && report.ends_with("; run it again with --skip-existing\n"),
        "{report}"
    );
    assert_eq!(report.lines().count(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn a_long_record_does_not_fill_the_memory() {
    let admin = Admin::new();
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
    assert_eq!(reported(&ran), ["line 2: it has more than 64 KiB"]);
    assert_eq!(admin.names(), ["bob"]);
}

#[test]
fn a_name_that_stands_twice_in_the_file_is_an_error() {
    let admin = Admin::new();
    let mut file = String::from("name,roles\nalice,\n");
    file += &lines(0..1500, |number| format!("user{number},\n"));
    file += "bob,\nALICE,\nbob,\n";
    let file = admin.file("users.csv", file);
    let same = |line| format!("line {line} has the same name; remove one of the two lines");
    for (skips, rest) in
        [("", "1502 users were imported"), ("--skip-existing", "0 users were imported, 1502 already there")]
    {
        let words: Vec<&str> = [file.as_str(), skips].into_iter().filter(|word| !word.is_empty()).collect();
        let ran = import(&admin, &words);
        assert_eq!(reported(&ran), [format!("line 1504: {}", same(2)), format!("line 1505: {}", same(1503))]);
        assert_eq!(ran.output, format!("{rest}, 2 lines rejected\n"));
    }
}

#[test]
fn the_forms_of_imported_hashes_are_counted() {
    let admin = Admin::new();
    let argon2 = auth_runtime::users::hash_password(PASSWORD).unwrap();
    let weak = HASH.replace("$10$", "$04$");
    let file = admin.file(
        "users.csv",
        format!("name,password_hash\nalice,{HASH}\nbob,{HASH}\ncarol,\"{argon2}\"\ndave,{weak}\nerin,\nalice,{HASH}\n"),
    );
    let ran = import(&admin, &[&file]);
    let forms = "1 argon2, 2 bcrypt, 1 bcrypt (weak, replaced at the next sign-in)";
    assert_eq!(ran.output, format!("5 users were imported, 1 line rejected; password hashes: {forms}\n"));
    let file = admin.file("more.csv", format!("name,password_hash\nfrank,{HASH}\n"));
    let forms = json!([{ "form": "bcrypt", "weak": false, "count": 1 }]);
    assert_eq!(import(&admin, &[&file, "--output", "json"]).json()["hashes"], forms);
}
