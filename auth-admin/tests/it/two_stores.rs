//! Commands that change the database and Redis, when Redis fails.

use std::net::TcpListener;

use serde_json::Value;

use crate::{
    fixture::{Ran, assert_one_line, ran_with, text_of},
    redis::{ids, sign_in_to_the_database},
    redis_service::{World, on_redis},
    tokens,
};

const END_ALL: &[&str] = &["session", "end", "--all", "alice", "--yes"];

/// Returns a URL of a port without a server, and one with a wrong password, with their exit codes.
fn failing_servers(world: &World) -> [(String, i32); 2] {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (_, address) = world.server.rsplit_once('@').unwrap();
    [(format!("redis://127.0.0.1:{port}/0"), 3), (format!("redis://auth_test:hunter22@{address}"), 2)]
}

/// Returns the sessions of alice that the database has.
fn sessions_in_the_database(world: &World) -> Vec<String> {
    ids(&world.admin.json(&["session", "list", "alice"]))
}

fn status_in_the_database(world: &World, token: &str) -> Value {
    let words = ["token", "inspect", "--output", "json"];
    ran_with(&mut world.admin.command(&words), token).json()["status"].clone()
}

/// Checks that a command failed after a part of the change was made, and that the log has both.
#[track_caller]
fn assert_partly_done(world: &World, ran: &Ran, done: &str, event: &str) {
    assert_eq!((ran.code, ran.output.as_str()), (3, ""), "{}", ran.errors);
    assert_one_line(&ran.errors);
    let start = format!("auth-admin: {done}, but Redis failed; run the command again: Redis at redis://127.0.0.1:");
    assert!(ran.errors.starts_with(&start), "{}", ran.errors);
    let log = text_of(&world.admin.path("log"));
    let [made, failed] = log.lines().collect::<Vec<_>>().try_into().unwrap_or_else(|_| panic!("{log}"));
    assert!(made.contains(" INFO ") && made.contains(event) && made.contains(" by="), "{made}");
    assert!(
        failed.contains(" WARN ") && failed.contains("command failed") && failed.contains("Redis failed"),
        "{failed}"
    );
    std::fs::remove_file(world.admin.path("log")).unwrap();
}

fn run_with_log(world: &World, words: &[&str], input: &str) -> Ran {
    ran_with(world.command(words).args(["--log-file", "log"]), input)
}

#[test]
fn a_redis_that_fails_leaves_the_database_unchanged() {
    on_redis(|world| {
        let (refresh, access) = tokens::sign_in(&world.admin);
        for _ in 0..2 {
            sign_in_to_the_database(world);
        }
        let before = sessions_in_the_database(world);
        let end_one = ["session", "end", &before[0], "--yes"];
        for (url, code) in failing_servers(world) {
            let revoke = &["token", "revoke"];
            for (words, input) in [(END_ALL, ""), (&end_one, ""), (revoke, &*refresh), (revoke, &*access)] {
                let ran = ran_with(world.command(words).env("AUTH_REDIS_URI", &url), input);
                assert_eq!((ran.code, ran.output.as_str()), (code, ""), "{words:?}: {}", ran.errors);
                assert_one_line(&ran.errors);
            }
            assert_eq!(sessions_in_the_database(world), before);
            assert_eq!(status_in_the_database(world, &refresh), "active");
            assert_eq!(status_in_the_database(world, &access), "not revoked");
        }
    });
}

#[test]
fn sessions_that_ended_before_redis_failed_are_reported() {
    on_redis(|world| {
        for _ in 0..3 {
            sign_in_to_the_database(world);
        }
        let first = sessions_in_the_database(world).remove(0);
        let of_session = format!("{}session:{first}", world.prefix);
        world.redis_command::<()>(&["SET", &of_session, "no hash"]);
        let ran = run_with_log(world, &["session", "end", &first, "--yes"], "");
        let done = format!("session \"{first}\" was ended in the database");
        assert_partly_done(world, &ran, &done, "session ended");

        let subject = world.json(&["user", "show", "alice"])["subject"].as_str().unwrap().to_owned();
        let of_user = format!("{}session-user:{subject}", world.prefix);
        world.redis_command::<()>(&["SET", &of_user, "no set"]);
        let ran = run_with_log(world, END_ALL, "");
        assert_partly_done(world, &ran, "2 sessions of \"alice\" were ended in the database", "count=2");

        world.redis_command::<()>(&["DEL", &of_user]);
        assert_eq!(world.json(END_ALL)["ended"], 0);
    });
}

/// Nothing was done, so the line names Redis alone.
#[test]
fn a_session_that_is_not_in_the_database_is_not_reported_as_ended() {
    on_redis(|world| {
        world.redis_command::<()>(&["SET", &format!("{}session:x", world.prefix), "no hash"]);
        let ran = run_with_log(world, &["session", "end", "x", "--yes"], "");
        assert_eq!(ran.code, 3, "{}", ran.errors);
        assert!(ran.errors.starts_with("auth-admin: Redis at redis://"), "{}", ran.errors);
        let log = text_of(&world.admin.path("log"));
        assert!(log.lines().count() == 1 && log.contains("command failed"), "{log}");
    });
}

#[test]
fn tokens_that_were_revoked_before_redis_failed_are_reported() {
    on_redis(|world| {
        let (refresh, access) = tokens::sign_in(&world.admin);
        let last = format!("{}revocation:last", world.prefix);
        world.redis_command::<()>(&["SET", &last, "no number"]);
        let jti = world.admin.run_with(&["token", "inspect", "--output", "json"], &access).json()["jti"].clone();
        let ran = run_with_log(world, &["token", "revoke"], &access);
        let done = format!("access token {jti} was revoked in the database");
        assert_partly_done(world, &ran, &done, "access token revoked");
        let ran = run_with_log(world, &["token", "revoke"], &refresh);
        let done = "the access tokens of the sign-in were revoked in the database";
        assert_partly_done(world, &ran, done, "access tokens of a sign-in revoked");
        assert_eq!(status_in_the_database(world, &refresh), "active", "the command can be run again");

        world.redis_command::<()>(&["DEL", &last]);
        world.run_with(&["token", "revoke"], &refresh).done();
        assert_eq!(status_in_the_database(world, &refresh), "unknown or ended");
        let revoked: Vec<String> =
            world.redis_command(&["ZRANGE", &format!("{}revocation:entries", world.prefix), "0", "-1"]);
        assert_eq!(revoked.len(), 1, "{revoked:?}");
    });
}
