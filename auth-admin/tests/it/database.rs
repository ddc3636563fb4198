//! Settings, tables, and unusable databases.

use std::{fs, net::TcpListener};

use serde_json::json;

use crate::fixture::{Admin, assert_one_line, bare, ran, ran_with};

#[test]
fn r72_there_is_no_default_database_and_no_default_account() {
    let reason = "no database is set; set AUTH_DB_URI or give --database-url, such as `sqlite:users.db` or \
                  `postgres://user@host/database`";
    ran(&mut bare(&["user", "list"])).refused(2, reason);
    let empty = "the URL of the database is empty; set AUTH_DB_URI or give --database-url";
    ran(bare(&["user", "list"]).env("AUTH_DB_URI", "")).refused(2, empty);
    assert_eq!(Admin::new().json(&["user", "list"]), json!([]));
}

#[test]
fn a_flag_takes_precedence_over_its_variable() {
    let (admin, other) = (Admin::new(), Admin::new());
    other.add(&["alice"]);
    assert_eq!(admin.json(&["--database-url", other.url(), "user", "list"])[0]["name"], "alice");
    assert_eq!(admin.json(&["user", "list", "--database-url", other.url()])[0]["name"], "alice");
}

#[test]
fn an_invalid_url_is_not_repeated() {
    for url in ["users.db", "oracle://app:hunter22@host/db", "hunter22", "sqlite"] {
        let ran = ran(&mut bare(&["user", "list", "--database-url", url]));
        assert_eq!(ran.code, 2);
        assert_one_line(&ran.errors);
        assert!(!ran.errors.contains("hunter22") && ran.errors.contains("sqlite:users.db"), "{}", ran.errors);
    }
}

#[test]
fn only_migrate_creates_tables() {
    let admin = Admin::without_tables();
    let reason = "the tables of the database do not fit this program: there is no such file, so run `migrate` first";
    for words in [
        ["user", "list"].as_slice(),
        &["user", "add", "alice", "--no-password"],
        &["user", "delete", "alice", "--yes"],
        &["key", "list"],
        &["role", "list"],
        &["user", "import", "nowhere.csv"],
    ] {
        admin.run(words).refused(3, reason);
    }
    assert!(!admin.path("users.db").exists(), "a misspelt name creates no database");
    fs::write(admin.path("users.db"), "").unwrap();
    let reason = "the tables of the database do not fit this program: there are none, so run `migrate` first";
    admin.run(&["user", "list"]).refused(3, reason);
    let first = admin.run(&["migrate"]).done();
    assert!(first.ends_with(" applied; the tables are up to date\n"), "{first}");
    assert_eq!(admin.run(&["migrate"]).done(), "the tables are up to date\n");
    assert_eq!(admin.json(&["migrate"]), json!({ "steps": 0 }));
    admin.run(&["user", "list"]).done();
}

#[test]
fn check_reports_missing_tables() {
    let admin = Admin::without_tables();
    fs::write(admin.path("users.db"), "").unwrap();
    let ran = admin.run(&["check", "--output", "json"]);
    let report: serde_json::Value = serde_json::from_str(&ran.output).unwrap();
    let reason = "there are none, so run `migrate` first";
    assert_eq!((&report["fits"], &report["tables"]), (&json!(false), &json!(reason)));
    let message =
        format!("auth-admin: {}: the tables of the database do not fit this program: {reason}\n", admin.url());
    assert_eq!((ran.code, ran.errors), (3, message));
    admin.run(&["migrate"]).done();
    let table = admin.run(&["check"]).done();
    assert_eq!(table.lines().nth(1), Some("tables       up to date"));
    assert_eq!(table.lines().nth(2), Some("roles        not checked, because this program declares none"));
    let report = admin.json(&["check"]);
    assert_eq!(
        (&report["fits"], &report["tables"], &report["names_checked"]),
        (&json!(true), &json!(null), &json!(false))
    );
    assert_eq!(report["database"], admin.url());
}

#[test]
fn check_reports_a_wrong_secret_key() {
    let admin = Admin::new();
    let key = |key: &str, words: &[&str], input: &str| {
        let mut command = admin.command(words);
        command.env("AUTH_SECRET_KEY", key);
        ran_with(&mut command, input)
    };
    let [right, wrong] = ["Vb8Zc1Xn5Lk9Qw3Er7Ty2Ui6Op4As0Df", "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa"];
    key(right, &["user", "add", "alice", "--password-stdin"], "correct horse battery\n").done();
    admin.add_with_password("bob");
    assert!(key(right, &["check"], "").done().ends_with("secret key   fits all password hashes\n"));
    for ran in [key(wrong, &["check"], ""), admin.run(&["check"])] {
        let message = "auth-admin: the database does not match this program; see the report\n";
        assert_eq!((ran.code, ran.errors.as_str()), (1, message));
        let last = "secret key   does not match the password hash of 1 user, who cannot sign in\n";
        assert!(ran.output.ends_with(last), "{}", ran.output);
    }
}

#[test]
fn tables_of_a_later_version_are_left_alone() {
    let admin = Admin::new();
    admin.sql(
        "INSERT INTO auth_migration (version, description, success, checksum, execution_time) \
         VALUES (999, 'later', TRUE, x'00', 1)",
    );
    let reason = "the tables of the database do not fit this program: they are of a later version";
    admin.run(&["user", "list"]).refused(3, reason);
    admin.run(&["migrate"]).refused(3, reason);
    let ran = admin.run(&["check"]);
    assert!(
        ran.code == 3 && ran.output.contains("later version") && ran.output.contains("not checked"),
        "{}",
        ran.output
    );
}

#[test]
fn missing_and_foreign_tables_are_reported() {
    let reason = |what: &str| format!("the tables of the database do not fit this program: {what}");
    let admin = Admin::new();
    admin.sql("DROP TABLE auth_api_key_permission");
    let gone = reason("table `auth_api_key_permission` is missing; restore it from a backup");
    admin.run(&["key", "list"]).refused(3, &gone);
    assert!(admin.run(&["check"]).output.contains("is missing"));

    let admin = Admin::new();
    admin.sql("UPDATE auth_migration SET checksum = x'00' WHERE version = 1");
    let another = reason("step 1 in `auth_migration` differs from the step of this version");
    admin.run(&["key", "list"]).refused(3, &another);

    let admin = Admin::new();
    admin.sql("DELETE FROM auth_migration");
    admin.run(&["key", "list"]).refused(3, &reason("there are none, so run `migrate` first"));
}

#[test]
fn a_database_that_is_down_is_3() {
    // A port without a server.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for scheme in ["postgres", "mysql"] {
        let url = format!("{scheme}://app:hunter22@127.0.0.1:{port}/users");
        for words in [["user", "list"].as_slice(), &["check"], &["migrate"]] {
            let ran = ran(bare(words).env("AUTH_DB_URI", &url));
            assert_eq!(ran.code, 3, "{}", ran.errors);
            assert_one_line(&ran.errors);
            assert!(ran.errors.contains("the database does not answer as it should"), "{}", ran.errors);
            assert!(ran.errors.contains("Connection refused"), "{}", ran.errors);
            assert!(!ran.errors.contains("hunter22"), "{}", ran.errors);
        }
    }
    let admin = Admin::without_tables();
    fs::write(admin.path("users.db"), "this is no database, whatever its name says").unwrap();
    let ran = admin.run(&["user", "list"]);
    assert_eq!((ran.code, ran.output.as_str()), (3, ""));
    ran.refused(3, "the database does not answer as it should: file is not a database");
}

#[test]
fn a_file_that_cannot_be_created_is_reported() {
    let admin = Admin::without_tables();
    let reason = "the database does not answer as it should: its file can neither be opened nor made: is there such a \
                  folder, and may this program write there?";
    admin.run(&["migrate", "--database-url", "sqlite:no/such/folder/users.db"]).refused(3, reason);
    let reason = "the database does not answer as it should: its file cannot be opened: is it a file, and may this program \
                  read and write it?";
    for words in [["migrate"].as_slice(), &["user", "list"]] {
        admin.run(&[words, &["--database-url", "sqlite:."]].concat()).refused(3, reason);
    }
    // `migrate` is no help if the URL forbids a new file.
    let reason = "the tables of the database do not fit this program: there is no such file, so run `migrate` first, with a \
                  URL that does not say `mode=`";
    admin.run(&["migrate", "--database-url", "sqlite:none.db?mode=ro"]).refused(3, reason);
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_a_new_database() {
    use std::os::unix::fs::PermissionsExt;

    let admin = Admin::without_tables();
    std::os::unix::fs::symlink("elsewhere.db", admin.path("linked.db")).unwrap();
    for (url, file) in
        [("sqlite:plain.db", "plain.db"), ("sqlite://sp%20ace.db", "sp ace.db"), ("sqlite:linked.db", "elsewhere.db")]
    {
        admin.run(&["migrate", "--database-url", url]).done();
        let mode = fs::metadata(admin.path(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{url}");
    }
}

#[test]
fn help_has_the_exit_codes_and_no_value_of_the_environment() {
    let admin = Admin::new();
    for words in [["--help"].as_slice(), &["user", "--help"], &["key", "--help"], &["check", "--help"]] {
        let mut command = admin.command(words);
        command.env("AUTH_DB_URI", "postgres://app:hunter22@h/d").env("AUTH_SECRET_KEY", "hunter22");
        let help = ran(&mut command).done();
        assert!(help.contains("3  the database is unavailable") && help.contains("AUTH_DB_URI"), "{help}");
        assert!(!help.contains("hunter22"), "{help}");
    }
    assert_eq!(admin.run(&["user"]).code, 2);
    assert_eq!(admin.run(&["user", "rename"]).code, 2);
}

#[test]
fn completions_need_no_database() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = ran(&mut bare(&["completions", shell])).done();
        assert!(script.contains("auth-admin") && script.contains("set-password"), "{shell}");
    }
    assert_eq!(ran(&mut bare(&["completions", "tcsh"])).code, 2);
}

/// The name of the program has a `-`.
#[test]
fn bash_completes_commands_and_options() {
    let admin = Admin::without_tables();
    admin.file("completions", ran(&mut bare(&["completions", "bash"])).done());
    let completed = |words: &[&str]| {
        let (last, before) = words.split_last().unwrap();
        let line = [&["auth-admin"], words].concat().join("' '");
        let script = format!(
            "source ./completions; COMP_WORDS=('{line}'); COMP_CWORD={}; _auth__admin auth-admin '{last}' '{}'; \
             echo \"${{COMPREPLY[*]}}\"",
            words.len(),
            before.last().unwrap_or(&"auth-admin"),
        );
        let mut bash = std::process::Command::new("bash");
        let words = ran(bash.args(["-c", &script]).current_dir(admin.folder.path())).done();
        words.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    for (words, there) in [
        (["us"].as_slice(), "user"),
        (&["user", ""], "set-password"),
        (&["user", "set-p"], "set-permissions"),
        (&["user", "add", "--gen"], "--generate"),
        (&["user", "list", "--output", ""], "json"),
        (&["key", "revoke", "--y"], "--yes"),
    ] {
        assert!(completed(words).contains(&there.to_owned()), "{words:?}: {:?}", completed(words));
    }
}
