//! The same command in several processes at once.

use crate::{
    fixture::{Admin, Ran, end, piped},
    servers::on_server,
};

const PROCESSES: usize = 6;

/// Runs a command in several processes at once.
fn at_once(admin: &Admin, words: &[&str]) -> Vec<Ran> {
    let started: Vec<_> = (0..PROCESSES).map(|_| piped(&mut admin.command(words))).collect();
    started.into_iter().map(end).collect()
}

fn race(admin: &Admin) {
    for ran in at_once(admin, &["migrate"]) {
        assert_eq!(ran.code, 0, "{}", ran.errors);
    }
    admin.run(&["check"]).done();

    let ended = at_once(admin, &["user", "add", "alice", "--no-password", "--role", "Viewer"]);
    assert_eq!(ended.iter().filter(|ran| ran.code == 0).count(), 1, "one process adds the user");
    for ran in ended.iter().filter(|ran| ran.code != 0) {
        assert_eq!((ran.code, ran.errors.as_str()), (1, "auth-admin: there is a user \"alice\" already\n"));
    }
    assert_eq!(admin.names(), ["alice"]);

    let ended = at_once(admin, &["user", "delete", "alice", "--yes"]);
    assert_eq!(ended.iter().filter(|ran| ran.code == 0).count(), 1, "one process deletes the user");
    assert!(admin.names().is_empty());
}

#[test]
fn on_sqlite() {
    race(&Admin::without_tables());
}

#[test]
fn on_postgres() {
    on_server("TEST_POSTGRES_URL", "races", race);
}

#[test]
fn on_mysql() {
    on_server("TEST_MYSQL_URL", "races", race);
}
