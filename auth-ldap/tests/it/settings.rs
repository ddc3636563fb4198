//! Settings that stop the start, and what they are called.

use std::panic::{AssertUnwindSafe, catch_unwind};

use auth_ldap::{Directory, DirectoryBuilder, DirectoryError};
use auth_runtime::throttle::Throttle;

use crate::{
    authority::Authority,
    fake::bind,
    setup::{PASSWORD, SERVICE, SERVICE_PASSWORD, Setup, app, builder, right_but},
};

const URL: &str = "ldaps://ldap.example.com";

/// Returns the message for this change of right settings. It has no secret.
fn message(change: impl FnOnce(DirectoryBuilder) -> DirectoryBuilder) -> String {
    message_of(&change(builder(URL).certificate_authorities(Authority::new().pem)).build().unwrap_err())
}

fn message_of(error: &DirectoryError) -> String {
    let message = error.to_string();
    assert!(!format!("{message}{error:?}").contains("s3cret"), "{error:?}");
    message
}

#[test]
fn a_url_is_ldaps_with_a_host() {
    let build = |url: &str| builder(url).certificate_authorities(Authority::new().pem).build();
    for good in [URL, "LDAPS://ldap.example.com/", "ldaps://10.0.0.1:1636"] {
        assert!(build(good).is_ok(), "{good}");
    }
    for url in ["ldap://ldap.example.com", "ldapi:///run/slapd", "https://ldap.example.com", "LDAP://s3cret"] {
        assert!(message_of(&build(url).unwrap_err()).contains("must start with ldaps://"), "{url}");
    }
    let more = ["", "ldap.example.com", "ldaps:", "ldaps://", "ldaps:ldap.example.com", "ldaps://:636"];
    let parts = ["u@h", "u:s3cret@h", ":s3cret@h", "h/dc=example", "h?s3cret", "h#a", "h:99999"];
    for url in more.map(str::to_owned).into_iter().chain(parts.map(|part| format!("ldaps://{part}"))) {
        assert!(message_of(&build(&url).unwrap_err()).contains("must consist of ldaps://"), "{url}");
    }
}

#[test]
fn a_missing_setting_is_named() {
    let missing = |setting: &str| format!("`{setting}` of the directory is not set");
    assert_eq!(message(|builder| builder.users(" ")), missing("users"));
    assert_eq!(message(|builder| builder.groups("")), missing("groups"));
    assert_eq!(message(|builder| builder.issuer("")), missing("issuer"));
    assert_eq!(message(|builder| builder.service_account("", SERVICE_PASSWORD)), missing("service_account"));
    // A bind with an empty password would be anonymous.
    assert_eq!(message(|builder| builder.service_account(SERVICE, "")), missing("service_account"));
    assert_eq!(message_of(&Directory::builder(URL).build().unwrap_err()), missing("service_account"));
}

#[test]
fn a_wrong_name_is_shown_with_its_setting() {
    type Setter = fn(DirectoryBuilder, &str) -> DirectoryBuilder;
    let setters: [(&str, Setter); 7] = [
        ("user_class", |builder, name| builder.user_class(name)),
        ("user_attribute", |builder, name| builder.user_attribute(name)),
        ("id_attribute", |builder, name| builder.id_attribute(name)),
        ("username_attribute", |builder, name| builder.username_attribute(name)),
        ("display_name_attribute", |builder, name| builder.display_name_attribute(name)),
        ("email_attribute", |builder, name| builder.email_attribute(name)),
        ("member_attribute", |builder, name| builder.member_attribute(name)),
    ];
    for (setting, set) in setters {
        let expected = format!("`{setting}` of the directory cannot be \"uid=*)(a\"");
        assert!(message(|builder| set(builder, "uid=*)(a")).starts_with(&expected), "{setting}");
    }
}

#[test]
fn a_group_is_named_by_its_attribute_and_value() {
    for group in ["readers", "", "=readers", "cn="] {
        let expected = format!("`role` of the directory cannot be {group:?}");
        assert!(message(|builder| builder.role(group, "Reader")).starts_with(&expected), "{group}");
    }
}

#[test]
fn a_limit_of_zero_is_rejected() {
    let zero = |setting: &str| format!("`{setting}` of the directory must be greater than zero");
    assert_eq!(message(|builder| builder.timeout(std::time::Duration::ZERO)), zero("timeout"));
    assert_eq!(message(|builder| builder.max_sign_ins(0)), zero("max_sign_ins"));
}

#[test]
fn certificate_authorities_are_read_at_start() {
    for none in ["", "no certificate"] {
        assert!(message(|builder| builder.certificate_authorities(none)).contains("`certificate_authorities`"));
    }
    let pem = Authority::new().pem;
    // One malformed certificate beside a right one, or the end is missing.
    let malformed = pem.replace("MII", "AAA");
    for bad in [format!("{pem}{malformed}"), pem[..pem.len() / 2].to_owned()] {
        assert!(message(|builder| builder.certificate_authorities(bad)).starts_with("TLS cannot be set up"));
    }
}

#[test]
fn an_undeclared_role_stops_the_start() {
    let builder = builder(URL).role("cn=chiefs", "Raeder").certificate_authorities(Authority::new().pem);
    let directory = builder.build().unwrap();
    let panic = catch_unwind(AssertUnwindSafe(|| drop(app(directory)))).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(
        message.contains("cn=chiefs,ou=groups,dc=example") && message.contains("unknown role `Raeder`"),
        "{message}"
    );
}

#[test]
fn debug_shows_no_secret() {
    let builder = builder(URL).certificate_authorities(Authority::new().pem);
    let shown = format!("{builder:?} {:?}", builder.clone().build().unwrap());
    assert!(shown.contains("ldap.example.com") && !shown.contains("s3cret"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_throttle_is_a_setting() {
    let throttle = Throttle::in_memory().per_name_and_address(1).unwrap();
    let setup = Setup::with(|builder| builder.throttle(throttle)).await;
    setup.fake.answer(right_but(3, bind(49)));
    assert_eq!(setup.sign_in("alice", PASSWORD).await, 401);
    assert_eq!(setup.sign_in("alice", PASSWORD).await, 429);
    assert_eq!(setup.fake.connections(), 1);
}
