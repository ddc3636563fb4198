//! Attributes of users and groups, with other settings than the usual ones.

use crate::{
    fake::{bind, entry, entry_of_values, search},
    setup::{ALICE, PASSWORD, Setup, UUID, bind_request, is_search_for, right, right_but},
};

const GUID: [u8; 16] = [0x33, 0x22, 0x11, 0, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff];

#[tokio::test(flavor = "multi_thread")]
async fn r36_a_user_of_active_directory_has_the_guid_as_subject() {
    let setup = Setup::with(|builder| builder.active_directory().user_class("user").nested_groups()).await;
    let user = |guid: &[u8]| search(&[entry_of_values(ALICE, &[("objectGUID", vec![guid])])], 0);
    setup.fake.answer(right_but(1, user(&GUID)));
    let answer = setup.call("/notice", "127.0.0.1", "alice", PASSWORD).await;
    answer.assert_text("00112233-4455-6677-8899-aabbccddeeff of directory {Reader}").await;
    let requests = setup.fake.requests();
    assert!(is_search_for(&requests[1], b"\x04\x0esAMAccountName\x04\x05alice"));
    assert!(is_search_for(&requests[1], b"\x04\x0bobjectClass\x04\x04user"));
    // An extensible match: the rule, the attribute and the value.
    let rule = b"\x81\x171.2.840.113556.1.4.1941\x82\x06member\x83";
    assert!(is_search_for(&requests[2], rule) && is_search_for(&requests[2], ALICE.as_bytes()), "{requests:?}");
    // Bytes that are a text as well have the same form.
    setup.fake.answer(right_but(1, user(b"0123456789abcdef")));
    let answer = setup.call("/notice", "127.0.0.1", "alice", PASSWORD).await;
    answer.assert_text("33323130-3534-3736-3839-616263646566 of directory {Reader}").await;
    for guid in [&GUID[1..], b"", b"00112233-4455-6677-8899-aabbccddeeff"] {
        assert_eq!(setup.status_of(right_but(1, user(guid))).await, 503, "{guid:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_user_name_is_the_one_of_the_directory() {
    let setup = Setup::new().await;
    let user = |attributes: &[(&str, &str)]| {
        right_but(1, search(&[entry(ALICE, &[&[("entryUUID", UUID)], attributes].concat())], 0))
    };
    assert_eq!(setup.me(user(&[("uid", "Alice"), ("mail", "a@example.org")])).await, r#"Some("Alice") "Alice" None"#);
    assert_eq!(setup.me(right()).await, r#"Some("alice") "alice" None"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_description_with_one_value_is_shown() {
    let setup = Setup::with(|builder| {
        let builder = builder.user_attribute("mail").username_attribute("uid");
        builder.display_name_attribute("displayName").email_attribute("mail")
    });
    let setup = setup.await;
    let user = |mails: Vec<&'static [u8]>, name: &'static [u8]| {
        let attributes = [
            ("entryUUID", vec![UUID.as_bytes()]),
            ("UID", vec![&b"al"[..]]),
            ("displayname", vec![name]),
            ("mail", mails),
        ];
        right_but(1, search(&[entry_of_values(ALICE, &attributes)], 0))
    };
    let all = setup.me(user(vec![b"a@example.org"], "Älice".as_bytes())).await;
    assert_eq!(all, r#"Some("al") "Älice" Some(String("a@example.org"))"#);
    assert!(is_search_for(&setup.fake.requests()[1], b"\x04\x04mail\x04\x05alice"));
    for attribute in ["entryUUID", "uid", "displayName", "mail"] {
        assert!(is_search_for(&setup.fake.requests()[1], attribute.as_bytes()), "{attribute}");
    }
    let two: Vec<&[u8]> = vec![b"a@example.org", b"b@example.org"];
    for (mails, name) in [(vec![], &b""[..]), (two, b"\xff"), (vec![&b""[..]], b"a\nb")] {
        assert_eq!(setup.me(user(mails, name)).await, r#"Some("al") "al" None"#);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_names_of_attributes_are_searched_for() {
    let setup = Setup::with(|builder| {
        let builder = builder.id_attribute("ipaUniqueID").member_attribute("uniqueMember").user_class("posixAccount");
        builder.issuer("staff").role("cn=readers", "Editor")
    });
    let setup = setup.await;
    setup.fake.answer(right_but(1, search(&[entry(ALICE, &[("ipauniqueid", "7")])], 0)));
    let answer = setup.call("/notice", "127.0.0.1", "alice", PASSWORD).await;
    answer.assert_text("7 of staff {Reader, Editor}").await;
    let requests = setup.fake.requests();
    assert!(is_search_for(&requests[1], b"posixAccount") && is_search_for(&requests[2], b"\x04\x0cuniqueMember\x04"));
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_not_searched_for_without_roles() {
    let authority = crate::authority::Authority::new();
    let fake = crate::fake::Fake::start(authority.acceptor(), [bind(0), right()[1].clone(), bind(0)]).await;
    let directory = auth_ldap::Directory::builder(&fake.url)
        .service_account("cn=service,dc=example", "secret")
        .users("ou=people,dc=example")
        .certificate_authorities(authority.pem)
        .build()
        .unwrap();
    let setup =
        Setup { app: poem::test::TestClient::new(poem::EndpointExt::boxed(crate::setup::app(directory))), fake };
    assert_eq!(setup.sign_in("alice", PASSWORD).await, 403);
    assert_eq!(setup.fake.requests()[2], bind_request(ALICE, PASSWORD));
}
