//! The rules of links, on a store in memory.

mod links;
mod second_factor;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use super::{
    AccountError, AccountStore, EmailAddress, Mail, Mailer, MemoryAccounts, OneTimeTokenHash, OneTimeTokenRecord,
    OneTimeTokenStore, PublicUrl, Purpose, SelfService, one_time_token::OneTimeToken,
};
use crate::{
    authenticate::Unavailable,
    client_ip::ClientAddress,
    password::{PasswordError, Passwords},
    users::{User, UserStore},
};

const CLIENT: ClientAddress = ClientAddress::UNKNOWN;
const NEW: &str = "another good pass phrase";

#[derive(Clone, Default)]
struct Sent(Arc<Mutex<Vec<Mail>>>);

impl Mailer for Sent {
    async fn send(&self, mail: Mail) -> Result<(), Unavailable> {
        self.0.lock().unwrap().push(mail);
        Ok(())
    }
}

struct Fixture {
    account: SelfService<MemoryAccounts>,
    store: MemoryAccounts,
    sent: Sent,
}

impl Fixture {
    fn new(users: impl IntoIterator<Item = User>) -> Self {
        Self::with(Passwords::new(), users)
    }

    fn with(passwords: Passwords, users: impl IntoIterator<Item = User>) -> Self {
        let (store, sent) = (MemoryAccounts::new(users).unwrap().with_passwords(passwords), Sent::default());
        let url = PublicUrl::new("https://app.example/account").unwrap();
        Self { account: SelfService::new(store.clone(), sent.clone(), "Entry book", url), store, sent }
    }

    /// Returns the mails that were sent since the last call.
    async fn mails(&self) -> Vec<Mail> {
        self.account.finish().await;
        std::mem::take(&mut *self.sent.0.lock().unwrap())
    }

    /// Returns the token of a new link for a new password.
    async fn reset_token(&self) -> String {
        self.account.forgot_password(CLIENT, "alice@example.com").await.unwrap();
        token_of(&self.mails().await[0])
    }

    async fn verification_token(&self, address: &str) -> String {
        self.account.request_verification(CLIENT, "alice", address).await.unwrap();
        token_of(&self.mails().await[0])
    }

    async fn alice(&self) -> User {
        self.store.find("alice").await.unwrap().unwrap()
    }

    async fn reset(&self, token: &str) -> Result<User, AccountError> {
        self.account.reset_password(CLIENT, token, NEW).await
    }
}

fn alice() -> User {
    User::new("alice", "the former hash").with_verified_email("Alice@example.com")
}

fn token_of(mail: &Mail) -> String {
    let (_, rest) = mail.body().split_once("?token=").expect("a link");
    rest.split_whitespace().next().unwrap().to_owned()
}

fn is_link_error<T>(result: &Result<T, AccountError>) -> bool {
    matches!(result, Err(AccountError::Link))
}

#[tokio::test]
async fn r72_a_link_sets_a_new_password_once() {
    let fixture = Fixture::new([alice()]);
    fixture.account.forgot_password(CLIENT, "ALICE@example.com").await.unwrap();
    let [mail] = fixture.mails().await.try_into().unwrap();
    // The stored address, not the typed one.
    assert_eq!(mail.to().as_str(), "Alice@example.com");
    assert!(mail.body().contains("\nhttps://app.example/account/reset-password?token="), "{}", mail.body());
    let token = token_of(&mail);
    assert!(!format!("{mail:?}").contains(&token));

    fixture.account.check_reset_link(&token).await.unwrap();
    fixture.account.check_reset_link(&token).await.unwrap();
    assert_eq!(fixture.reset(&token).await.unwrap().name(), "alice");
    let alice = fixture.alice().await;
    assert!(alice.password_hash().starts_with("$argon2id$"));
    assert_eq!(alice.current_epoch(), 1);
    let [notice] = fixture.mails().await.try_into().unwrap();
    assert_eq!(notice.subject(), "Entry book: your password was replaced");
    assert!(is_link_error(&fixture.reset(&token).await));
    assert!(is_link_error(&fixture.account.check_reset_link(&token).await));
}

#[tokio::test]
async fn r73_no_mail_is_sent_where_there_is_no_user_and_the_answer_is_the_same() {
    let users = [
        alice(),
        User::new("bob", "hash").with_verified_email("bob@example.com").disabled(true),
        User::new("carol", "").with_verified_email("carol@example.com"),
        User::new("dave", "hash").with_email("dave@example.com"),
    ];
    let fixture = Fixture::new(users);
    for name in ["nobody", "bob", "carol", "dave", "al\u{131}ce"] {
        fixture.account.forgot_password(CLIENT, &format!("{name}@example.com")).await.unwrap();
    }
    assert_eq!(fixture.mails().await, []);
}

#[tokio::test]
async fn r73_the_users_are_looked_up_after_the_response() {
    let fixture = Fixture::new([alice()]);
    // Nothing else runs on this thread until the first `await` that waits.
    fixture.account.forgot_password(CLIENT, "alice@example.com").await.unwrap();
    assert!(fixture.store.find_token(&OneTimeToken::generate().unwrap().hash()).await.unwrap().is_none());
    assert!(fixture.sent.0.lock().unwrap().is_empty());
    assert_eq!(fixture.mails().await.len(), 1);
}

#[tokio::test]
async fn each_user_of_an_address_gets_a_mail() {
    let shared = |name: &str| User::new(name, "hash").with_verified_email("team@example.com");
    let fixture = Fixture::new([shared("alice"), shared("bob")]);
    fixture.account.forgot_password(CLIENT, "team@example.com").await.unwrap();
    let mails = fixture.mails().await;
    assert_eq!(mails.len(), 2);
    for (name, other) in [("alice", "bob"), ("bob", "alice")] {
        let mail = mails.iter().find(|mail| mail.body().contains(&format!("user {name} of"))).unwrap();
        assert_eq!(fixture.reset(&token_of(mail)).await.unwrap().name(), name, "not {other}");
    }
}

#[tokio::test]
async fn a_password_that_is_not_accepted_does_not_consume_the_link() {
    let fixture = Fixture::new([alice()]);
    let token = fixture.reset_token().await;
    for (password, expected) in
        [("short", PasswordError::TooShort { required: 8 }), ("password1", PasswordError::Common)]
    {
        let refused = fixture.account.reset_password(CLIENT, &token, password).await;
        assert!(matches!(refused, Err(AccountError::Password(error)) if error == expected));
    }
    assert_eq!(fixture.alice().await.current_epoch(), 0);
    fixture.reset(&token).await.unwrap();
}

#[tokio::test]
async fn a_link_dies_with_the_credentials_and_with_a_newer_link() {
    let fixture = Fixture::new([alice()]);
    let former = fixture.reset_token().await;
    let token = fixture.reset_token().await;
    assert!(is_link_error(&fixture.reset(&former).await));
    let user = fixture.alice().await;
    assert!(fixture.store.replace_password(&user, "a hash of the administrator").await.unwrap());
    assert!(is_link_error(&fixture.reset(&token).await));
    assert_eq!(fixture.alice().await.password_hash(), "a hash of the administrator");
}

#[tokio::test]
async fn a_link_dies_with_the_address() {
    let fixture = Fixture::new([alice()]);
    let token = fixture.reset_token().await;
    let other = fixture.verification_token("alice@other.example").await;
    assert_eq!(fixture.account.verify_email(&other).await.unwrap().as_str(), "alice@other.example");
    assert!(is_link_error(&fixture.reset(&token).await));
    assert!(is_link_error(&fixture.account.check_reset_link(&token).await));
}

#[tokio::test]
async fn a_link_is_for_one_purpose_and_a_short_time() {
    let fixture = Fixture::new([alice()]);
    let reset = fixture.reset_token().await;
    let verify = fixture.verification_token("alice@example.com").await;
    assert!(is_link_error(&fixture.reset(&verify).await));
    assert!(is_link_error(&fixture.account.verify_email(&reset).await));
    assert!(is_link_error(&fixture.account.check_verification_link(&reset).await));

    let token = OneTimeToken::generate().unwrap();
    let now = SystemTime::now();
    for (expires_at, is_valid) in [(now, false), (now + Duration::from_mins(1), true)] {
        let record = OneTimeTokenRecord::new(token.hash(), Purpose::ResetPassword, "alice".to_owned(), expires_at);
        fixture.store.put_token(record.address("Alice@example.com")).await.unwrap();
        assert_eq!(fixture.account.check_reset_link(token.as_str()).await.is_ok(), is_valid);
    }
}

#[tokio::test]
async fn one_of_many_concurrent_requests_consumes_a_link() {
    let fixture = Fixture::new([alice()]);
    let token = fixture.verification_token("alice@other.example").await;
    let verify = || fixture.account.verify_email(&token);
    let done = futures_util::future::join_all((0..10).map(|_| verify())).await;
    assert_eq!(done.iter().filter(|result| result.is_ok()).count(), 1);
}

#[tokio::test]
async fn a_text_that_is_no_token_is_no_link() {
    let fixture = Fixture::new([alice()]);
    let other = OneTimeToken::generate().unwrap();
    for token in ["", "x", "../../etc", &"A".repeat(100_000), "\0", other.as_str()] {
        assert!(is_link_error(&fixture.reset(token).await));
    }
}

#[tokio::test]
async fn an_address_is_verified_by_its_own_link_only() {
    let fixture = Fixture::new([User::new("alice", "hash").with_email("alice@example.com")]);
    let token = fixture.verification_token("alice@example.com").await;
    assert_eq!(fixture.account.check_verification_link(&token).await.unwrap().as_str(), "alice@example.com");
    assert_eq!(fixture.alice().await.verified_email(), None);
    fixture.account.verify_email(&token).await.unwrap();
    assert_eq!(fixture.alice().await.verified_email(), Some("alice@example.com"));
    assert_eq!(fixture.mails().await, [], "nobody had verified a former address");
}

#[tokio::test]
async fn a_former_address_is_told_of_a_new_one() {
    let fixture = Fixture::new([alice()]);
    let token = fixture.verification_token("new@example.com").await;
    assert_eq!(fixture.alice().await.verified_email(), Some("Alice@example.com"));
    fixture.account.verify_email(&token).await.unwrap();
    let [notice] = fixture.mails().await.try_into().unwrap();
    assert_eq!(
        (notice.to().as_str(), notice.subject()),
        ("Alice@example.com", "Entry book: your e-mail address was replaced")
    );
}

#[tokio::test]
async fn a_mail_to_a_stranger_names_no_user() {
    let name = "buy-pills.example";
    let fixture = Fixture::new([User::new(name, "hash").display_name("Free pills")]);
    fixture.account.request_verification(CLIENT, name, "stranger@example.com").await.unwrap();
    let [mail] = fixture.mails().await.try_into().unwrap();
    assert!(!mail.body().contains("pills") && !mail.subject().contains("pills"), "{}", mail.body());
}

#[tokio::test]
async fn r76_links_are_throttled_by_address_and_by_user() {
    let fixture = Fixture::new([alice()]);
    let forgot = async |address: &str| fixture.account.forgot_password(CLIENT, address).await;
    for (known, unknown) in [("alice@example.com", "bob@example.com"), ("ALICE@example.com", "BOB@example.com")] {
        assert!(forgot(known).await.is_ok() && forgot(unknown).await.is_ok());
    }
    assert!(forgot("alice@example.com").await.is_ok() && forgot("bob@example.com").await.is_ok());
    for address in ["alice@example.com", "bob@example.com"] {
        assert!(matches!(forgot(address).await, Err(AccountError::TooManyAttempts { .. })), "{address}");
    }
    let verify = async |address: String| fixture.account.request_verification(CLIENT, "alice", &address).await;
    for number in 0..3 {
        verify(format!("a{number}@example.com")).await.unwrap();
    }
    assert!(matches!(verify("a3@example.com".to_owned()).await, Err(AccountError::TooManyAttempts { .. })));
}

#[tokio::test]
async fn r76_a_link_ends_a_lockout() {
    let fixture = Fixture::new([alice()]);
    let throttle = fixture.store.throttle();
    while throttle.attempt(CLIENT, "alice").await.is_ok() {}
    let token = fixture.reset_token().await;
    fixture.reset(&token).await.unwrap();
    assert!(throttle.attempt(CLIENT, "alice").await.is_ok());
}
