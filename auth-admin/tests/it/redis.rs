//! State in Redis: the command and a running service, each in a process of its own.

use std::net::TcpListener;

use auth_admin::{Admin as Administration, Console, Exit};
use auth_runtime::{prelude::*, session::NewSession, users::UserStore};
use auth_store::SqlUsers;
use poem::Request;
use serde_json::{Value, json};

use crate::{
    fixture::{PASSWORD, assert_one_line, bare, ran},
    redis_service::{World, on_redis},
};

/// Signs alice in, in a service with its sessions in the database.
pub(crate) fn sign_in_to_the_database(world: &World) {
    world.wait(async {
        let users = SqlUsers::connect(world.admin.url()).await.unwrap();
        let user = users.find_at_sign_in("alice").await.unwrap().unwrap();
        let sessions = Sessions::new(&Basic::new(users.clone()));
        let _ = sessions.start(&Request::default(), NewSession::of_user(&user)).await.unwrap();
        users.close().await;
    });
}

pub(crate) fn ids(sessions: &Value) -> Vec<String> {
    sessions.as_array().unwrap().iter().map(|session| session["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn r62_an_administrator_lists_and_ends_sessions_in_redis() {
    on_redis(|world| {
        let service = world.service();
        let cookies = ["alice", "alice", "alice", "bob"].map(|name| world.wait(service.sign_in(name)));
        for cookie in &cookies {
            assert_eq!(world.wait(service.status(("Cookie", cookie))), 200);
        }
        let listed = ids(&world.json(&["session", "list", "Alice"]));
        assert_eq!(listed.len(), 3);
        assert_eq!(world.admin.json(&["session", "list", "alice"]), json!([]), "none is in the database");

        assert_eq!(world.json(&["session", "end", &listed[0], "--yes"]), json!({ "ended": listed[0] }));
        let gone = "there is no such session, or it has ended";
        world.run(&["session", "end", &listed[0], "--yes"]).refused(1, gone);
        assert_eq!(world.json(&["session", "end", "--all", "alice", "--yes"]), json!({ "user": "alice", "ended": 2 }));
        // The service has cached the sessions; Redis names those that ended.
        for cookie in &cookies[..3] {
            world.until(&service, ("Cookie", cookie), 401);
        }
        assert_eq!(world.json(&["session", "list", "alice"]), json!([]));
        assert_eq!(world.wait(service.status(("Cookie", &cookies[3]))), 200);
        world.run(&["session", "list", "carol"]).refused(1, "there is no user \"carol\"");
    });
}

#[test]
fn r62_sessions_in_the_database_are_neither_hidden_nor_left_by_redis() {
    on_redis(|world| {
        let service = world.service();
        world.wait(service.sign_in("alice"));
        for _ in 0..2 {
            sign_in_to_the_database(world);
        }
        let listed = ids(&world.json(&["session", "list", "alice"]));
        assert_eq!(listed.len(), 3);
        let in_database = ids(&world.admin.json(&["session", "list", "alice"]));
        world.run(&["session", "end", &in_database[0], "--yes"]).done();
        assert_eq!(world.json(&["session", "end", "--all", "alice", "--yes"])["ended"], 2);
        assert_eq!(world.admin.json(&["session", "list", "alice"]), json!([]));
    });
}

/// Each session has the version of the credentials in the database, so Redis is not needed.
#[test]
fn r62_a_change_of_credentials_ends_sessions_and_tokens_in_redis() {
    on_redis(|world| {
        let service = world.service();
        for words in [
            ["user", "sign-out", "alice", "--yes"].as_slice(),
            &["user", "set-password", "alice", "--password-stdin"],
            &["user", "remove-second-factor", "alice", "--yes"],
            &["user", "disable", "alice", "--yes"],
            &["user", "delete", "alice", "--yes"],
        ] {
            let (cookie, (refresh, access)) =
                world.wait(async { (service.sign_in("alice").await, service.tokens().await) });
            let bearer = format!("Bearer {access}");
            for header in [("Cookie", &*cookie), ("Authorization", &*bearer)] {
                assert_eq!(world.wait(service.status(header)), 200, "{words:?}");
            }
            world.run_with(words, PASSWORD).done();
            for header in [("Cookie", &*cookie), ("Authorization", &*bearer)] {
                assert_eq!(world.wait(service.status(header)), 401, "{words:?}");
            }
            let inspected = world.json_with(&["token", "inspect"], &refresh);
            assert_eq!(inspected["status"], "ended with the credentials", "{words:?}");
            if words[1] == "disable" {
                world.run(&["user", "enable", "alice"]).done();
                assert_eq!(world.wait(service.status(("Cookie", &cookie))), 401, "it stays ended");
            }
            if words[1] != "delete" {
                assert_eq!(world.json(&["session", "list", "alice"]), json!([]), "{words:?}");
            }
        }
    });
}

#[test]
fn a_new_password_makes_redis_forget_the_known_addresses() {
    on_redis(|world| {
        let service = world.service();
        world.wait(service.tokens());
        assert_eq!(world.keys("attempt").len(), 1, "the address of the sign-in");
        world.run_with(&["user", "set-password", "alice", "--password-stdin"], PASSWORD).done();
        assert_eq!(world.keys("attempt").len(), 2, "the name, with the time up to which addresses are forgotten");
    });
}

#[test]
fn r82_tokens_in_redis_are_inspected_and_revoked() {
    on_redis(|world| {
        let service = world.service();
        let (refresh, access) = world.wait(service.tokens());
        let (other_refresh, other_access) = world.wait(service.tokens());
        let shown = world.json_with(&["token", "inspect"], &refresh);
        assert_eq!((&shown["status"], &shown["user"]), (&"active".into(), &"alice".into()));
        let printed = world.run_with(&["token", "inspect"], &refresh).done();
        assert!(printed.contains("active") && !printed.contains(&refresh), "{printed}");

        world.run_with(&["token", "revoke"], &refresh).done();
        world.until(&service, ("Authorization", &format!("Bearer {access}")), 401);
        assert_eq!(world.json_with(&["token", "inspect"], &refresh)["status"], "unknown or ended");
        assert_eq!(world.json_with(&["token", "inspect"], &access)["status"], "revoked");
        let again = world.run_with(&["token", "revoke"], &refresh).done();
        assert_eq!(again, "the refresh token is unknown, or has ended already\n");

        let other = format!("Bearer {other_access}");
        assert_eq!(world.wait(service.status(("Authorization", &other))), 200);
        world.run_with(&["token", "revoke"], &other_access).done();
        world.until(&service, ("Authorization", &other), 401);
        assert_eq!(world.json_with(&["token", "inspect"], &other_refresh)["status"], "active");
    });
}

#[test]
fn r07_signing_keys_in_redis_rotate_and_retire() {
    on_redis(|world| {
        let service = world.service();
        let keys = || world.json(&["key-ring", "list"]);
        let first = keys()[0]["id"].as_str().unwrap().to_owned();
        let (_, access) = world.wait(service.tokens());
        let before = format!("Bearer {access}");
        let last = format!("signing key {first:?} is the last one that can sign; rotate first");
        world.run(&["key-ring", "retire", &first, "--yes"]).refused(1, &last);

        world.run(&["key-ring", "rotate"]).done();
        assert_eq!(keys()[1]["state"], "published");
        let added = world.json(&["key-ring", "rotate", "--now"]);
        // The running service signs with the key as soon as Redis tells it.
        let kid = |token: &str| {
            let head =
                base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, token.split('.').next().unwrap());
            serde_json::from_slice::<Value>(&head.unwrap()).unwrap()["kid"].clone()
        };
        let start = std::time::Instant::now();
        while kid(&world.wait(service.tokens()).1) != added["id"] {
            assert!(start.elapsed() < std::time::Duration::from_secs(2), "the service does not sign with the new key");
        }
        assert_eq!(world.wait(service.status(("Authorization", &before))), 200);
        let retired = world.run(&["key-ring", "retire", &first, "--yes"]).done();
        assert_eq!(retired, format!("signing key {first:?} was retired\n"));
        world.until(&service, ("Authorization", &before), 401);
        world.run(&["key-ring", "retire", "x", "--yes"]).refused(1, "there is no signing key \"x\"");
    });
}

#[test]
fn a_key_is_sealed_with_the_secret_of_the_application_only() {
    on_redis(|world| {
        let _service = world.service();
        let first = world.json(&["key-ring", "list"])[0]["id"].as_str().unwrap().to_owned();
        let other = "8Gf2HjMa0Zr9Pq4cWv1XsT7uKb3Ln6Yd";
        let reason = format!(
            "the secret key does not open signing key {first:?}, which signs now; give the secret key of the application, \
             or add --new-secret-key if it has a new one"
        );
        let rotate = ["key-ring", "rotate", "--now"];
        ran(world.command(&rotate).env("AUTH_SECRET_KEY", other)).refused(2, &reason);
        let missing = "the secret key for passwords, which seals signing keys, is not set; set it";
        ran(world.command(&rotate).env_remove("AUTH_SECRET_KEY")).refused(2, missing);
        assert_eq!(world.json(&["key-ring", "list"]).as_array().unwrap().len(), 1);
        ran(world.command(&[&rotate[..], &["--new-secret-key"]].concat()).env("AUTH_SECRET_KEY", other)).done();
        assert_eq!(world.json(&["key-ring", "list"]).as_array().unwrap().len(), 2);
    });
}

#[test]
fn signing_keys_in_the_database_are_not_mistaken_for_none() {
    on_redis(|world| {
        let without =
            |words: &[&str]| ran(world.command(words).env_remove("AUTH_REDIS_URI").env_remove("AUTH_REDIS_KEY_PREFIX"));
        without(&["key-ring", "rotate", "--now"]).done();
        let elsewhere =
            "Redis has no signing keys, but the database has; run the command without the URL of Redis to use those";
        for words in [["key-ring", "list"].as_slice(), &["key-ring", "rotate"], &["key-ring", "retire", "x", "--yes"]] {
            world.run(words).refused(2, elsewhere);
        }
        without(&["key-ring", "list"]).done();
    });
}

/// The commands that need Redis, with their input.
const COMMANDS: [(&[&str], &str); 9] = [
    (&["session", "list", "alice"], ""),
    (&["session", "end", "x", "--yes"], ""),
    (&["session", "end", "--all", "alice", "--yes"], ""),
    (&["token", "inspect"], "e30.eyJpc3MiOiJ1c2VycyIsImp0aSI6IjEiLCJleHAiOjk5OTk5OTk5OTl9.e30"),
    (&["token", "revoke"], "e30.eyJpc3MiOiJ1c2VycyIsImp0aSI6IjEiLCJleHAiOjk5OTk5OTk5OTl9.e30"),
    (&["key-ring", "list"], ""),
    (&["key-ring", "rotate"], ""),
    (&["key-ring", "retire", "x", "--yes"], ""),
    (&["check"], ""),
];

#[test]
fn redis_that_is_down_is_3_and_no_empty_list() {
    on_redis(|world| {
        // A port without a server.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("redis://app:hunter22@127.0.0.1:{port}/0");
        for (words, input) in COMMANDS {
            for format in ["table", "json"] {
                let mut command = world.command(&[words, &["--output", format, "--log-file", "log"]].concat());
                let ran = crate::fixture::ran_with(command.env("AUTH_REDIS_URI", &url), input);
                assert_eq!((ran.code, ran.output.as_str()), (3, ""), "{words:?}: {}", ran.errors);
                assert_one_line(&ran.errors);
                let start = format!("auth-admin: Redis at redis://127.0.0.1:{port}/0: ");
                assert!(ran.errors.starts_with(&start) && ran.errors.contains("refused"), "{}", ran.errors);
            }
        }
        let log = crate::fixture::text_of(&world.admin.path("log"));
        assert!(log.contains("command failed") && !log.contains("hunter22"), "{log}");
        // Users are in the database, and a change of credentials must not wait for Redis to come back.
        for words in
            [["user", "list"].as_slice(), &["user", "sign-out", "alice", "--yes"], &["user", "delete", "bob", "--yes"]]
        {
            ran(world.command(words).env("AUTH_REDIS_URI", &url)).done();
        }
    });
}

#[test]
fn r91_a_wrong_password_of_redis_is_a_setting_and_is_not_shown() {
    on_redis(|world| {
        let (_, address) = world.server.rsplit_once('@').unwrap();
        let url = format!("redis://auth_test:hunter22@{address}");
        for (words, input) in COMMANDS {
            let ran = crate::fixture::ran_with(world.command(words).env("AUTH_REDIS_URI", &url), input);
            assert_eq!((ran.code, ran.output.as_str()), (2, ""), "{words:?}: {}", ran.errors);
            assert_one_line(&ran.errors);
            assert!(ran.errors.contains("rejects the user or the password"), "{}", ran.errors);
            assert!(!ran.errors.contains("hunter22"), "{}", ran.errors);
        }
    });
}

#[test]
fn check_names_the_redis_server() {
    on_redis(|world| {
        let (_, address) = world.server.rsplit_once('@').unwrap();
        let table = world.run(&["check"]).done();
        assert_eq!(table.lines().nth(1), Some(&*format!("redis        redis://{address}")), "{table}");
        assert_eq!(world.json(&["check"])["redis"], format!("redis://{address}"));
        let mut without = world.command(&["check", "--output", "json"]);
        let without = without.env_remove("AUTH_REDIS_URI").env_remove("AUTH_REDIS_KEY_PREFIX");
        assert_eq!(ran(without).json()["redis"], json!(null));
    });
}

#[test]
fn a_program_has_its_own_store_in_redis() {
    on_redis(|world| {
        let service = world.service();
        let cookie = world.wait(service.sign_in("alice"));
        let parser =
            || <auth_admin::AdminCommand as clap::Subcommand>::augment_subcommands(clap::Command::new("notes"));
        let run = |words: &[&str]| {
            let matches = parser().try_get_matches_from([&["notes"], words].concat()).unwrap();
            let command = <auth_admin::AdminCommand as clap::FromArgMatches>::from_arg_matches(&matches).unwrap();
            world.wait(async {
                let console = Console::new(std::io::empty(), std::io::sink(), std::io::sink());
                let admin = Administration::without_tables(parser()).console(console).redis(world.redis().await);
                admin.run_on(command, &service.users).await
            })
        };
        assert_eq!(run(&["session", "end", "--all", "alice", "--yes"]), Exit::Done);
        world.until(&service, ("Cookie", &cookie), 401);
        assert_eq!(run(&["check"]), Exit::Done);
    });
}

#[test]
fn settings_of_redis_are_checked_without_a_server() {
    let admin = crate::fixture::Admin::new();
    let run = |url: Option<&str>, prefix: Option<&str>| {
        let mut command = admin.command(&["session", "list", "alice"]);
        url.map(|url| command.env("AUTH_REDIS_URI", url));
        prefix.map(|prefix| command.env("AUTH_REDIS_KEY_PREFIX", prefix));
        ran(&mut command)
    };
    run(Some(""), None).refused(2, "the URL of Redis is empty; set AUTH_REDIS_URI or give --redis-url");
    let without_url = "a prefix of keys in Redis is set, but no URL; set AUTH_REDIS_URI or give --redis-url";
    run(None, Some("shop:")).refused(2, without_url);
    let empty = "the prefix of keys in Redis is empty; set AUTH_REDIS_KEY_PREFIX or give --redis-key-prefix";
    run(Some("redis://h/0"), Some("")).refused(2, empty);
    for url in ["postgres://:hunter22@h/0", "redis://:hunter22@h/users", "hunter22"] {
        let ran = run(Some(url), None);
        assert_eq!(ran.code, 2);
        assert_one_line(&ran.errors);
        assert!(ran.errors.contains("the Redis URL") && !ran.errors.contains("hunter22"), "{}", ran.errors);
    }
    let mut help = bare(&["session", "list", "--help"]);
    let help = ran(help.env("AUTH_REDIS_URI", "redis://:hunter22@h/0")).done();
    assert!(help.contains("AUTH_REDIS_URI") && !help.contains("hunter22"), "{help}");
}
