//! The service with a real directory: OpenLDAP's `slapd`, which each test starts with its own data.
//!
//! `apt-get install slapd ldap-utils && cargo test -p auth-examples --features ldap-server --test ldap_server`

mod authority;
#[path = "../common/basic.rs"]
mod basic;
#[path = "../common/mod.rs"]
mod common;
mod slapd;

use std::{net::TcpListener, process::Command, sync::Arc};

use auth_examples::ldap::{app, settings};
use poem::{Endpoint, http::StatusCode, test::TestClient};
use serde_json::{Value, json};

use crate::{
    authority::Authority,
    basic::{basic, get, sign_in},
    common::{Running, paste, status},
    slapd::{SUFFIX, Setup, Slapd},
};

type Setting<'a> = (&'a str, &'a str);

const ALICE: (&str, &str) = ("alice", "correct horse");
const BOB: (&str, &str) = ("bob", "battery staple");
const JANE: (&str, &str) = ("jane(dr)", "doctor jane's");

const PLAINTEXT: Setting<'_> = ("LDAP_DANGER_ALLOW_PLAINTEXT_ON_LOOPBACK", "true");

/// Returns the settings for the directory at this URL.
fn settings_for(url: &str) -> [Setting<'_>; 8] {
    [
        ("LDAP_TIMEOUT", "60"),
        ("LDAP_URL", url),
        ("LDAP_NAME", "staff"),
        ("LDAP_BIND_DN", "cn=service,dc=example,dc=org"),
        ("LDAP_BIND_PASSWORD", "searches and finds"),
        ("LDAP_USER_BASE", "ou=people,dc=example,dc=org"),
        ("LDAP_GROUP_BASE", "ou=groups,dc=example,dc=org"),
        ("LDAP_ROLES", r#"{"cn=editors,ou=groups,dc=example,dc=org": "Editor", "readers": "Reader"}"#),
    ]
}

/// Returns a client of the application. `settings` override the usual ones.
fn client(url: &str, settings: &[Setting<'_>]) -> TestClient<impl Endpoint + use<>> {
    let all = settings_for(url);
    TestClient::new(app(&settings::auth(&all.iter().chain(settings).copied().collect()).unwrap()))
}

/// Signs in and returns the response of `/me`.
async fn me<E: Endpoint>(client: &TestClient<E>, (name, password): (&str, &str)) -> Value {
    let answer = get(client, "/me", name, password).await;
    answer.assert_status_is_ok();
    answer.json().await.value().deserialize()
}

#[tokio::test]
async fn users_of_the_directory_have_the_roles_of_their_groups() {
    let slapd = Slapd::start("people");
    let client = client(&slapd.url(), &[PLAINTEXT]);
    let uuid = "6fb5a7a2-5d9b-103e-8a51-3b1f3c2d9a10";
    let expected = json!({ "issuer": "staff", "subject": uuid, "display_name": "Alice Liddell", "roles": ["Editor"] });
    assert_eq!(me(&client, ALICE).await, expected);
    // The name in another case identifies the same user.
    assert_eq!(me(&client, ("ALICE", ALICE.1)).await, expected);
    let jane = me(&client, JANE).await;
    assert_eq!((&jane["display_name"], &jane["roles"]), (&json!(r"Doe, Jane (Dr. *)\"), &json!(["Reader"])));
    // bob is in a group without a role, and in another group with the name of a configured one.
    assert_eq!(me(&client, BOB).await["roles"], json!([]));

    for ((name, password), expected) in [(ALICE, [200, 200]), (JANE, [200, 403]), (BOB, [403, 403])] {
        let read = get(&client, "/notice", name, password).await.0.status();
        let put = client.put("/notice").header("Authorization", basic(name, password)).content_type("text/plain");
        let write = put.body("New").send().await.0.status();
        assert_eq!([read, write].map(|status| status.as_u16()), expected, "{name}");
    }
}

#[tokio::test]
async fn a_group_configured_by_name_is_found_anywhere_below_the_base() {
    let slapd = Slapd::start("named");
    let client = client(&slapd.url(), &[PLAINTEXT, ("LDAP_ROLES", r#"{"Editors": "Editor"}"#)]);
    assert_eq!(me(&client, BOB).await["roles"], json!(["Editor"]));
}

#[tokio::test]
async fn names_are_neither_patterns_nor_filters() {
    let slapd = Slapd::start("names");
    let client = client(&slapd.url(), &[PLAINTEXT]);
    assert_eq!(me(&client, ("a*", "star")).await["display_name"], "Asterisk");
    let dn = format!("uid=alice,ou=people,{SUFFIX}");
    for name in
        ["*", "al*", "a*", "alice)(uid=*", "*)(uid=alice", "alice)(|(uid=*", r"\61lice", r"alic\65", &dn, "Alice"]
    {
        let expected = if name == "Alice" { 200 } else { 401 };
        assert_eq!(sign_in(&client, name, ALICE.1).await, expected, "{name}");
    }
}

#[tokio::test]
async fn an_empty_password_is_rejected_though_the_directory_accepts_it() {
    let slapd = Slapd::start_with("empty", Setup { lines: "allow bind_anon_cred bind_anon_dn", ..Setup::default() });
    // The bind succeeds, but is anonymous (RFC 4513, section 5.1.2).
    assert_eq!(slapd.who_am_i(&format!("uid=alice,ou=people,{SUFFIX}"), "").trim(), "anonymous");
    let client = client(&slapd.url(), &[PLAINTEXT]);
    for (name, password) in [("alice", ""), ("bob", ""), ("carol", ""), ("nobody", ""), ("", ALICE.1), ("", "")] {
        assert_eq!(sign_in(&client, name, password).await, 401, "{name}");
    }
    drop(slapd);
    // An empty password is rejected without a request to the directory.
    assert_eq!(sign_in(&client, "alice", "").await, 401);
    assert_eq!(sign_in(&client, "alice", "any").await, 503);
}

#[tokio::test]
async fn wrong_passwords_unknown_and_ambiguous_names_are_rejected() {
    let slapd = Slapd::start("refused");
    let client = client(&slapd.url(), &[PLAINTEXT]);
    for (name, password) in [
        ("alice", BOB.1),
        ("alice", "Correct horse"),
        ("alice", "correct horse "),
        ("nobody", ALICE.1),
        ("carol", "any"),
        ("printer", "ink"),
        ("service", "searches and finds"),
        // Two entries have this name.
        ("twin", "twin one's"),
        ("twin", "twin two's"),
    ] {
        assert_eq!(sign_in(&client, name, password).await, 401, "{name}");
    }
}

#[tokio::test]
async fn r73_an_unknown_name_is_as_much_work_for_the_directory_as_a_wrong_password() {
    let mut slapd = Slapd::start("alike");
    let client = client(&slapd.url(), &[PLAINTEXT]);
    let mut seen = Vec::new();
    for name in ["alice", "nobody", "twin"] {
        let answer = get(&client, "/me", name, "wrong").await.0;
        let head = (answer.status(), answer.headers().clone());
        let body = answer.into_body().into_string().await.unwrap();
        // The operations in the directory's log, without the names.
        let log = slapd.logged_until(" closed");
        let operations = ["BIND dn", "SRCH base", "err=0", "err=49", "UNBIND"];
        let kind = |line: &String| operations.into_iter().find(|operation| line.contains(operation));
        // The log lines of different threads are in any order.
        let mut operations: Vec<_> = log.iter().filter_map(kind).collect();
        operations.sort_unstable();
        seen.push((head, body, operations));
    }
    assert_eq!(seen[0].0.0, StatusCode::UNAUTHORIZED);
    assert_eq!(seen[0].2.iter().filter(|operation| **operation == "err=49").count(), 1, "{seen:?}");
    assert!(seen.iter().all(|one| one == &seen[0]), "{seen:#?}");
}

#[tokio::test]
async fn changes_in_the_directory_take_effect_at_once() {
    let slapd = Slapd::start("changes");
    let client = client(&slapd.url(), &[PLAINTEXT]);
    assert_eq!(sign_in(&client, ALICE.0, ALICE.1).await, 200);
    let alice = format!("uid=alice,ou=people,{SUFFIX}");
    slapd.modify(&format!("dn: {alice}\nchangetype: modify\nreplace: userPassword\nuserPassword: another one\n"));
    assert_eq!(sign_in(&client, ALICE.0, ALICE.1).await, 401);
    assert_eq!(me(&client, ("alice", "another one")).await["roles"], json!(["Editor"]));
    slapd.modify(&format!("dn: cn=editors,ou=groups,{SUFFIX}\nchangetype: modify\nreplace: member\nmember: cn=none\n"));
    assert_eq!(me(&client, ("alice", "another one")).await["roles"], json!([]));
    // A renamed user keeps the subject.
    let before = me(&client, ("alice", "another one")).await["subject"].clone();
    slapd.modify(&format!("dn: {alice}\nchangetype: modrdn\nnewrdn: uid=alix\ndeleteoldrdn: 1\n"));
    assert_eq!(sign_in(&client, "alice", "another one").await, 401);
    assert_eq!(me(&client, ("alix", "another one")).await["subject"], before);
    slapd.modify(&format!("dn: uid=alix,ou=people,{SUFFIX}\nchangetype: delete\n"));
    assert_eq!(sign_in(&client, "alix", "another one").await, 401);
}

#[tokio::test]
async fn a_user_locked_out_by_the_directory_is_rejected() {
    let slapd = Slapd::start("locked");
    let client = client(&slapd.url(), &[PLAINTEXT]);
    for _ in 0..3 {
        assert_eq!(sign_in(&client, BOB.0, "wrong").await, 401);
    }
    assert_eq!(sign_in(&client, BOB.0, BOB.1).await, 401);
    assert_eq!(sign_in(&client, ALICE.0, ALICE.1).await, 200);
}

#[tokio::test]
async fn sign_ins_are_503_while_the_directory_is_down_and_then_recover() {
    let mut slapd = Slapd::start("down");
    let client = client(&slapd.url(), &[PLAINTEXT, ("API_KEYS", r#"{"display": "kQ8vR2mX5tZ1wB7nJ4cL9p"}"#)]);
    for _ in 0..2 {
        assert_eq!(sign_in(&client, ALICE.0, ALICE.1).await, 200);
        assert_eq!(sign_in(&client, ALICE.0, "wrong").await, 401);
        slapd.stop();
        for (name, password) in [ALICE, (ALICE.0, "wrong"), ("nobody", "any")] {
            assert_eq!(sign_in(&client, name, password).await, 503);
        }
        // API keys and anonymous requests do not need the directory.
        client.get("/notice").header("X-API-Key", "kQ8vR2mX5tZ1wB7nJ4cL9p").send().await.assert_status_is_ok();
        client.get("/notice").send().await.assert_status(StatusCode::UNAUTHORIZED);
        slapd.start_again();
    }
    assert_eq!(sign_in(&client, ALICE.0, ALICE.1).await, 200);
}

#[tokio::test]
async fn a_wrong_service_account_or_base_is_503() {
    let slapd = Slapd::start("service");
    for wrong in [
        ("LDAP_BIND_PASSWORD", "wrong"),
        ("LDAP_BIND_DN", "cn=nobody,dc=example,dc=org"),
        ("LDAP_BIND_DN", "no name"),
        ("LDAP_USER_BASE", "ou=nobody,dc=example,dc=org"),
        ("LDAP_USER_BASE", "dc=example,dc=com"),
        ("LDAP_USER_BASE", "no name"),
        ("LDAP_GROUP_BASE", "ou=nobody,dc=example,dc=org"),
        // This account may bind, but read nothing.
        ("LDAP_BIND_DN", "uid=printer,ou=people,dc=example,dc=org"),
    ] {
        let password = if wrong.1.starts_with("uid=printer") { "ink" } else { "searches and finds" };
        let client = client(&slapd.url(), &[PLAINTEXT, ("LDAP_BIND_PASSWORD", password), wrong]);
        assert_eq!(sign_in(&client, ALICE.0, ALICE.1).await, 503, "{wrong:?}");
    }
}

#[tokio::test]
async fn a_truncated_search_for_groups_is_503() {
    let slapd = Slapd::start_with("cut", Setup { lines: "sizelimit 1", ..Setup::default() });
    let client = client(&slapd.url(), &[PLAINTEXT]);
    // alice is in two groups, jane in one.
    assert_eq!(sign_in(&client, ALICE.0, ALICE.1).await, 503);
    assert_eq!(sign_in(&client, JANE.0, JANE.1).await, 200);
}

#[tokio::test]
async fn referrals_are_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let server = format!("ldap://{}", elsewhere.local_addr().unwrap());
    let url = format!("{server}/ou=people,dc=example,dc=org??sub");
    let slapd = Slapd::start_with(
        "referral",
        Setup { lines: &format!("referral {server}"), elsewhere: &url, ..Setup::default() },
    );
    let inside = client(&slapd.url(), &[PLAINTEXT]);
    // Each search finds the referral.
    assert_eq!(sign_in(&inside, ALICE.0, ALICE.1).await, 200);
    assert_eq!(sign_in(&inside, "nobody", ALICE.1).await, 401);
    // These bases contain nothing but the referral.
    for base in ["ou=elsewhere,ou=people,dc=example,dc=org", "dc=elsewhere"] {
        let outside = client(&slapd.url(), &[PLAINTEXT, ("LDAP_USER_BASE", base)]);
        assert_eq!(sign_in(&outside, ALICE.0, ALICE.1).await, 503, "{base}");
    }
    assert_eq!(elsewhere.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn the_search_is_anonymous_if_the_directory_allows_it() {
    for (test, readers, expected) in [("closed", Setup::default().readers, 503), ("open", "anonymous", 200)] {
        let slapd = Slapd::start_with(test, Setup { readers, ..Setup::default() });
        let url = slapd.url();
        let settings = [
            ("LDAP_URL", url.as_str()),
            ("LDAP_TIMEOUT", "60"),
            PLAINTEXT,
            ("LDAP_USER_BASE", "ou=people,dc=example,dc=org"),
            ("LDAP_GROUP_BASE", "ou=groups,dc=example,dc=org"),
            ("LDAP_ROLES", r#"{"readers": "Reader"}"#),
        ];
        let client = TestClient::new(app(&settings::auth(&settings.into()).unwrap()));
        assert_eq!(sign_in(&client, JANE.0, JANE.1).await, expected);
        if expected == 200 {
            assert_eq!(me(&client, JANE).await["roles"], json!(["Reader"]));
            assert_eq!(sign_in(&client, JANE.0, "wrong").await, 401);
        }
    }
}

#[test]
fn the_log_contains_no_secret() {
    let slapd = Slapd::start("log");
    let authority = Authority::new("log");
    let slapd_with_tls =
        Slapd::start_with("log-tls", Setup { lines: &authority.issue_for("127.0.0.1", false), ..Setup::default() });
    let trusted = authority.file();
    for (url, more) in [(slapd.url(), PLAINTEXT), (slapd_with_tls.url(), ("LDAP_CA_FILE", trusted.as_str()))] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ldap"));
        command.env_clear().envs([("PORT", "0"), ("RUST_LOG", "trace")]).envs(settings_for(&url)).envs([more]);
        let mut server = Running::start(&mut command);
        let printed = server.printed_until("listens").concat();
        let address = printed.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
        let address = address.trim_end_matches(',');
        let sent = [ALICE, ("alice", "a wrong one"), ("my secret", "typed as a name"), ("twin", "twin one's")];
        for ((name, password), expected) in sent.into_iter().zip([200, 401, 401, 401]) {
            let answer = paste(&format!("curl -i -u \"{name}:{password}\" {address}/me"));
            assert_eq!(status(&answer), expected, "{name}");
        }
        paste(&format!("curl -i {address}/me"));
        let log = server.logged_until("authentication_required");
        assert!(["several entries", "DEBUG"].iter().all(|text| log.concat().contains(text)), "{log:#?}");
        let encoded = sent.map(|(name, password)| basic(name, password)["Basic ".len()..].to_owned());
        let secrets = sent.map(|(_, password)| password.to_owned()).into_iter().chain(encoded);
        for secret in secrets.chain(["searches and finds".to_owned(), "my secret".to_owned()]) {
            let leaks: Vec<_> = log.iter().filter(|line| line.contains(&secret)).collect();
            assert!(leaks.is_empty(), "{secret}: {leaks:#?}");
        }
    }
}

#[tokio::test]
async fn concurrent_sign_ins_succeed() {
    let slapd = Slapd::start("many");
    let client = Arc::new(client(&slapd.url(), &[PLAINTEXT, ("LDAP_SIGN_INS", "100")]));
    let sign_ins: Vec<_> = (0..100)
        .map(|nth| {
            let client = Arc::clone(&client);
            // Sign-ins with the same name run one after the other.
            let ((name, password), expected) = match nth % 10 {
                0 => ((format!("nobody{nth}"), "wrong"), 401),
                1..4 => ((ALICE.0.to_owned(), ALICE.1), 200),
                4..7 => ((BOB.0.to_owned(), BOB.1), 200),
                _ => ((JANE.0.to_owned(), JANE.1), 200),
            };
            (tokio::spawn(async move { sign_in(&client, &name, password).await }), expected)
        })
        .collect();
    for (status, expected) in sign_ins {
        assert_eq!(status.await.unwrap(), expected);
    }
}

#[tokio::test]
async fn start_tls_and_ldaps_require_a_trusted_certificate() {
    let (authority, stranger) = (Authority::new("authority"), Authority::new("stranger"));
    // The directory accepts no operation but StartTLS without TLS.
    let configuration = authority.issue_for("127.0.0.1", false) + "security ssf=128\n";
    let slapd = Slapd::start_with("tls", Setup { lines: &configuration, ..Setup::default() });
    let (trusted, untrusted) = (authority.file(), stranger.file());
    for url in [slapd.url(), slapd.secure_url()] {
        let client_of = |authorities: &str| client(&url, &[("LDAP_CA_FILE", authorities)]);
        assert_eq!(me(&client_of(&trusted), ALICE).await["roles"], json!(["Editor"]), "{url}");
        assert_eq!(sign_in(&client_of(&trusted), ALICE.0, "wrong").await, 401, "{url}");
        assert_eq!(sign_in(&client_of(&untrusted), ALICE.0, ALICE.1).await, 503, "{url}");
    }
    // The directory requires TLS, but the client uses plain text.
    assert_eq!(sign_in(&client(&slapd.url(), &[PLAINTEXT]), ALICE.0, ALICE.1).await, 503);
}

#[tokio::test]
async fn a_certificate_that_expired_or_names_another_host_is_rejected() {
    let authority = Authority::new("issuer");
    for (test, host, has_ended) in [("other-host", "ldap.example.com", false), ("ended", "127.0.0.1", true)] {
        let lines = authority.issue_for(host, has_ended);
        let slapd = Slapd::start_with(test, Setup { lines: &lines, ..Setup::default() });
        for url in [slapd.url(), slapd.secure_url()] {
            let client = client(&url, &[("LDAP_CA_FILE", &authority.file())]);
            assert_eq!(sign_in(&client, ALICE.0, ALICE.1).await, 503, "{test} {url}");
        }
    }
}

#[tokio::test]
async fn nothing_is_sent_to_a_directory_without_tls() {
    let mut slapd = Slapd::start("no-tls");
    let authority = Authority::new("unused");
    let client = client(&slapd.url(), &[("LDAP_CA_FILE", &authority.file())]);
    assert_eq!(sign_in(&client, ALICE.0, ALICE.1).await, 503);
    let log = slapd.logged_until(" closed");
    let asked = log.iter().filter(|line| line.contains("BIND") || line.contains("SRCH")).count();
    assert_eq!(asked, 0, "{log:#?}");
}
