//! Signing in: the status for each response of the directory, and the requests that it receives.

use std::{
    net::TcpListener,
    sync::Arc,
    time::{Duration, Instant},
};

use auth_ldap::Directory;
use auth_runtime::{
    authenticate::{AuthenticationError, Authenticator, Context},
    credential::BasicCredentials,
};
use tokio::task::JoinSet;

use crate::{
    authority::Authority,
    fake::{
        Answer, Fake, Request, bind, bind_with_text, element, entry, entry_of_values, reference, search,
        search_with_text,
    },
    setup::{
        ALICE, Auth, PASSWORD, SERVICE, SERVICE_PASSWORD, Setup, UUID, alice, bind_request, builder, is_search_for,
        right, right_but,
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_has_the_uuid_as_subject_and_an_issuer_of_its_own() {
    let setup = Setup::new().await;
    let answer = setup.call("/notice", "127.0.0.1", "alice", PASSWORD).await;
    answer.assert_status_is_ok();
    answer.assert_text(format!("{UUID} of directory {{Reader}}")).await;
    let requests = setup.fake.requests();
    assert_eq!(requests[0], bind_request(SERVICE, SERVICE_PASSWORD));
    assert!(is_search_for(&requests[1], b"\x04\x03uid\x04\x05alice"));
    assert!(is_search_for(&requests[2], ALICE.as_bytes()));
    // Users at any depth, and groups directly below their base.
    assert!(is_search_for(&requests[1], b"ou=people,dc=example\x0a\x01\x02"), "{requests:?}");
    assert!(is_search_for(&requests[2], b"ou=groups,dc=example\x0a\x01\x01"), "{requests:?}");
    assert_eq!(requests[3], bind_request(ALICE, PASSWORD));
}

/// The name of an entry can be given to another person, and its identifier cannot (RFC 4530).
#[tokio::test(flavor = "multi_thread")]
async fn r36_an_entry_without_one_identifier_is_503() {
    let setup = Setup::new().await;
    let same = entry_of_values(ALICE, &[("entryUUID", vec![b"a", b"b"])]);
    let other = entry(ALICE, &[("entryUUID", UUID), ("entryuuid", UUID)]);
    let bad = [entry(ALICE, &[("entryUUID", "")]), entry(ALICE, &[("entryUUID", "a\nb")])];
    let binary = entry_of_values(ALICE, &[("entryUUID", vec![b"\xff"])]);
    let none = [entry(ALICE, &[]), entry(ALICE, &[("uid", UUID)]), entry_of_values(ALICE, &[("entryUUID", vec![])])];
    for found in none.into_iter().chain(bad).chain([same, other, binary]) {
        assert_eq!(setup.status_of(right_but(1, search(&[found], 0))).await, 503);
    }
    assert_eq!(setup.status_of(right_but(1, search(&[entry(ALICE, &[("ENTRYUUID", UUID)])], 0))).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_code_that_does_not_reject_the_password_is_503_at_each_step() {
    let setup = Setup::new().await;
    // Operations and protocol errors, time and administrative limits, required methods and encryption, a referral, busy,
    // unavailable, a loop, and codes of other operations or without a meaning.
    for code in [1, 2, 3, 4, 7, 8, 10, 11, 12, 13, 14, 16, 33, 34, 50, 51, 52, 54, 80, 118, 123] {
        for nth in [0, 3] {
            assert_eq!(setup.status_of(right_but(nth, bind(code))).await, 503, "{nth} {code}");
        }
        for nth in [1, 2] {
            assert_eq!(setup.status_of(right_but(nth, search(&[alice()], code))).await, 503, "{nth} {code}");
        }
    }
    assert_eq!(setup.status_of(right()).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_is_401_only_at_the_bind_of_the_user() {
    let setup = Setup::new().await;
    for code in [19, 32, 48, 49, 53] {
        assert_eq!(setup.status_of(right_but(3, bind(code))).await, 401, "{code}");
        // A rejection of the service account says nothing about the user.
        assert_eq!(setup.status_of(right_but(0, bind(code))).await, 503, "{code}");
        // The base of the search does not exist, or is not visible.
        assert_eq!(setup.status_of(right_but(1, search(&[], code))).await, 503, "{code}");
        assert_eq!(setup.status_of(right_but(2, search(&[], code))).await, 503, "{code}");
        // A sign-in resets the count of wrong passwords.
        assert_eq!(setup.status_of(right()).await, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_connection_is_503_at_each_step() {
    let setup = Setup::new().await;
    for nth in 0..4 {
        assert_eq!(setup.status_of(right_but(nth, Answer::End)).await, 503, "{nth}");
    }
    // No process listens on this port any more.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let directory = builder(&format!("ldaps://{free}")).certificate_authorities(Authority::new().pem).build().unwrap();
    assert!(error_of(&directory).await.is_unavailable());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_directory_is_503_within_the_time_limit_at_each_step() {
    let mut sign_ins = JoinSet::new();
    for nth in 0..4 {
        sign_ins.spawn(async move {
            let setup = Setup::new().await;
            let start = Instant::now();
            (setup.status_of(right_but(nth, Answer::Silence)).await, start.elapsed().as_secs())
        });
    }
    for (status, seconds) in sign_ins.join_all().await {
        assert!(status == 503 && (5..60).contains(&seconds), "{status} after {seconds} s");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_limit_is_a_setting() {
    let setup = Setup::with(|builder| builder.timeout(Duration::from_millis(300))).await;
    let start = Instant::now();
    assert_eq!(setup.status_of(right_but(3, Answer::Silence)).await, 503);
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_that_is_not_ldap_is_503_at_each_step() {
    // The library waits for more after some of them.
    let setup = Setup::with(|builder| builder.timeout(Duration::from_secs(1))).await;
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
            assert_eq!(setup.sign_in("alice", PASSWORD).await, 503, "{nth} {answer:?}");
        }
    }
    assert_eq!(setup.status_of(right()).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_several_entries_is_rejected() {
    let setup = Setup::new().await;
    for second in [entry("cn=Alice,ou=guests,dc=example", &[("entryUUID", UUID)]), alice()] {
        assert_eq!(setup.status_of(right_but(1, search(&[alice(), second], 0))).await, 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn referrals_are_not_followed() {
    let setup = Setup::new().await;
    let elsewhere = Fake::start(Authority::new().acceptor(), right()).await;
    let reference = reference(&format!("{}/ou=people,dc=example??sub", elsewhere.url));
    // A referral instead of alice, one beside her, and one instead of her groups.
    assert_eq!(setup.status_of(right_but(1, search(std::slice::from_ref(&reference), 0))).await, 401);
    assert_eq!(setup.status_of(right_but(1, search(&[reference.clone(), alice()], 0))).await, 200);
    assert_eq!(setup.status_of(right_but(2, search(&[reference], 0))).await, 403);
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn r71_an_impossible_name_or_password_is_rejected_without_a_request() {
    let setup = Setup::new().await;
    for (name, password) in [
        ("alice", ""),
        ("", PASSWORD),
        ("", ""),
        ("alice", &"x".repeat(1025)),
        (&format!("alice{:1020}", ""), PASSWORD),
    ] {
        assert_eq!(setup.sign_in(name, password).await, 401);
    }
    assert_eq!(setup.fake.connections(), 0);
}

/// A bind with an empty DN always succeeds (RFC 4513, section 5.1.1).
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_without_a_name_cannot_sign_in() {
    let setup = Setup::new().await;
    assert_eq!(setup.status_of(right_but(1, search(&[entry("", &[("entryUUID", UUID)])], 0))).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn r73_an_unknown_name_and_a_wrong_password_look_the_same() {
    let setup = Setup::new().await;
    let mut seen = Vec::new();
    for (found, code) in [(vec![alice()], 49), (vec![], 49), (vec![], 32), (vec![], 0)] {
        let mut answers = right();
        answers[1] = search(&found, 0);
        answers[3] = bind(code);
        setup.fake.answer(answers);
        let answer = setup.call("/notice", "127.0.0.1", "alice", PASSWORD).await.0;
        let [_, _, Request::Search(groups), Request::Bind { dn, password }, rest @ ..] = &setup.fake.requests()[..]
        else {
            panic!("{:?}", setup.fake.requests())
        };
        assert_eq!((dn == ALICE, password.as_str()), (!found.is_empty(), PASSWORD));
        assert!(dn.ends_with(",ou=people,dc=example") && groups.windows(dn.len()).any(|bytes| bytes == dn.as_bytes()));
        let (status, headers) = (answer.status(), format!("{:?}", answer.headers()));
        seen.push((status.as_u16(), headers, answer.into_body().into_string().await.unwrap(), rest.to_vec()));
    }
    assert!(seen[0].0 == 401 && seen.iter().all(|answer| answer == &seen[0]), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn r77_guesses_are_counted_before_the_directory_is_asked() {
    let setup = Setup::new().await;
    setup.fake.answer(right_but(3, bind(49)));
    for spelling in ["alice", "Alice", " alice", "ALICE", "al\u{ad}ice"] {
        assert_eq!(setup.sign_in(spelling, PASSWORD).await, 401);
    }
    assert_eq!(setup.sign_in("alice", PASSWORD).await, 429);
    assert_eq!(setup.fake.connections(), 5);
    assert_eq!(setup.sign_in("bob", PASSWORD).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn r77_an_outage_counts_no_attempt_and_a_right_password_resets_the_count() {
    let setup = Setup::new().await;
    for _ in 0..8 {
        assert_eq!(setup.status_of(right_but(3, bind(51))).await, 503);
    }
    for _ in 0..3 {
        for _ in 0..4 {
            assert_eq!(setup.status_of(right_but(3, bind(49))).await, 401);
        }
        assert_eq!(setup.status_of(right()).await, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_searched_for_unchanged() {
    let setup = Setup::new().await;
    for name in ["*", "a*", "alice)(uid=*", r"\2a", "{dn}", "Jörg, \"ö\" <#+;=>", "(|(uid=*", " alice "] {
        setup.fake.answer(right());
        assert_eq!(setup.sign_in(name, PASSWORD).await, 200);
        // The filter is an equality match, and of no other kind.
        let length = u8::try_from(name.len()).unwrap();
        let equality = [&[0xa3, 7 + length], &b"\x04\x03uid\x04"[..], &[length], name.as_bytes()].concat();
        assert!(is_search_for(&setup.fake.requests()[1], &equality), "{name}: {:x?}", setup.fake.requests()[1]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_searched_for_by_the_dn_that_the_directory_returned() {
    let setup = Setup::new().await;
    for dn in [r"cn=Doe\2C Jane (Dr.),dc=example", "cn=*,dc=example", r"cn=a\\b,dc=example"] {
        assert_eq!(setup.status_of(right_but(1, search(&[entry(dn, &[("entryUUID", UUID)])], 0))).await, 200);
        let length = u8::try_from(dn.len()).unwrap();
        let member = [&b"\x04\x06member\x04"[..], &[length], dn.as_bytes()].concat();
        assert!(is_search_for(&setup.fake.requests()[2], &member), "{dn}");
        assert_eq!(setup.fake.requests()[3], bind_request(dn, PASSWORD));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_configured_groups_grant_a_role() {
    let setup = Setup::new().await;
    for (group, expected) in [
        ("CN=Readers,OU=groups,DC=example", 200),
        ("cn=editors,ou=groups,dc=example", 200),
        ("cn=readers,ou=clubs,dc=example", 403),
        ("cn=readers,ou=clubs,ou=groups,dc=example", 403),
        ("cn=readers,ou=groups,dc=example,dc=example", 403),
        ("cn=Reader,ou=groups,dc=example", 403),
    ] {
        let answers = right_but(2, search(&[entry(group, &[("cn", "readers")])], 0));
        assert_eq!(setup.status_of(answers).await, expected, "{group}");
    }
    assert_eq!(setup.status_of(right_but(2, search(&[], 0))).await, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_over_the_limit_is_503_at_once() {
    let setup = Arc::new(Setup::new().await);
    setup.fake.answer([Answer::Silence]);
    let mut sign_ins = JoinSet::new();
    // The throttle lets eight requests of one address wait for the directory at once.
    for number in 0..16 {
        let setup = Arc::clone(&setup);
        let (address, name) = (format!("127.0.0.{}", 2 + number / 8), format!("user{number}"));
        sign_ins.spawn(async move { setup.sign_in_from(&address, &name, PASSWORD).await });
    }
    setup.fake.wait_for_silence(16).await;
    assert_eq!(setup.sign_in("alice", PASSWORD).await, 503);
    // A request that does not reach the directory is not limited.
    assert_eq!(setup.sign_in("alice", "").await, 401);
    assert_eq!(setup.fake.connections(), 16);
    assert_eq!(sign_ins.join_all().await, [503; 16]);
    assert_eq!(setup.status_of(right()).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_concurrent_sign_ins_is_a_setting() {
    let setup = Arc::new(Setup::with(|builder| builder.max_sign_ins(1)).await);
    setup.fake.answer([Answer::Silence]);
    let first = Arc::clone(&setup);
    let first = tokio::spawn(async move { first.sign_in("bob", PASSWORD).await });
    setup.fake.wait_for_silence(1).await;
    assert_eq!(setup.sign_in("alice", PASSWORD).await, 503);
    assert_eq!(setup.fake.connections(), 1);
    assert_eq!(first.await.unwrap(), 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_request_ends_its_sign_in() {
    let setup = Arc::new(Setup::with(|builder| builder.max_sign_ins(1).timeout(Duration::from_hours(1))).await);
    setup.fake.answer([Answer::Silence]);
    let first = Arc::clone(&setup);
    let first = tokio::spawn(async move { first.sign_in("bob", PASSWORD).await });
    setup.fake.wait_for_silence(1).await;
    first.abort();
    while setup.status_of(right()).await != 200 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Otherwise, a 503 would tell that the user exists.
#[tokio::test(flavor = "multi_thread")]
async fn r73_an_error_of_the_groups_is_503_only_with_the_right_password() {
    let setup = Setup::new().await;
    // The size limit of the directory is exceeded.
    let mut answers = right_but(2, search(&[], 4));
    assert_eq!(setup.status_of(answers.clone()).await, 503);
    answers[3] = bind(49);
    assert_eq!(setup.status_of(answers).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_is_sent_to_a_directory_without_a_trusted_certificate() {
    let fake = Fake::start(Authority::new().acceptor(), right()).await;
    let directory = builder(&fake.url).certificate_authorities(Authority::new().pem).build().unwrap();
    assert!(error_of(&directory).await.is_unavailable());
    assert_eq!((fake.connections(), fake.requests()), (1, vec![]));
}

/// The text may repeat the caller's input, and is not trustworthy.
#[tokio::test(flavor = "multi_thread")]
async fn no_error_has_a_text_of_the_directory() {
    let authority = Authority::new();
    let fake = Fake::start(authority.acceptor(), right()).await;
    let directory = builder(&fake.url).certificate_authorities(authority.pem).build().unwrap();
    for nth in 0..4 {
        for code in [1, 10, 49, 51] {
            let bad = if nth % 3 == 0 { bind_with_text(code, "psst") } else { search_with_text(&[], code, "psst") };
            fake.answer(right_but(nth, bad));
            let error = error_of(&directory).await;
            assert_eq!(error.is_unavailable(), nth < 3 || code != 49, "{nth} {code}");
            assert!(!format!("{error} {error:?}").contains("psst"), "{error:?}");
            assert!(!error.is_unavailable() || error.to_string().contains(&format!("result code {code}")), "{error}");
        }
    }
}

/// Returns the error of a sign-in.
async fn error_of(directory: &Directory) -> AuthenticationError {
    let sent = BasicCredentials::new("alice", PASSWORD);
    directory.authenticate(sent, &Context::of::<Auth>()).await.unwrap_err()
}
