//! The LDAP example with a fake directory: the status for each response of the directory, and the requests that it
//! receives. `ldap_server` has the tests with a real directory.

#[path = "../common/authority.rs"]
mod authority;
#[path = "../common/basic.rs"]
mod basic;
#[path = "../common/mod.rs"]
mod common;
mod fake;
#[path = "../common/http.rs"]
mod http;
#[path = "../common/service.rs"]
mod service;

use std::{net::TcpListener, thread, time::Instant};

use crate::{
    authority::Authority,
    basic::basic,
    common::refusal,
    fake::{Answer, Fake, Request, bind, element, entry, reference, search},
    service::{Service, command},
};

const LDAP: &str = env!("CARGO_BIN_EXE_ldap");
const ALICE: &str = "cn=Alice,ou=people,dc=example";
const UUID: &str = "6fb5a7a2-5d9b-103e-8a51-3b1f3c2d9a10";
const SERVICE: &str = "cn=service,dc=example";
const SERVICE_PASSWORD: &str = "s3cret of the service";
const PASSWORD: &str = "correct horse";

/// The example and its directory.
struct Setup {
    fake: Fake,
    service: Service,
}

impl Setup {
    async fn new(test: &'static str) -> Self {
        let authority = Authority::new(test);
        let fake = Fake::start(&authority, right()).await;
        let service = start(&fake.url, &authority.file());
        Self { fake, service }
    }

    /// Returns the status of a sign-in with these responses of the directory.
    fn status_of(&self, answers: impl Into<Vec<Answer>>) -> u16 {
        self.fake.answer(answers);
        self.sign_in("alice", PASSWORD)
    }

    fn sign_in(&self, name: &str, password: &str) -> u16 {
        sign_in(&self.service, name, password)
    }
}

fn settings<'a>(url: &'a str, authorities: &'a str) -> [(&'static str, &'a str); 6] {
    [
        ("LDAP_URL", url),
        ("LDAP_BIND_DN", SERVICE),
        ("LDAP_BIND_PASSWORD", SERVICE_PASSWORD),
        ("LDAP_USERS", "ou=people,dc=example"),
        ("LDAP_GROUPS", "ou=groups,dc=example"),
        ("SSL_CERT_FILE", authorities),
    ]
}

fn start(url: &str, authorities: &str) -> Service {
    Service::start(LDAP, &settings(url, authorities))
}

/// Signs in and returns the status. Checks that the headers match the status.
fn sign_in(service: &Service, name: &str, password: &str) -> u16 {
    sign_in_from("127.0.0.1", service, name, password)
}

fn sign_in_from(address: &str, service: &Service, name: &str, password: &str) -> u16 {
    let request = service.request("GET", "/notice").interface(address);
    let answer = request.header("Authorization", &basic(name, password)).send();
    let has = |name: &str| answer.head.contains(&format!("\r\n{name}:"));
    assert_eq!(answer.status == 401, has("www-authenticate"), "{answer:?}");
    assert_eq!(matches!(answer.status, 429 | 503), has("retry-after"), "{answer:?}");
    answer.status
}

fn alice() -> Vec<u8> {
    entry(ALICE, &[("entryUUID", UUID)])
}

/// Returns the directory's responses to a sign-in with the right password: bind of the service account, search for the
/// user, search for the groups, bind of the user.
fn right() -> [Answer; 4] {
    let groups = [entry("cn=readers,ou=groups,dc=example", &[])];
    [bind(0), search(&[alice()], 0), search(&groups, 0), bind(0)]
}

/// Returns the responses of [`right`], with another one at this step.
fn right_but(nth: usize, answer: Answer) -> [Answer; 4] {
    let mut answers = right();
    answers[nth] = answer;
    answers
}

fn bind_request(dn: &str, password: &str) -> Request {
    Request::Bind { dn: dn.to_owned(), password: password.to_owned() }
}

/// Returns whether the request is a search that contains these bytes.
fn is_search_for(request: &Request, bytes: &[u8]) -> bool {
    matches!(request, Request::Search(search) if search.windows(bytes.len()).any(|window| window == bytes))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_has_the_uuid_as_subject_and_an_issuer_of_its_own() {
    let Setup { fake, service } = Setup::new("identity").await;
    let answer = service.call("GET", "/notice", "alice", PASSWORD);
    assert_eq!((answer.status, answer.body), (200, format!("{UUID} of directory {{Reader}}")));
    let requests = fake.requests();
    assert_eq!(requests[0], bind_request(SERVICE, SERVICE_PASSWORD));
    assert!(is_search_for(&requests[1], b"\x04\x03uid\x04\x05alice"));
    assert!(is_search_for(&requests[2], ALICE.as_bytes()));
    assert_eq!(requests[3], bind_request(ALICE, PASSWORD));
}

/// The name of an entry can be given to another person, and its identifier cannot (RFC 4530).
#[tokio::test(flavor = "multi_thread")]
async fn r36_an_entry_without_one_identifier_is_503() {
    let setup = Setup::new("uuid").await;
    let twice = element(0x31, &[element(0x04, b"a"), element(0x04, b"b")].concat());
    let twice = element(0x30, &[element(0x04, b"entryUUID"), twice].concat());
    let twice = element(0x64, &[element(0x04, ALICE.as_bytes()), element(0x30, &twice)].concat());
    for found in [entry(ALICE, &[]), entry(ALICE, &[("uid", UUID)]), twice] {
        assert_eq!(setup.status_of(right_but(1, search(&[found], 0))), 503);
    }
    assert_eq!(setup.status_of(right_but(1, search(&[entry(ALICE, &[("ENTRYUUID", UUID)])], 0))), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_code_that_does_not_reject_the_password_is_503_at_each_step() {
    let setup = Setup::new("codes").await;
    // Operations and protocol errors, time and administrative limits, required methods and encryption, a referral, busy,
    // unavailable, a loop, and codes of other operations or without a meaning.
    for code in [1, 2, 3, 4, 7, 8, 10, 11, 12, 13, 14, 16, 33, 34, 50, 51, 52, 54, 80, 118, 123] {
        for nth in [0, 3] {
            assert_eq!(setup.status_of(right_but(nth, bind(code))), 503, "{nth} {code}");
        }
        for nth in [1, 2] {
            assert_eq!(setup.status_of(right_but(nth, search(&[alice()], code))), 503, "{nth} {code}");
        }
    }
    assert_eq!(setup.status_of(right()), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_is_401_only_at_the_bind_of_the_user() {
    let setup = Setup::new("rejections").await;
    for code in [19, 32, 48, 49, 53] {
        assert_eq!(setup.status_of(right_but(3, bind(code))), 401, "{code}");
        // A rejection of the service account says nothing about the user.
        assert_eq!(setup.status_of(right_but(0, bind(code))), 503, "{code}");
        // The base of the search does not exist, or is not visible.
        assert_eq!(setup.status_of(right_but(1, search(&[], code))), 503, "{code}");
        assert_eq!(setup.status_of(right_but(2, search(&[], code))), 503, "{code}");
        // A sign-in resets the count of wrong passwords.
        assert_eq!(setup.status_of(right()), 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_connection_is_503_at_each_step() {
    let setup = Setup::new("closed").await;
    for nth in 0..4 {
        assert_eq!(setup.status_of(right_but(nth, Answer::End)), 503, "{nth}");
    }
    // No process listens on this port any more.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let service = start(&format!("ldaps://{free}"), &Authority::new("no-directory").file());
    assert_eq!(sign_in(&service, "alice", PASSWORD), 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_directory_is_503_within_the_time_limit_at_each_step() {
    let mut threads = Vec::new();
    for (nth, test) in ["silent-0", "silent-1", "silent-2", "silent-3"].into_iter().enumerate() {
        let setup = Setup::new(test).await;
        threads.push(thread::spawn(move || {
            let start = Instant::now();
            (setup.status_of(right_but(nth, Answer::Silence)), start.elapsed().as_secs())
        }));
    }
    for thread in threads {
        let (status, seconds) = thread.join().unwrap();
        assert!(status == 503 && (5..60).contains(&seconds), "{status} after {seconds} s");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_that_is_not_ldap_is_503_at_each_step() {
    let setup = Setup::new("not-ldap").await;
    let bytes = [
        b"\x04\x01a".to_vec(),
        b"\x30\x00".to_vec(),
        // Neither a number nor an operation.
        element(0x30, b"\x61\x00"),
    ];
    let operations = [
        b"".to_vec(),
        // Without a result, without a code, without a text, with an invalid text.
        b"\x61\x00".to_vec(),
        b"\x61\x02\x04\x00".to_vec(),
        b"\x61\x05\x0a\x01\x00\x04\x00".to_vec(),
        b"\x61\x08\x0a\x01\x00\x04\x00\x04\x01\xff".to_vec(),
        // An entry without a name, and one whose name is not UTF-8.
        element(0x64, b""),
        element(0x64, b"\x04\x01\xff\x30\x00"),
    ];
    let operations = operations.map(|operation| Answer::Messages(vec![operation]));
    for answer in bytes.map(Answer::Bytes).into_iter().chain(operations) {
        for nth in 0..4 {
            setup.fake.answer(right_but(nth, answer.clone()));
            assert_eq!(setup.sign_in("alice", PASSWORD), 503, "{nth} {answer:?}");
        }
    }
    assert_eq!(setup.status_of(right()), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_several_entries_is_rejected() {
    let setup = Setup::new("several").await;
    for second in [entry("cn=Alice,ou=guests,dc=example", &[("entryUUID", UUID)]), alice()] {
        assert_eq!(setup.status_of(right_but(1, search(&[alice(), second], 0))), 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn referrals_are_not_followed() {
    let setup = Setup::new("referrals").await;
    let elsewhere = Fake::start(&Authority::new("elsewhere"), right()).await;
    let reference = reference(&format!("{}/ou=people,dc=example??sub", elsewhere.url));
    // A referral instead of alice, one beside her, and one instead of her groups.
    assert_eq!(setup.status_of(right_but(1, search(std::slice::from_ref(&reference), 0))), 401);
    assert_eq!(setup.status_of(right_but(1, search(&[reference.clone(), alice()], 0))), 200);
    assert_eq!(setup.status_of(right_but(2, search(&[reference], 0))), 403);
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn r71_an_impossible_password_is_rejected_without_a_request() {
    let setup = Setup::new("impossible").await;
    for (name, password) in [("alice", ""), ("", PASSWORD), ("", ""), ("alice", &"x".repeat(1025))] {
        assert_eq!(setup.sign_in(name, password), 401);
    }
    assert_eq!(setup.fake.connections(), 0);
}

/// A bind with an empty DN always succeeds (RFC 4513, section 5.1.1).
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_without_a_name_cannot_sign_in() {
    let setup = Setup::new("nameless").await;
    assert_eq!(setup.status_of(right_but(1, search(&[entry("", &[("entryUUID", UUID)])], 0))), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn r73_an_unknown_name_and_a_wrong_password_look_the_same() {
    let setup = Setup::new("alike").await;
    let mut seen = Vec::new();
    for (found, code) in [(vec![alice()], 49), (vec![], 49), (vec![], 32), (vec![], 0)] {
        let mut answers = right();
        answers[1] = search(&found, 0);
        answers[3] = bind(code);
        setup.fake.answer(answers);
        let answer = setup.service.call("GET", "/notice", "alice", PASSWORD);
        let [_, _, Request::Search(groups), Request::Bind { dn, password }, rest @ ..] = &setup.fake.requests()[..]
        else {
            panic!("{:?}", setup.fake.requests())
        };
        assert_eq!((dn == ALICE, password.as_str()), (!found.is_empty(), PASSWORD));
        assert!(dn.ends_with(",ou=people,dc=example") && groups.windows(dn.len()).any(|bytes| bytes == dn.as_bytes()));
        let head: Vec<_> = answer.head.lines().filter(|line| !line.starts_with("date:")).map(str::to_owned).collect();
        seen.push((head, answer.body, rest.to_vec()));
    }
    assert!(seen[0].0[0].contains("401") && seen.iter().all(|answer| answer == &seen[0]), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn r77_guesses_are_counted_before_the_directory_is_asked() {
    let setup = Setup::new("guesses").await;
    setup.fake.answer(right_but(3, bind(49)));
    for spelling in ["alice", "Alice", " alice", "ALICE", "al\u{ad}ice"] {
        assert_eq!(setup.sign_in(spelling, PASSWORD), 401);
    }
    assert_eq!(setup.sign_in("alice", PASSWORD), 429);
    assert_eq!(setup.fake.connections(), 5);
    assert_eq!(setup.sign_in("bob", PASSWORD), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn r77_an_outage_counts_no_attempt_and_a_right_password_resets_the_count() {
    let setup = Setup::new("outage").await;
    for _ in 0..8 {
        assert_eq!(setup.status_of(right_but(3, bind(51))), 503);
    }
    for _ in 0..3 {
        for _ in 0..4 {
            assert_eq!(setup.status_of(right_but(3, bind(49))), 401);
        }
        assert_eq!(setup.status_of(right()), 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_searched_for_unchanged() {
    let setup = Setup::new("names").await;
    for name in ["*", "a*", "alice)(uid=*", r"\2a", "{dn}", "Jörg, \"ö\" <#+;=>", "(|(uid=*", " alice "] {
        setup.fake.answer(right());
        assert_eq!(setup.sign_in(name, PASSWORD), 200);
        // The filter is an equality match, and of no other kind.
        let length = u8::try_from(name.len()).unwrap();
        let equality = [&[0xa3, 7 + length], &b"\x04\x03uid\x04"[..], &[length], name.as_bytes()].concat();
        assert!(is_search_for(&setup.fake.requests()[1], &equality), "{name}: {:x?}", setup.fake.requests()[1]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_searched_for_by_the_dn_that_the_directory_returned() {
    let setup = Setup::new("groups").await;
    for dn in [r"cn=Doe\2C Jane (Dr.),dc=example", "cn=*,dc=example", r"cn=a\\b,dc=example"] {
        assert_eq!(setup.status_of(right_but(1, search(&[entry(dn, &[("entryUUID", UUID)])], 0))), 200);
        let length = u8::try_from(dn.len()).unwrap();
        let member = [&b"\x04\x06member\x04"[..], &[length], dn.as_bytes()].concat();
        assert!(is_search_for(&setup.fake.requests()[2], &member), "{dn}");
        assert_eq!(setup.fake.requests()[3], bind_request(dn, PASSWORD));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_configured_groups_grant_a_role() {
    let setup = Setup::new("roles").await;
    for (group, expected) in [
        ("CN=Readers,OU=groups,DC=example", 200),
        ("cn=editors,ou=groups,dc=example", 200),
        ("cn=readers,ou=clubs,dc=example", 403),
        ("cn=readers,ou=clubs,ou=groups,dc=example", 403),
        ("cn=readers,ou=groups,dc=example,dc=example", 403),
        ("cn=Reader,ou=groups,dc=example", 403),
    ] {
        let answers = right_but(2, search(&[entry(group, &[("cn", "readers")])], 0));
        assert_eq!(setup.status_of(answers), expected, "{group}");
    }
    assert_eq!(setup.status_of(right_but(2, search(&[], 0))), 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_over_the_limit_is_503_at_once() {
    let setup = Setup::new("limit").await;
    setup.fake.answer([Answer::Silence]);
    thread::scope(|scope| {
        // The throttle lets eight requests of one address wait for the directory at once.
        for number in 0..16 {
            let (service, address) = (&setup.service, format!("127.0.0.{}", 2 + number / 8));
            let name = format!("user{number}");
            scope.spawn(move || assert_eq!(sign_in_from(&address, service, &name, PASSWORD), 503));
        }
        setup.fake.wait_for_silence(16);
        assert_eq!(setup.sign_in("alice", PASSWORD), 503);
        // A request that does not reach the directory is not limited.
        assert_eq!(setup.sign_in("alice", ""), 401);
        assert_eq!(setup.fake.connections(), 16);
    });
    assert_eq!(setup.status_of(right()), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_is_sent_to_a_directory_without_a_trusted_certificate() {
    let fake = Fake::start(&Authority::new("stranger"), right()).await;
    let service = start(&fake.url, &Authority::new("trusted").file());
    assert_eq!(sign_in(&service, "alice", PASSWORD), 503);
    assert_eq!((fake.connections(), fake.requests()), (1, vec![]));
}

#[test]
fn a_wrong_setting_stops_the_start_without_secrets() {
    let (error, code) = refusal(&mut command(LDAP, &settings("ldap://127.0.0.1", "/dev/null")));
    assert!(error.contains("LDAP_URL must start with ldaps://") && code == Some(1), "{error}");
    for nth in 0..5 {
        let mut settings = settings("ldaps://127.0.0.1", "/dev/null");
        let name = settings[nth].0;
        settings[nth].1 = "";
        let (error, code) = refusal(&mut command(LDAP, &settings));
        assert!(error.contains(&format!("{name} is not set")) && code == Some(1), "{name}: {error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
}
