//! The LDAP example with a fake directory. `auth-ldap` has a test for each response of a directory, and `ldap_server` has
//! the tests with a real one.

#[path = "../common/authority.rs"]
mod authority;
#[path = "../common/basic.rs"]
mod basic;
#[path = "../common/mod.rs"]
mod common;
#[path = "../../../auth-ldap/tests/it/fake.rs"]
mod fake;
#[path = "../common/http.rs"]
mod http;
#[path = "../common/service.rs"]
mod service;

use crate::{
    authority::Authority,
    common::refusal,
    fake::{Answer, Fake, bind, entry, search},
    service::{Service, command},
};

const LDAP: &str = env!("CARGO_BIN_EXE_ldap");
const ALICE: &str = "cn=Alice,ou=people,dc=example";
const UUID: &str = "6fb5a7a2-5d9b-103e-8a51-3b1f3c2d9a10";
const PASSWORD: &str = "correct horse";

fn settings<'a>(url: &'a str, authorities: &'a str) -> [(&'static str, &'a str); 6] {
    [
        ("LDAP_URL", url),
        ("LDAP_BIND_DN", "cn=service,dc=example"),
        ("LDAP_BIND_PASSWORD", "s3cret of the service"),
        ("LDAP_USERS", "ou=people,dc=example"),
        ("LDAP_GROUPS", "ou=groups,dc=example"),
        ("SSL_CERT_FILE", authorities),
    ]
}

fn start(url: &str, authorities: &str) -> Service {
    Service::start(LDAP, &settings(url, authorities))
}

/// Returns the directory's responses to a sign-in with the right password of a member of this group.
fn right(group: &str) -> [Answer; 4] {
    let groups = [entry(&format!("{group},ou=groups,dc=example"), &[])];
    [bind(0), search(&[entry(ALICE, &[("entryUUID", UUID)])], 0), search(&groups, 0), bind(0)]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_has_the_uuid_as_subject_and_the_roles_of_the_groups() {
    let authority = Authority::new("identity");
    let fake = Fake::start(authority.acceptor(), []).await;
    let service = start(&fake.url, &authority.file());
    for (group, role) in [("cn=readers", "Reader"), ("CN=Editors", "Editor")] {
        fake.answer(right(group));
        let answer = service.call("GET", "/notice", "alice", PASSWORD);
        assert_eq!((answer.status, answer.body), (200, format!("{UUID} of directory {{{role}}}")));
    }
    fake.answer(right("cn=clubs"));
    assert_eq!(service.call("GET", "/notice", "alice", PASSWORD).status, 403);
    let mut wrong = right("cn=readers");
    wrong[3] = bind(49);
    fake.answer(wrong);
    assert_eq!(service.call("GET", "/notice", "alice", "wrong").status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_and_outages_have_a_time_to_wait() {
    let authority = Authority::new("waiting");
    let fake = Fake::start(authority.acceptor(), [Answer::End]).await;
    let service = start(&fake.url, &authority.file());
    let mut wrong = right("cn=readers");
    wrong[3] = bind(49);
    for (answers, times, expected) in
        [([Answer::End].to_vec(), 8, 503), (wrong.to_vec(), 5, 401), (wrong.to_vec(), 1, 429)]
    {
        fake.answer(answers);
        for _ in 0..times {
            let answer = service.call("GET", "/notice", "alice", PASSWORD);
            let has = |name: &str| answer.head.contains(&format!("\r\n{name}:"));
            assert_eq!(answer.status, expected, "{answer:?}");
            assert_eq!((expected == 401, expected != 401), (has("www-authenticate"), has("retry-after")), "{answer:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_is_sent_to_a_directory_without_a_trusted_certificate() {
    let fake = Fake::start(Authority::new("stranger").acceptor(), right("cn=readers")).await;
    let service = start(&fake.url, &Authority::new("trusted").file());
    assert_eq!(service.call("GET", "/notice", "alice", PASSWORD).status, 503);
    assert_eq!((fake.connections(), fake.requests()), (1, vec![]));
}

#[test]
fn a_wrong_setting_stops_the_start_without_secrets() {
    let refused = |settings: &[(&str, &str)]| {
        let (error, code) = refusal(&mut command(LDAP, settings));
        assert!(code == Some(1) && !error.contains("s3cret"), "{error}");
        error
    };
    let error = refused(&settings("ldap://127.0.0.1", "/dev/null"));
    assert!(error.contains("the URL of the directory must start with ldaps://"), "{error}");
    let error = refused(&settings("ldaps://127.0.0.1", "/dev/null"));
    assert!(error.contains("no certificate authority was found in the system, or in SSL_CERT_FILE"), "{error}");
    for nth in 0..5 {
        let mut settings = settings("ldaps://127.0.0.1", "/dev/null");
        let name = settings[nth].0;
        settings[nth].1 = "";
        let error = refused(&settings);
        assert!(error.contains(&format!("{name} is not set")), "{name}: {error}");
    }
}
