//! The LDAP example with a real directory: OpenLDAP's `slapd`, which each test starts with its own data.
//!
//! `apt-get install slapd ldap-utils && cargo test -p auth-examples --features ldap-server --test ldap_server`

#[path = "../common/authority.rs"]
mod authority;
#[path = "../common/basic.rs"]
mod basic;
#[path = "../common/mod.rs"]
mod common;
#[path = "../common/http.rs"]
mod http;
#[path = "../common/service.rs"]
mod service;
mod slapd;

use std::{net::TcpListener, thread};

use crate::{
    authority::Authority,
    basic::basic,
    service::Service,
    slapd::{SUFFIX, Setup, Slapd},
};

type Setting<'a> = (&'a str, &'a str);

const ALICE: (&str, &str) = ("alice", "correct horse");
const BOB: (&str, &str) = ("bob", "battery staple");
const JANE: (&str, &str) = ("jane(dr)", "doctor jane's");
const ALICE_UUID: &str = "6fb5a7a2-5d9b-103e-8a51-3b1f3c2d9a10";
const SERVICE_PASSWORD: &str = "searches and finds";

/// A directory with TLS, and the file with the certificate of its authority.
struct Directory {
    slapd: Slapd,
    authorities: String,
}

impl Directory {
    fn start(test: &'static str) -> Self {
        Self::start_with(test, Setup::default())
    }

    fn start_with(test: &'static str, setup: Setup<'_>) -> Self {
        let authority = Authority::new(test);
        let lines = authority.issue_for("127.0.0.1", false) + setup.lines;
        let slapd = Slapd::start_with(test, Setup { lines: &lines, ..setup });
        Self { slapd, authorities: authority.file() }
    }

    fn service(&self) -> Service {
        self.service_with(&[])
    }

    /// Starts the example. `settings` override the usual ones.
    fn service_with(&self, settings: &[Setting<'_>]) -> Service {
        start(&self.slapd.secure_url(), &self.authorities, settings)
    }
}

/// Starts the example with the directory at this URL.
fn start(url: &str, authorities: &str, settings: &[Setting<'_>]) -> Service {
    let usual = [
        ("LDAP_URL", url),
        ("LDAP_BIND_DN", "cn=service,dc=example,dc=org"),
        ("LDAP_BIND_PASSWORD", SERVICE_PASSWORD),
        ("LDAP_USERS", "ou=people,dc=example,dc=org"),
        ("LDAP_GROUPS", "ou=groups,dc=example,dc=org"),
        ("SSL_CERT_FILE", authorities),
    ];
    Service::start(env!("CARGO_BIN_EXE_ldap"), &[&usual, settings].concat())
}

fn sign_in(service: &Service, name: &str, password: &str) -> u16 {
    service.call("GET", "/notice", name, password).status
}

/// Returns the subject of a caller that may read the notice.
fn subject(service: &Service, (name, password): (&str, &str)) -> String {
    let answer = service.call("GET", "/notice", name, password);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body.split(' ').next().unwrap().to_owned()
}

#[test]
fn users_of_the_directory_have_the_roles_of_their_groups() {
    let directory = Directory::start("people");
    let service = directory.service();
    // The name in another case identifies the same user.
    for name in ["alice", "ALICE"] {
        let expected = format!("{ALICE_UUID} of directory {{Editor}}");
        assert_eq!(service.call("GET", "/notice", name, ALICE.1).body, expected);
    }
    assert!(service.call("GET", "/notice", JANE.0, JANE.1).body.ends_with(" {Reader}"));
    // bob is in a group without a role, and in a group elsewhere with the name of a configured one.
    assert_eq!(sign_in(&service, BOB.0, BOB.1), 403);
}

#[test]
fn names_are_neither_patterns_nor_filters() {
    let directory = Directory::start("names");
    let service = directory.service();
    // The user with the name `a*` is in no group.
    assert_eq!(sign_in(&service, "a*", "star"), 403);
    let dn = format!("uid=alice,ou=people,{SUFFIX}");
    for name in
        ["*", "al*", "a*", "alice)(uid=*", "*)(uid=alice", "alice)(|(uid=*", r"\61lice", r"alic\65", &dn, "Alice"]
    {
        let expected = if name == "Alice" { 200 } else { 401 };
        assert_eq!(sign_in(&service, name, ALICE.1), expected, "{name}");
    }
}

#[test]
fn an_empty_password_is_rejected_though_the_directory_accepts_it() {
    let setup = Setup { lines: "allow bind_anon_cred bind_anon_dn", ..Setup::default() };
    let Directory { slapd, authorities } = Directory::start_with("empty", setup);
    // The bind succeeds, but is anonymous (RFC 4513, section 5.1.2).
    assert_eq!(slapd.who_am_i(&format!("uid=alice,ou=people,{SUFFIX}"), "").trim(), "anonymous");
    let service = start(&slapd.secure_url(), &authorities, &[]);
    for (name, password) in [("alice", ""), ("bob", ""), ("carol", ""), ("nobody", ""), ("", ALICE.1), ("", "")] {
        assert_eq!(sign_in(&service, name, password), 401, "{name}");
    }
    drop(slapd);
    // An empty password is rejected without a request to the directory.
    assert_eq!(sign_in(&service, "alice", ""), 401);
    assert_eq!(sign_in(&service, "alice", "any"), 503);
}

#[test]
fn wrong_passwords_unknown_and_ambiguous_names_are_rejected() {
    let directory = Directory::start("refused");
    let service = directory.service();
    for (name, password) in [
        ("alice", BOB.1),
        ("alice", "Correct horse"),
        ("alice", "correct horse "),
        ("nobody", ALICE.1),
        ("carol", "any"),
        ("printer", "ink"),
        ("service", SERVICE_PASSWORD),
        // Two entries have this name.
        ("twin", "twin one's"),
        ("twin", "twin two's"),
    ] {
        assert_eq!(sign_in(&service, name, password), 401, "{name}");
    }
}

#[test]
fn r73_an_unknown_name_is_as_much_work_for_the_directory_as_a_wrong_password() {
    let mut directory = Directory::start("alike");
    let service = directory.service();
    let mut seen = Vec::new();
    for name in ["alice", "nobody", "twin"] {
        let answer = service.call("GET", "/notice", name, "wrong");
        let head: Vec<_> = answer.head.lines().filter(|line| !line.starts_with("date:")).map(str::to_owned).collect();
        // The operations in the directory's log, without the names.
        let log = directory.slapd.logged_until(" closed");
        let operations = ["BIND dn", "SRCH base", "err=0", "err=49", "UNBIND"];
        let kind = |line: &String| operations.into_iter().find(|operation| line.contains(operation));
        // The log lines of different threads are in any order.
        let mut operations: Vec<_> = log.iter().filter_map(kind).collect();
        operations.sort_unstable();
        seen.push((answer.status, head, answer.body, operations));
    }
    assert_eq!(seen[0].0, 401);
    assert_eq!(seen[0].3.iter().filter(|operation| **operation == "err=49").count(), 1, "{seen:?}");
    assert!(seen.iter().all(|one| one == &seen[0]), "{seen:#?}");
}

#[test]
fn changes_in_the_directory_take_effect_at_once() {
    let directory = Directory::start("changes");
    let (service, slapd) = (directory.service(), &directory.slapd);
    assert_eq!(subject(&service, ALICE), ALICE_UUID);
    let alice = format!("uid=alice,ou=people,{SUFFIX}");
    slapd.modify(&format!("dn: {alice}\nchangetype: modify\nreplace: userPassword\nuserPassword: another one\n"));
    assert_eq!(sign_in(&service, ALICE.0, ALICE.1), 401);
    // A renamed user keeps the subject.
    slapd.modify(&format!("dn: {alice}\nchangetype: modrdn\nnewrdn: uid=alix\ndeleteoldrdn: 1\n"));
    let group = format!("dn: cn=editors,ou=groups,{SUFFIX}\nchangetype: modify\nreplace: member\n");
    assert_eq!(sign_in(&service, "alice", "another one"), 401);
    slapd.modify(&format!("{group}member: uid=alix,ou=people,{SUFFIX}\n"));
    assert_eq!(subject(&service, ("alix", "another one")), ALICE_UUID);
    slapd.modify(&format!("{group}member: cn=none\n"));
    assert_eq!(sign_in(&service, "alix", "another one"), 403);
    slapd.modify(&format!("dn: uid=alix,ou=people,{SUFFIX}\nchangetype: delete\n"));
    assert_eq!(sign_in(&service, "alix", "another one"), 401);
}

#[test]
fn a_user_locked_out_by_the_directory_is_rejected() {
    let directory = Directory::start("locked");
    let service = directory.service();
    for _ in 0..3 {
        assert_eq!(sign_in(&service, JANE.0, "wrong"), 401);
    }
    assert_eq!(sign_in(&service, JANE.0, JANE.1), 401);
    assert_eq!(sign_in(&service, ALICE.0, ALICE.1), 200);
}

#[test]
fn sign_ins_are_503_while_the_directory_is_down_and_then_recover() {
    let mut directory = Directory::start("down");
    let service = directory.service();
    for _ in 0..2 {
        assert_eq!(sign_in(&service, ALICE.0, ALICE.1), 200);
        assert_eq!(sign_in(&service, ALICE.0, "wrong"), 401);
        directory.slapd.stop();
        for (name, password) in [ALICE, (ALICE.0, "wrong"), ("nobody", "any")] {
            assert_eq!(sign_in(&service, name, password), 503);
        }
        assert_eq!(service.request("GET", "/notice").send().status, 401);
        directory.slapd.start_again();
    }
    assert_eq!(sign_in(&service, ALICE.0, ALICE.1), 200);
}

#[test]
fn a_wrong_service_account_or_base_is_503() {
    let directory = Directory::start("service");
    for wrong in [
        ("LDAP_BIND_PASSWORD", "wrong"),
        ("LDAP_BIND_DN", "cn=nobody,dc=example,dc=org"),
        ("LDAP_BIND_DN", "no name"),
        ("LDAP_USERS", "ou=nobody,dc=example,dc=org"),
        ("LDAP_USERS", "dc=example,dc=com"),
        ("LDAP_USERS", "no name"),
        ("LDAP_GROUPS", "ou=nobody,dc=example,dc=org"),
        // This account may bind, but read nothing.
        ("LDAP_BIND_DN", "uid=printer,ou=people,dc=example,dc=org"),
    ] {
        let password = if wrong.1.starts_with("uid=printer") { "ink" } else { SERVICE_PASSWORD };
        let service = directory.service_with(&[("LDAP_BIND_PASSWORD", password), wrong]);
        assert_eq!(sign_in(&service, ALICE.0, ALICE.1), 503, "{wrong:?}");
    }
}

#[test]
fn a_truncated_search_for_groups_is_503() {
    let directory = Directory::start_with("cut", Setup { lines: "sizelimit 1\n", ..Setup::default() });
    let service = directory.service();
    // alice is in two groups, jane in one.
    assert_eq!(sign_in(&service, ALICE.0, ALICE.1), 503);
    assert_eq!(sign_in(&service, JANE.0, JANE.1), 200);
}

#[test]
fn referrals_are_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let server = format!("ldap://{}", elsewhere.local_addr().unwrap());
    let url = format!("{server}/ou=people,dc=example,dc=org??sub");
    let setup = Setup { lines: &format!("referral {server}\n"), elsewhere: &url, ..Setup::default() };
    let directory = Directory::start_with("referral", setup);
    let inside = directory.service();
    // Each search finds the referral.
    assert_eq!(sign_in(&inside, ALICE.0, ALICE.1), 200);
    assert_eq!(sign_in(&inside, "nobody", ALICE.1), 401);
    // These bases contain nothing but the referral.
    for base in ["ou=elsewhere,ou=people,dc=example,dc=org", "dc=elsewhere"] {
        let outside = directory.service_with(&[("LDAP_USERS", base)]);
        assert_eq!(sign_in(&outside, ALICE.0, ALICE.1), 503, "{base}");
    }
    assert_eq!(elsewhere.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn the_log_contains_no_secret() {
    let directory = Directory::start("log");
    let service = directory.service_with(&[("RUST_LOG", "trace")]);
    let sent = [ALICE, ("alice", "a wrong one"), ("my secret", "typed as a name"), ("twin", "twin one's")];
    for ((name, password), expected) in sent.into_iter().zip([200, 401, 401, 401]) {
        assert_eq!(sign_in(&service, name, password), expected, "{name}");
    }
    drop(directory);
    assert_eq!(sign_in(&service, ALICE.0, ALICE.1), 503);
    let log = service.stop().concat();
    // The events of the library, and those of TLS, which are logged at this level only.
    for event in ["user name or password", "cannot be verified now", "rustls"] {
        assert!(log.contains(event), "{event}: {log}");
    }
    let encoded = sent.map(|(name, password)| basic(name, password)["Basic ".len()..].to_owned());
    let secrets = sent.map(|(_, password)| password.to_owned()).into_iter().chain(encoded);
    for secret in secrets.chain([SERVICE_PASSWORD.to_owned(), "my secret".to_owned()]) {
        assert!(!log.contains(&secret), "{secret}: {log}");
    }
}

#[test]
fn concurrent_sign_ins_succeed() {
    let directory = Directory::start("many");
    let service = directory.service();
    thread::scope(|scope| {
        for nth in 0..12 {
            let service = &service;
            // Sign-ins with the same name run one after the other.
            let (name, password, expected) = match nth % 4 {
                0 => (format!("nobody{nth}"), "wrong", 401),
                1 => (ALICE.0.to_owned(), ALICE.1, 200),
                2 => (BOB.0.to_owned(), BOB.1, 403),
                _ => (JANE.0.to_owned(), JANE.1, 200),
            };
            scope.spawn(move || assert_eq!(sign_in(service, &name, password), expected, "{name}"));
        }
    });
}

#[test]
fn only_a_trusted_certificate_is_accepted() {
    let directory = Directory::start("trusted");
    assert_eq!(sign_in(&directory.service(), ALICE.0, ALICE.1), 200);
    let stranger = Authority::new("stranger").file();
    let service = start(&directory.slapd.secure_url(), &stranger, &[]);
    assert_eq!(sign_in(&service, ALICE.0, ALICE.1), 503);
}

#[test]
fn a_certificate_that_expired_or_names_another_host_is_rejected() {
    let authority = Authority::new("issuer");
    for (test, host, has_ended) in [("other-host", "ldap.example.com", false), ("ended", "127.0.0.1", true)] {
        let lines = authority.issue_for(host, has_ended);
        let slapd = Slapd::start_with(test, Setup { lines: &lines, ..Setup::default() });
        let service = start(&slapd.secure_url(), &authority.file(), &[]);
        assert_eq!(sign_in(&service, ALICE.0, ALICE.1), 503, "{test}");
    }
}

#[test]
fn no_password_is_sent_to_a_directory_without_tls() {
    let mut slapd = Slapd::start("no-tls");
    let url = slapd.url().replacen("ldap://", "ldaps://", 1);
    let service = start(&url, &Authority::new("unused").file(), &[]);
    assert_eq!(sign_in(&service, ALICE.0, ALICE.1), 503);
    let log = slapd.logged_until(" closed");
    let asked = log.iter().filter(|line| line.contains("BIND") || line.contains("SRCH")).count();
    assert_eq!(asked, 0, "{log:#?}");
}
