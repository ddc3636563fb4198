//! The commands on PostgreSQL and MariaDB. `tests/services up` starts the servers.

use std::{
    env,
    io::{self, Write},
    process,
};

use crate::fixture::{Admin, HASH, PASSWORD, execute, lines};

/// Runs a test on a new database of the server in this variable. Prints a line if the variable is not set.
pub(crate) fn on_server(variable: &str, what: &str, test: impl FnOnce(&Admin)) {
    let Ok(server) = env::var(variable) else {
        // The output of `eprintln!` is hidden unless a test fails.
        let _ = writeln!(io::stderr(), "{what}: skipped, as {variable} is not set");
        return;
    };
    let (before, query) = server.split_once('?').map_or((&*server, None), |(before, query)| (before, Some(query)));
    let (host, prefix) = before.rsplit_once('/').expect("a URL with the name of a database");
    // The user may create databases with this prefix only.
    let name = format!("{prefix}_{what}_{}", process::id());
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    execute(&server, &format!("CREATE DATABASE {name}"));
    test(&Admin::at(format!("{host}/{name}{query}")));
    // PostgreSQL may not have closed the last connection yet.
    let force = if what == "postgres" { " WITH (FORCE)" } else { "" };
    execute(&server, &format!("DROP DATABASE {name}{force}"));
}

fn round_trip(admin: &Admin) {
    let reason = "the tables of the database do not fit this program: there are none, so run `migrate` first";
    admin.run(&["user", "list"]).refused(3, reason);
    admin.run(&["migrate"]).done();
    admin
        .run(&["user", "add", "Jörg", "--no-password", "--role", "Viewer", "--display-name", "日本 🦀"])
        .done_with_new_names();
    admin.run(&["user", "add", "jörg", "--no-password"]).refused(1, "there is a user \"jörg\" already");
    admin.add_with_password("alice");
    admin.verifies("alice", PASSWORD).done();
    admin.verifies("alice", "wrong horse").refused(1, "wrong password for \"alice\"");
    let lines = lines(0..1500, |number| format!("user{number:04},Editor,{HASH}\n"));
    let file = admin.file("users.csv", format!("name,roles,password_hash\nALICE,,\n{lines}a:b,,\n"));
    let ran = admin.run(&["user", "import", &file, "--skip-existing"]);
    assert_eq!(
        (ran.code, ran.output.as_str()),
        (1, "1500 users were imported, 1 already there, 1 line rejected; password hashes: 1500 bcrypt\n")
    );
    assert_eq!(admin.names().len(), 1502);
    assert_eq!(admin.json(&["user", "list", "--role", "Editor"]).as_array().unwrap().len(), 1500);
    let made = admin.json(&["key", "create", "jörg", "--permission", "view", "--label", "🦀"]);
    assert_eq!(admin.json(&["key", "list"])[0]["id"], made["id"]);
    admin.run(&["key", "revoke", made["id"].as_str().unwrap(), "--yes"]).done();
    assert_eq!(admin.json(&["key", "list", "JÖRG"])[0]["status"], "revoked");
    admin.run(&["user", "set-roles", "jörg", "Editor", "Viewer"]).done();
    admin.run(&["user", "disable", "jörg", "--yes"]).done();
    assert_eq!(admin.json(&["user", "show", "jörg"])["display_name"], "日本 🦀");
    admin.run(&["user", "delete", "jörg", "--yes"]).done();
    admin.run(&["user", "show", "jörg"]).refused(1, "there is no user \"jörg\"");
    admin.run(&["check"]).done();
}

#[test]
fn postgres() {
    on_server("TEST_POSTGRES_URL", "admin", round_trip);
}

#[test]
fn mysql() {
    on_server("TEST_MYSQL_URL", "admin", round_trip);
}
