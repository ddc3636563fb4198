//! The service with a fake directory: the status for each response of the directory, and the effect of each setting.
//! `ldap_server` has the tests with a real directory.

#[path = "../common/basic.rs"]
mod basic;
#[path = "../common/mod.rs"]
mod common;
mod fake;

use std::{fs, process::Command, sync::Arc};

use auth_examples::{
    environment::Environment,
    ldap::{app, settings},
};
use poem::{Endpoint, http::StatusCode, test::TestClient};
use serde_json::{Value, json};

use crate::{
    basic::{basic, get, sign_in},
    common::{Running, paste, refusal, status},
    fake::{Answer, Fake, Request, bind, element, entry, extended, reference, search},
};

type Setting<'a> = (&'a str, &'a str);

const ALICE: &str = "cn=Alice,ou=people,dc=example";
const UUID: &str = "6fb5a7a2-5d9b-103e-8a51-3b1f3c2d9a10";
const SERVICE: &str = "cn=service,dc=example";
const SERVICE_PASSWORD: &str = "s3cret of the service";
const PASSWORD: &str = "correct horse";

/// A short timeout for tests that wait for it. Other tests use a long one, for slow machines.
const SECOND: Setting<'_> = ("LDAP_TIMEOUT", "1");

fn settings_for(url: &str) -> [Setting<'_>; 9] {
    [
        ("LDAP_TIMEOUT", "60"),
        ("LDAP_URL", url),
        ("LDAP_DANGER_ALLOW_PLAINTEXT_ON_LOOPBACK", "true"),
        ("LDAP_NAME", "staff"),
        ("LDAP_BIND_DN", SERVICE),
        ("LDAP_BIND_PASSWORD", SERVICE_PASSWORD),
        ("LDAP_USER_BASE", "ou=people,dc=example"),
        ("LDAP_GROUP_BASE", "ou=groups,dc=example"),
        ("LDAP_ROLES", r#"{"cn=editors,ou=groups,dc=example": "Editor"}"#),
    ]
}

/// Returns a client of the service. `others` override or extend the usual settings.
fn environment<'a>(settings: &[Setting<'a>], others: &[Setting<'a>]) -> Environment {
    settings.iter().chain(others).copied().collect()
}

fn client(url: &str, others: &[Setting<'_>]) -> TestClient<impl Endpoint + use<>> {
    TestClient::new(app(&settings::auth(&environment(&settings_for(url), others)).unwrap()))
}

/// Returns the directory's responses to a sign-in with the right password: bind of the service account, search for the
/// user, bind of the user, bind of the service account, search for the groups.
fn right() -> [Answer; 5] {
    let groups = [entry("cn=editors,ou=groups,dc=example", &[("cn", "editors")])];
    let alice = [entry(ALICE, &[("cn", "Alice"), ("displayName", "Alice A."), ("entryUUID", UUID)])];
    [bind(0), search(&alice, 0), bind(0), bind(0), search(&groups, 0)]
}

/// Returns the responses of [`right`], with another one at this step.
fn right_but(nth: usize, answer: Answer) -> [Answer; 5] {
    let mut answers = right();
    answers[nth] = answer;
    answers
}

/// Returns the status of a sign-in with these responses of the directory.
async fn status_of(answers: impl Into<Vec<Answer>>) -> u16 {
    status_with(&[], answers).await
}

async fn status_with(settings: &[Setting<'_>], answers: impl Into<Vec<Answer>>) -> u16 {
    let fake = Fake::start(answers).await;
    let status = sign_in(&client(&fake.url, settings), "alice", PASSWORD).await;
    assert_eq!(fake.seen_connections().await, 1);
    status
}

fn bind_request(dn: &str, password: &str) -> Request {
    Request::Bind { dn: dn.to_owned(), password: password.to_owned() }
}

/// Returns whether the request is a search that contains these bytes.
fn is_search_for(request: &Request, bytes: &[u8]) -> bool {
    matches!(request, Request::Search(search) if search.windows(bytes.len()).any(|window| window == bytes))
}

#[tokio::test]
async fn an_identity_has_the_directory_as_issuer_and_the_uuid_as_subject() {
    let fake = Fake::start(right()).await;
    let client = client(&fake.url, &[]);
    let me: Value = get(&client, "/me", "alice", PASSWORD).await.json().await.value().deserialize();
    let expected = json!({ "issuer": "staff", "subject": UUID, "display_name": "Alice A.", "roles": ["Editor"] });
    assert_eq!(me, expected);
    let requests = fake.requests();
    assert_eq!(requests[0], bind_request(SERVICE, SERVICE_PASSWORD));
    assert!(is_search_for(&requests[1], b"\x04\x03uid\x04\x05alice"));
    assert_eq!(requests[2], bind_request(ALICE, PASSWORD));
    assert_eq!(requests[3], requests[0]);
    assert!(is_search_for(&requests[4], ALICE.as_bytes()));
}

#[tokio::test]
async fn a_result_code_that_does_not_reject_the_password_is_503_at_each_step() {
    // Operations and protocol errors, time and administrative limits, required methods and encryption, a referral, busy,
    // unavailable, a loop, and codes of other operations or without a meaning.
    for code in [1, 2, 3, 7, 8, 10, 11, 12, 13, 14, 16, 33, 34, 50, 51, 52, 54, 80, 118, 123] {
        for nth in [0, 2, 3] {
            assert_eq!(status_of(right_but(nth, bind(code))).await, 503, "{nth} {code}");
        }
        for nth in [1, 4] {
            assert_eq!(status_of(right_but(nth, search(&[], code))).await, 503, "{nth} {code}");
        }
    }
    assert_eq!(status_of(right()).await, 200);
}

#[tokio::test]
async fn a_rejection_is_401_only_at_the_bind_of_the_user() {
    for code in [19, 32, 48, 49, 53] {
        assert_eq!(status_of(right_but(2, bind(code))).await, 401, "{code}");
        // A rejection of the service account says nothing about the user.
        assert_eq!(status_of(right_but(0, bind(code))).await, 503, "{code}");
        assert_eq!(status_of(right_but(3, bind(code))).await, 503, "{code}");
        // The base of the search does not exist, or is not visible.
        assert_eq!(status_of(right_but(1, search(&[], code))).await, 503, "{code}");
        assert_eq!(status_of(right_but(4, search(&[], code))).await, 503, "{code}");
    }
}

#[tokio::test]
async fn a_closed_connection_is_503_at_each_step() {
    for nth in 0..5 {
        assert_eq!(status_of(right_but(nth, Answer::End)).await, 503, "{nth}");
    }
    // No process listens on this port any more.
    let free = format!("ldap://{}", std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    assert_eq!(sign_in(&client(&free, &[]), "alice", PASSWORD).await, 503);
}

#[tokio::test]
async fn a_silent_directory_is_503_at_each_step() {
    let silent = |nth| tokio::spawn(status_with(&[SECOND], right_but(nth, Answer::Silence)));
    for (nth, status) in [0, 1, 2, 3, 4].map(silent).into_iter().enumerate() {
        assert_eq!(status.await.unwrap(), 503, "{nth}");
    }
}

#[tokio::test]
async fn a_response_that_is_not_ldap_is_503_at_each_step() {
    let bytes = [
        b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
        b"\x30\x00".to_vec(),
        b"\x30\x80\x00\x00".to_vec(),
        b"\x04\x01a".to_vec(),
        b"\xff".repeat(64),
        // Neither a number nor an operation.
        element(0x30, b"\x61\x00"),
    ];
    let operations = [
        b"".to_vec(),
        // Without a result, without a code, without a text, with an invalid text, with a truncated code.
        b"\x61\x00".to_vec(),
        b"\x61\x02\x04\x00".to_vec(),
        b"\x61\x05\x0a\x01\x00\x04\x00".to_vec(),
        b"\x61\x08\x0a\x01\x00\x04\x00\x04\x01\xff".to_vec(),
        b"\x61\x07\x0a\x7f\x00\x04\x00\x04\x00".to_vec(),
        // An entry without a name, and one whose name is not UTF-8.
        element(0x64, b""),
        element(0x64, b"\x04\x01\xff\x30\x00"),
    ];
    let answers = bytes.map(Answer::Bytes).into_iter().chain(operations.map(|message| Answer::Messages(vec![message])));
    let at_each_step = answers.flat_map(|answer| [0, 1, 2, 3, 4].map(|nth| right_but(nth, answer.clone())));
    let statuses: Vec<_> = at_each_step.map(|answers| tokio::spawn(status_with(&[SECOND], answers))).collect();
    for (nth, status) in statuses.into_iter().enumerate() {
        assert_eq!(status.await.unwrap(), 503, "{nth}");
    }
}

#[tokio::test]
async fn a_name_of_several_entries_is_rejected() {
    let alice = entry(ALICE, &[]);
    for entries in
        [vec![alice.clone(), entry("cn=Alice,ou=guests,dc=example", &[])], vec![alice.clone(), alice.clone()]]
    {
        for code in [0, 4] {
            assert_eq!(status_of(right_but(1, search(&entries, code))).await, 401, "{code}");
        }
    }
    // The directory returns one entry, and reports more.
    assert_eq!(status_of(right_but(1, search(&[alice], 4))).await, 401);
    // The directory returns no entry, and reports more.
    assert_eq!(status_of(right_but(1, search(&[], 4))).await, 503);
}

#[tokio::test]
async fn an_incomplete_list_of_groups_is_503() {
    let groups = [entry("cn=editors,ou=groups,dc=example", &[("cn", "editors")])];
    assert_eq!(status_of(right_but(4, search(&groups, 4))).await, 503);
}

#[tokio::test]
async fn referrals_are_not_followed() {
    let elsewhere = Fake::start(right()).await;
    let reference = reference(&format!("{}/ou=people,dc=example??sub", elsewhere.url));
    // A referral instead of alice, one beside her, and one instead of her groups.
    assert_eq!(status_of(right_but(1, search(std::slice::from_ref(&reference), 0))).await, 401);
    assert_eq!(status_of(right_but(1, search(&[reference.clone(), entry(ALICE, &[])], 0))).await, 200);
    assert_eq!(status_of(right_but(4, search(&[reference], 0))).await, 200);
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn r71_an_impossible_password_is_rejected_without_a_request() {
    let fake = Fake::start(right()).await;
    let client = client(&fake.url, &[]);
    for (name, password) in [("alice", ""), ("", PASSWORD), ("", ""), ("alice", &"x".repeat(1025))] {
        assert_eq!(sign_in(&client, name, password).await, 401);
    }
    assert_eq!(fake.connections(), 0);
}

/// A bind with an empty DN always succeeds.
#[tokio::test]
async fn an_entry_without_a_name_cannot_sign_in() {
    assert_eq!(status_of(right_but(1, search(&[entry("", &[])], 0))).await, 401);
}

#[tokio::test]
async fn r73_an_unknown_name_and_a_wrong_password_look_the_same() {
    let mut seen = Vec::new();
    for (found, code) in [(vec![entry(ALICE, &[])], 49), (vec![], 49), (vec![], 32), (vec![], 0)] {
        let mut answers = right();
        answers[1] = search(&found, 0);
        answers[2] = bind(code);
        let fake = Fake::start(answers).await;
        let answer = get(&client(&fake.url, &[]), "/me", "alice", PASSWORD).await.0;
        let parts = (answer.status(), answer.headers().clone());
        let body = answer.into_body().into_string().await.unwrap();
        let [_, _, Request::Bind { dn, password }, rest @ ..] = &fake.requests()[..] else { panic!() };
        assert_eq!((dn == ALICE, password.as_str()), (!found.is_empty(), PASSWORD));
        assert!(dn.ends_with(",ou=people,dc=example"));
        seen.push((parts, body, rest.to_vec()));
    }
    assert_eq!(seen[0].0.0, 401);
    assert!(seen.iter().all(|answer| answer == &seen[0]), "{seen:?}");
}

#[tokio::test]
async fn r77_guesses_are_counted_before_the_directory_is_asked() {
    let wrong = Fake::start(right_but(2, bind(49))).await;
    let client = client(&wrong.url, &[]);
    for spelling in ["alice", "Alice", " alice", "ALICE", "al\u{ad}ice"] {
        assert_eq!(sign_in(&client, spelling, PASSWORD).await, 401);
    }
    assert_eq!(sign_in(&client, "alice", PASSWORD).await, 429);
    assert_eq!(wrong.connections(), 5);
    assert_eq!(sign_in(&client, "bob", PASSWORD).await, 401);
}

#[tokio::test]
async fn r77_an_outage_counts_no_attempt_and_a_right_password_resets_the_count() {
    let down = Fake::start(right_but(2, bind(51))).await;
    let unavailable = client(&down.url, &[]);
    let right = Fake::start(right()).await;
    let available = client(&right.url, &[]);
    for _ in 0..8 {
        assert_eq!(sign_in(&unavailable, "alice", PASSWORD).await, 503);
        assert_eq!(sign_in(&available, "alice", PASSWORD).await, 200);
    }
}

#[tokio::test]
async fn an_unknown_name_tries_the_password_of_the_decoy_and_is_rejected() {
    const DECOY: &str = "cn=decoy,dc=example";
    let fake = Fake::start(right_but(1, search(&[], 0))).await;
    assert_eq!(sign_in(&client(&fake.url, &[("LDAP_DECOY_DN", DECOY)]), "alice", PASSWORD).await, 401);
    assert_eq!(fake.requests()[2], bind_request(DECOY, PASSWORD));
    // The result is 503 if the directory cannot verify the decoy's password.
    let fake = Fake::start([bind(0), search(&[], 0), bind(51)]).await;
    assert_eq!(sign_in(&client(&fake.url, &[]), "alice", PASSWORD).await, 503);
}

#[tokio::test]
async fn names_are_searched_for_unchanged() {
    for name in ["*", "a*", "alice)(uid=*", r"\2a", "{dn}", "Jörg, \"ö\" <#+;=>", "(|(uid=*", " alice "] {
        let fake = Fake::start(right()).await;
        assert_eq!(sign_in(&client(&fake.url, &[]), name, PASSWORD).await, 200);
        // The filter is an equality match, and of no other kind.
        let length = u8::try_from(name.len()).unwrap();
        let equality = [&[0xa3, 7 + length], &b"\x04\x03uid\x04"[..], &[length], name.as_bytes()].concat();
        assert!(is_search_for(&fake.requests()[1], &equality), "{name}: {:x?}", fake.requests()[1]);
    }
}

#[tokio::test]
async fn groups_are_searched_for_by_the_dn_that_the_directory_returned() {
    for dn in [r"cn=Doe\2C Jane (Dr.),dc=example", "cn=*,dc=example", r"cn=a\\b,dc=example"] {
        let fake = Fake::start(right_but(1, search(&[entry(dn, &[])], 0))).await;
        assert_eq!(sign_in(&client(&fake.url, &[]), "alice", PASSWORD).await, 200);
        assert_eq!(fake.requests()[2], bind_request(dn, PASSWORD));
        let length = u8::try_from(dn.len()).unwrap();
        let member = [&b"\x04\x06member\x04"[..], &[length], dn.as_bytes()].concat();
        assert!(is_search_for(&fake.requests()[4], &member), "{dn}");
    }
}

#[tokio::test]
async fn without_a_service_account_the_search_is_anonymous() {
    let fake = Fake::start(right()).await;
    let settings = settings_for(&fake.url).into_iter().filter(|(name, _)| !name.starts_with("LDAP_BIND"));
    let client = TestClient::new(app(&settings::auth(&settings.collect()).unwrap()));
    assert_eq!(sign_in(&client, "alice", PASSWORD).await, 200);
    assert_eq!(fake.requests()[0], bind_request("", ""));
    assert_eq!(fake.requests()[2], bind_request(ALICE, PASSWORD));
    assert_eq!(fake.requests()[3], bind_request("", ""));
}

#[tokio::test]
async fn a_sign_in_over_the_limit_is_503_at_once() {
    let fake = Fake::start([Answer::Silence]).await;
    let client = client(&fake.url, &[("LDAP_SIGN_INS", "2")]);
    let client = Arc::new(client);
    let under_way = ["bob", "carol"].map(|name| {
        let client = Arc::clone(&client);
        tokio::spawn(async move { sign_in(&client, name, PASSWORD).await })
    });
    for _ in &under_way {
        fake.is_silent().await;
    }
    assert_eq!(sign_in(&client, "alice", PASSWORD).await, 503);
    // A request that does not reach the directory is not limited.
    assert_eq!(sign_in(&client, "alice", "").await, 401);
    assert_eq!(fake.connections(), 2);
    // A dropped request frees its place.
    for request in under_way {
        request.abort();
        assert!(request.await.unwrap_err().is_cancelled());
    }
    let again = tokio::spawn(async move { sign_in(&client, "alice", PASSWORD).await });
    fake.is_silent().await;
    again.abort();
}

#[tokio::test]
async fn no_password_is_sent_without_tls() {
    let authorities = authorities();
    // A response forged by an attacker on the network. Parsing it recursively would overflow the stack.
    let deep = (0..20_000_u32).rev().flat_map(|level| [&[0x30, 0x84][..], &(6 * level).to_be_bytes()].concat());
    let bytes = [Answer::Bytes(deep.collect()), Answer::Bytes(vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff])];
    let answers = [extended(0), extended(1), extended(2), extended(52), extended(53), bind(0), Answer::End];
    for answer in answers.into_iter().chain(bytes) {
        let fake = Fake::start(vec![answer; 9]).await;
        let settings = [("LDAP_DANGER_ALLOW_PLAINTEXT_ON_LOOPBACK", "false"), ("LDAP_CA_FILE", &authorities), SECOND];
        assert_eq!(sign_in(&client(&fake.url, &settings), "alice", PASSWORD).await, 503);
        assert_eq!(fake.first_request().await, Request::StartTls);
        let is_sent = |request: &Request| matches!(request, Request::Bind { .. } | Request::Search(_));
        assert!(!fake.requests().iter().any(is_sent), "{:?}", fake.requests());
    }
}

/// Writes a certificate that signed no other, and returns its path.
fn authorities() -> String {
    let certificate = rcgen::generate_simple_self_signed(["ldap.example.com".to_owned()]).unwrap().cert.pem();
    file("authorities", &certificate)
}

/// Writes a file, and returns its path.
fn file(name: &str, text: &str) -> String {
    let path = format!("{}/ldap-{name}", env!("CARGO_TARGET_TMPDIR"));
    fs::write(&path, text).unwrap();
    path
}

#[tokio::test]
async fn machine_clients_use_keys_beside_the_users_of_the_directory() {
    const KEY: &str = "kQ8vR2mX5tZ1wB7nJ4cL9p";
    let fake = Fake::start(right()).await;
    let client = client(&fake.url, &[("API_KEYS", r#"{"display": "kQ8vR2mX5tZ1wB7nJ4cL9p"}"#)]);
    client.get("/notice").header("X-API-Key", KEY).send().await.assert_status_is_ok();
    let put = client.put("/notice").header("X-API-Key", KEY).content_type("text/plain");
    put.body("Mine").send().await.assert_status(StatusCode::FORBIDDEN);
    assert_eq!(fake.connections(), 0);
    let put = client.put("/notice").header("Authorization", basic("alice", PASSWORD)).content_type("text/plain");
    put.body("New").send().await.assert_status_is_ok();
    client.get("/notice").header("X-API-Key", KEY).send().await.assert_text("New").await;
}

#[tokio::test]
async fn a_user_without_a_role_is_denied_where_a_role_is_required() {
    let fake =
        Fake::start(right_but(4, search(&[entry("cn=other,ou=groups,dc=example", &[("cn", "editors")])], 0))).await;
    let client = client(&fake.url, &[]);
    assert_eq!(sign_in(&client, "alice", PASSWORD).await, 200);
    assert_eq!(get(&client, "/notice", "alice", PASSWORD).await.0.status(), 403);
}

#[test]
fn the_password_of_the_service_account_is_not_in_debug_output() {
    let from_file = file("service", &format!("{SERVICE_PASSWORD}\n"));
    let settings = settings_for("ldap://127.0.0.1:9");
    for auth in [
        settings::auth(&settings.into_iter().collect()),
        settings::auth(
            &settings
                .into_iter()
                .map(|(name, value)| match name {
                    "LDAP_BIND_PASSWORD" => ("LDAP_BIND_PASSWORD_FILE", from_file.as_str()),
                    _ => (name, value),
                })
                .collect(),
        ),
    ] {
        let shown = format!("{:?}", auth.unwrap());
        assert!(shown.contains(SERVICE) && !shown.contains("s3cret"), "{shown}");
    }
}

#[tokio::test]
async fn a_password_file_contains_one_line() {
    for text in [SERVICE_PASSWORD.to_owned(), format!("{SERVICE_PASSWORD}\n"), format!("{SERVICE_PASSWORD}\r\n")] {
        let fake = Fake::start(right()).await;
        let path = file("line", &text);
        let settings = settings_for(&fake.url).into_iter().filter(|(name, _)| *name != "LDAP_BIND_PASSWORD");
        let settings = settings.chain([("LDAP_BIND_PASSWORD_FILE", path.as_str())]).collect();
        assert_eq!(sign_in(&TestClient::new(app(&settings::auth(&settings).unwrap())), "alice", PASSWORD).await, 200);
        assert_eq!(fake.requests()[0], bind_request(SERVICE, SERVICE_PASSWORD));
    }
}

fn server(settings: &[Setting<'_>]) -> Command {
    let mut server = Command::new(env!("CARGO_BIN_EXE_ldap"));
    server.env_clear().env("PORT", "0").envs(settings.iter().copied());
    server
}

#[test]
fn r48_the_server_starts_while_the_directory_is_down_and_logs_no_secret() {
    let mut server = Running::start(&mut server(&settings_for("ldap://127.0.0.1:9")));
    let printed = server.printed_until("listens").concat();
    let address = printed.split_whitespace().find(|word| word.starts_with("http://")).unwrap().trim_end_matches(',');
    assert_eq!(status(&paste(&format!("curl -i -u 's3cret-alice:s3cret' {address}/me"))), 503);
    assert_eq!(status(&paste(&format!("curl -i {address}/me"))), 401);
    let log = server.logged_until("cannot connect to the directory").concat();
    assert!(!log.contains("s3cret"), "{log}");
    assert!(server.interrupt().success());
}

#[test]
fn the_help_lists_every_setting() {
    let help = String::from_utf8(server(&[]).arg("--help").output().unwrap().stdout).unwrap();
    for (name, _) in settings_for("") {
        assert!(help.contains(name), "{name}");
    }
    for name in ["CA_FILE", "BIND_PASSWORD_FILE", "USER_FILTER", "USER_ID", "DECOY_DN", "GROUP_FILTER", "SIGN_INS"] {
        assert!(help.contains(&format!("LDAP_{name}")), "{name}");
    }
}

#[test]
fn a_wrong_setting_is_reported_in_one_line_without_secrets() {
    const PLAIN: &str = "LDAP_DANGER_ALLOW_PLAINTEXT_ON_LOOPBACK";
    let [empty, lines, no_pem] =
        [("empty", "\n"), ("lines", "a\nb\n"), ("no_pem", "")].map(|(name, text)| file(name, text));
    let wrong: &[(&[Setting<'_>], &str)] = &[
        (&[("LDAP_URL", "ldap.example.com")], "LDAP_URL: "),
        (&[("LDAP_URL", "https://ldap.example.com")], "LDAP_URL: "),
        (&[("LDAP_URL", "ldaps://127.0.0.1")], "LDAP_URL: must be ldap://"),
        (&[("LDAP_URL", "ldap://ldap.example.com")], "LDAP_URL: must be ldap://"),
        (&[("LDAP_URL", "ldap://a:s3cret@localhost")], "LDAP_URL: "),
        (&[("LDAP_URL", "")], "LDAP_URL: "),
        (&[(PLAIN, "yes")], "LDAP_DANGER_"),
        (&[(PLAIN, "false"), ("LDAP_CA_FILE", "/nowhere/to/be/found.pem")], "LDAP_CA_FILE: "),
        (&[(PLAIN, "false"), ("LDAP_CA_FILE", &no_pem)], "LDAP_CA_FILE: "),
        (&[("LDAP_NAME", "api-key")], "LDAP_NAME: "),
        (&[("LDAP_BIND_PASSWORD_FILE", &lines)], "LDAP_BIND_PASSWORD: "),
        (&[("LDAP_BIND_PASSWORD", "")], "LDAP_BIND_PASSWORD: "),
        (&[("LDAP_USER_BASE", "")], "LDAP_USER_BASE: "),
        (&[("LDAP_USER_FILTER", "(uid=alice)")], "LDAP_USER_FILTER: "),
        (&[("LDAP_USER_FILTER", "uid={name})")], "LDAP_USER_FILTER: "),
        (&[("LDAP_GROUP_FILTER", "(member={name})")], "LDAP_GROUP_FILTER: "),
        (&[("LDAP_ROLES", "{}")], "LDAP_ROLES: "),
        (&[("LDAP_ROLES", r#"{"": "Editor"}"#)], "LDAP_ROLES: "),
        (&[("LDAP_ROLES", r#"{"a": "Editr"}"#)], "LDAP_ROLES: \"a\": unknown role"),
        (&[("LDAP_ROLES", r#"{"a": ["Editor"]}"#)], "LDAP_ROLES: "),
        (&[("LDAP_ROLES", r#"{"a": "Editor", "a": "Reader"}"#)], "LDAP_ROLES: "),
        (&[("LDAP_TIMEOUT", "0")], "LDAP_TIMEOUT: "),
        (&[("LDAP_TIMEOUT", "61")], "LDAP_TIMEOUT: "),
        (&[("LDAP_SIGN_INS", "0")], "LDAP_SIGN_INS: "),
        (&[("LDAP_SIGN_INS", "-1")], "LDAP_SIGN_INS: "),
        (&[("API_KEYS", r#"{"ci": "s3cret"}"#)], "API_KEYS: "),
        (&[("API_KEYS", r#"["s3cret"]"#)], "API_KEYS: "),
        (&[("PORT", "http")], "PORT: "),
    ];
    let settings = settings_for("ldap://127.0.0.1:9");
    let without = |name: &'static str| settings.iter().copied().filter(move |(setting, _)| *setting != name);
    let mut cases: Vec<(Vec<Setting<'_>>, &str)> = Vec::new();
    cases.extend(wrong.iter().map(|(wrong, expected)| ([&settings, *wrong].concat(), *expected)));
    cases.extend(
        ["LDAP_URL", "LDAP_USER_BASE", "LDAP_GROUP_BASE", "LDAP_ROLES", "LDAP_BIND_DN"]
            .map(|name| (without(name).collect(), name)),
    );
    cases.push((without("LDAP_BIND_PASSWORD").collect(), "LDAP_BIND_PASSWORD_FILE: is not set"));
    cases.extend([&*empty, &*lines, "/nowhere/to/be/found"].map(|path| {
        let path = ("LDAP_BIND_PASSWORD_FILE", path);
        (without("LDAP_BIND_PASSWORD").chain([path]).collect(), "LDAP_BIND_PASSWORD_FILE: ")
    }));
    for (settings, expected) in cases {
        let (line, code) = refusal(&mut server(&settings));
        assert!(line.starts_with(&format!("ldap: {expected}")), "{expected}: {line}");
        assert_eq!((line.lines().count(), code), (1, Some(2)), "{line}");
        assert!(!line.contains("s3cret"), "{line}");
    }
}
