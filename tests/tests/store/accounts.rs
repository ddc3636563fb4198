//! Users who reset their passwords and verify their e-mail addresses.

use std::sync::{Arc, Mutex};

use auth_runtime::{
    account::{
        AccountError, AccountStore, EmailAddress, Mail, Mailer, OneTimeTokenHash, OneTimeTokenRecord,
        OneTimeTokenStore, PublicUrl, SelfService,
    },
    authenticate::Unavailable,
    client_ip::ClientAddress,
    users::{User, UserStore},
};
use auth_store::{NewUser, Profile, SqlUsers};

use crate::{callers::PASSWORD, database::TestDatabase};

const CLIENT: ClientAddress = ClientAddress::UNKNOWN;
const NEW: &str = "another good pass phrase";

/// Collects the mails in place of sending them.
#[derive(Clone, Default)]
pub(crate) struct Sent(Arc<Mutex<Vec<Mail>>>);

impl Mailer for Sent {
    async fn send(&self, mail: Mail) -> Result<(), Unavailable> {
        self.0.lock().unwrap().push(mail);
        Ok(())
    }
}

/// A self-service over a store, as in one process.
pub(crate) struct Process {
    pub(crate) store: SqlUsers,
    pub(crate) account: SelfService<SqlUsers>,
    sent: Sent,
}

impl Process {
    pub(crate) fn new(store: SqlUsers) -> Self {
        let sent = Sent::default();
        let url = PublicUrl::new("https://app.example").unwrap();
        Self { account: SelfService::new(store.clone(), sent.clone(), "Entry book", url), store, sent }
    }

    async fn with_alice(database: &TestDatabase) -> Self {
        let process = Self::new(database.store().await);
        let alice = NewUser::new("alice").password(PASSWORD).verified_email("Alice@example.com");
        process.store.add(alice).await.unwrap();
        process
    }

    pub(crate) async fn mails(&self) -> Vec<Mail> {
        self.account.finish().await;
        std::mem::take(&mut *self.sent.0.lock().unwrap())
    }

    pub(crate) async fn token(&self) -> String {
        let [mail] = self.mails().await.try_into().unwrap();
        mail.body().split_once("?token=").unwrap().1.split_whitespace().next().unwrap().to_owned()
    }

    async fn reset_token(&self) -> String {
        self.account.forgot_password(CLIENT, "alice@example.com").await.unwrap();
        self.token().await
    }

    async fn verification_token(&self, address: &str) -> String {
        let alice = self.store.get("alice").await.unwrap();
        self.account.request_verification(CLIENT, &alice.subject, address).await.unwrap();
        self.token().await
    }

    async fn reset(&self, token: &str) -> Result<(), AccountError> {
        self.account.reset_password(CLIENT, token, NEW).await.map(drop)
    }
}

pub(crate) async fn r72_link_sets_a_new_password_and_ends_all_tokens(database: TestDatabase) {
    let process = Process::with_alice(&database).await;
    let other = Process::new(database.store().await);
    let before = process.store.find("alice").await.unwrap().unwrap();
    let token = process.reset_token().await;
    for secret in database.texts("SELECT address FROM auth_one_time_token").await {
        assert!(!secret.contains(&token));
    }
    // A link that one process sent is valid in another.
    other.reset(&token).await.unwrap();
    assert!(process.store.verify_password("alice", NEW).await.unwrap());
    assert!(!process.store.verify_password("alice", PASSWORD).await.unwrap());
    let after = process.store.find("alice").await.unwrap().unwrap();
    assert_eq!(after.current_epoch(), before.current_epoch() + 1);
    assert!(matches!(process.reset(&token).await, Err(AccountError::Link)));
    assert_eq!(other.mails().await[0].to().as_str(), "Alice@example.com");
}

/// A store that keeps the hashes of the links.
struct Links(SqlUsers, Mutex<Vec<OneTimeTokenHash>>);

impl UserStore for Links {
    async fn find(&self, username: &str) -> Result<Option<User>, Unavailable> {
        self.0.find(username).await
    }

    async fn find_by_subject(&self, subject: &str) -> Result<Option<User>, Unavailable> {
        self.0.find_by_subject(subject).await
    }
}

impl OneTimeTokenStore for Links {
    async fn put_token(&self, record: OneTimeTokenRecord) -> Result<(), Unavailable> {
        self.1.lock().unwrap().push(record.hash);
        self.0.put_token(record).await
    }

    async fn find_token(&self, hash: &OneTimeTokenHash) -> Result<Option<OneTimeTokenRecord>, Unavailable> {
        self.0.find_token(hash).await
    }

    async fn consume_token(&self, hash: &OneTimeTokenHash) -> Result<bool, Unavailable> {
        self.0.consume_token(hash).await
    }
}

impl AccountStore for Links {
    async fn current_user(&self, subject: &str) -> Result<Option<User>, Unavailable> {
        self.0.current_user(subject).await
    }

    async fn users_with_email(&self, address: &EmailAddress) -> Result<Vec<User>, Unavailable> {
        self.0.users_with_email(address).await
    }

    async fn replace_password(&self, user: &User, hash: &str) -> Result<bool, Unavailable> {
        self.0.replace_password(user, hash).await
    }

    async fn verify_email(&self, user: &User, address: &EmailAddress) -> Result<bool, Unavailable> {
        self.0.verify_email(user, address).await
    }
}

pub(crate) async fn a_link_is_consumed_together_with_its_change(database: TestDatabase) {
    let store = Process::with_alice(&database).await.store;
    let links = Arc::new(Links(store.clone(), Mutex::default()));
    let url = PublicUrl::new("https://app.example").unwrap();
    let account = SelfService::new(Arc::clone(&links), Sent::default(), "Entry book", url);
    for _ in 0..2 {
        account.forgot_password(CLIENT, "alice@example.com").await.unwrap();
        // The links are stored in the background, so in any order otherwise.
        account.finish().await;
    }
    let [former, link] = links.1.lock().unwrap()[..] else { panic!("two links") };
    let alice = store.find("alice").await.unwrap().unwrap();
    let address = EmailAddress::new("mallory@example.com").unwrap();
    // Without the link there is no change.
    assert!(!store.replace_password_by_link(&former, &alice, "a hash").await.unwrap());
    assert!(!store.verify_email_by_link(&former, &alice, &address).await.unwrap());
    let unchanged = store.current_user(alice.subject()).await.unwrap().unwrap();
    assert_eq!(unchanged.password_hash(), alice.password_hash());
    assert_eq!(
        (unchanged.current_epoch(), unchanged.verified_email()),
        (alice.current_epoch(), alice.verified_email())
    );
    // Without the change, the link stays.
    let other = alice.clone().credential_epoch(alice.current_epoch() + 1);
    assert!(!store.replace_password_by_link(&link, &other, "a hash").await.unwrap());
    assert!(!store.verify_email_by_link(&link, &other, &address).await.unwrap());
    assert!(store.find_token(&link).await.unwrap().is_some());
    assert!(store.replace_password_by_link(&link, &alice, "a hash").await.unwrap());
    assert!(store.find_token(&link).await.unwrap().is_none());
    assert_eq!(store.current_user(alice.subject()).await.unwrap().unwrap().password_hash(), "a hash");
}

pub(crate) async fn one_of_many_concurrent_resets_succeeds(database: TestDatabase) {
    let process = Process::with_alice(&database).await;
    let token = process.reset_token().await;
    let mut tasks = Vec::new();
    for number in 0..8 {
        let (store, token) = (database.store().await, token.clone());
        tasks.push(tokio::spawn(async move {
            let password = format!("the password of try {number}");
            let account = Process::new(store).account;
            account.reset_password(CLIENT, &token, &password).await.is_ok().then_some(password)
        }));
    }
    let mut won = Vec::new();
    for task in tasks {
        won.extend(task.await.unwrap());
    }
    assert_eq!(won.len(), 1);
    assert!(process.store.verify_password("alice", &won[0]).await.unwrap());
}

pub(crate) async fn link_dies_with_any_change_of_the_credentials(database: TestDatabase) {
    let process = Process::with_alice(&database).await;
    let users = &process.store;
    for change in 0..5 {
        // The limits of the former round are not what is tested.
        database.execute("DELETE FROM auth_attempt").await;
        let token = process.reset_token().await;
        process.account.check_reset_link(&token).await.unwrap();
        match change {
            0 => users.set_password("alice", "chosen by an administrator", None).await.unwrap(),
            1 => users.sign_out("alice").await.unwrap(),
            2 => users.set_disabled("alice", true).await.unwrap(),
            3 => users.set_profile("alice", Profile::new().verified_email("alice@example.com")).await.unwrap(),
            _ => users.delete("alice").await.unwrap(),
        }
        assert!(matches!(process.reset(&token).await, Err(AccountError::Link)), "{change}");
        if change == 2 {
            users.set_disabled("alice", false).await.unwrap();
            assert!(matches!(process.reset(&token).await, Err(AccountError::Link)));
        }
    }
    assert_eq!(database.number("SELECT COUNT(*) FROM auth_one_time_token").await, 0);
}

pub(crate) async fn newer_link_replaces_the_former(database: TestDatabase) {
    let process = Process::with_alice(&database).await;
    let former = process.reset_token().await;
    let token = process.reset_token().await;
    assert_eq!(database.number("SELECT COUNT(*) FROM auth_one_time_token").await, 1);
    assert!(matches!(process.reset(&former).await, Err(AccountError::Link)));
    database.execute("UPDATE auth_one_time_token SET expires_at = expires_at - 1801").await;
    assert!(matches!(process.reset(&token).await, Err(AccountError::Link)));
    database.execute("UPDATE auth_one_time_token SET expires_at = expires_at + 1801").await;
    process.reset(&token).await.unwrap();
}

pub(crate) async fn only_verified_addresses_get_links(database: TestDatabase) {
    let process = Process::new(database.store().await);
    let users = &process.store;
    users.add(NewUser::new("alice").password(PASSWORD).email("alice@example.com")).await.unwrap();
    users.add(NewUser::new("bob").verified_email("bob@example.com")).await.unwrap();
    for address in ["alice@example.com", "bob@example.com", "nobody@example.com", "ALICE@example.com"] {
        process.account.forgot_password(CLIENT, address).await.unwrap();
    }
    assert_eq!(process.mails().await, []);
    assert!(users.get("alice").await.unwrap().verified_email.is_none());

    let token = process.verification_token("alice@example.com").await;
    assert!(users.get("alice").await.unwrap().verified_email.is_none());
    process.account.verify_email(&token).await.unwrap();
    assert!(users.get("alice").await.unwrap().verified_email.is_some());
    process.account.forgot_password(CLIENT, "alice@example.com").await.unwrap();
    assert_eq!(process.mails().await.len(), 1);
    // A collation of the database must not make other addresses equal.
    let user = users.users_with_email(&auth_runtime::account::EmailAddress::new("alıce@example.com").unwrap()).await;
    assert!(user.unwrap().is_empty());
}

pub(crate) async fn address_of_an_administrator_ends_the_links_to_others(database: TestDatabase) {
    let process = Process::with_alice(&database).await;
    let token = process.verification_token("alice@other.example").await;
    process.store.set_profile("alice", Profile::new().email("alice@third.example")).await.unwrap();
    assert!(matches!(process.account.verify_email(&token).await, Err(AccountError::Link)));
    let alice = process.store.get("alice").await.unwrap();
    assert_eq!((alice.email.as_deref(), alice.verified_email), (Some("alice@third.example"), None));
    process.store.set_profile("alice", Profile::new().email("")).await.unwrap();
    assert_eq!(process.store.get("alice").await.unwrap().email, None);
}
