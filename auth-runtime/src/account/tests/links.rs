//! A link is consumed together with its change.

use super::{
    AccountStore, CLIENT, EmailAddress, Fixture, MemoryAccounts, NEW, OneTimeToken, OneTimeTokenHash,
    OneTimeTokenRecord, OneTimeTokenStore, PublicUrl, SelfService, Sent, Unavailable, User, UserStore, alice, token_of,
};
use crate::account::AccountError;

fn hash(token: &str) -> OneTimeTokenHash {
    OneTimeToken::parse(token).unwrap().hash()
}

#[tokio::test]
async fn a_link_that_is_gone_changes_nothing() {
    let Fixture { store, .. } = &Fixture::new([alice()]);
    let gone = OneTimeToken::generate().unwrap().hash();
    let address = EmailAddress::new("mallory@example.com").unwrap();
    assert!(!store.replace_password_by_link(&gone, &alice(), "another hash").await.unwrap());
    assert!(!store.verify_email_by_link(&gone, &alice(), &address).await.unwrap());
    let user = store.find("alice").await.unwrap().unwrap();
    assert_eq!((user.password_hash(), user.verified_email()), ("the former hash", Some("Alice@example.com")));
}

#[tokio::test]
async fn a_change_that_is_not_made_consumes_no_link() {
    let fixture = Fixture::new([alice()]);
    let link = hash(&fixture.reset_token().await);
    let changed = alice().credential_epoch(7);
    assert!(!fixture.store.replace_password_by_link(&link, &changed, "another hash").await.unwrap());
    assert!(fixture.store.find_token(&link).await.unwrap().is_some());
    assert!(fixture.store.replace_password_by_link(&link, &alice(), "another hash").await.unwrap());
    assert!(fixture.store.find_token(&link).await.unwrap().is_none());
}

/// A store whose changes by link fail once each, as if the process had died before the commit.
struct Dying(MemoryAccounts, std::sync::Mutex<Vec<&'static str>>);

impl Dying {
    fn die(&self, change: &'static str) -> Result<(), Unavailable> {
        let mut died = self.1.lock().unwrap();
        if died.contains(&change) {
            return Ok(());
        }
        died.push(change);
        Err(Unavailable::new("connection lost"))
    }
}

impl UserStore for Dying {
    async fn find(&self, username: &str) -> Result<Option<User>, Unavailable> {
        self.0.find(username).await
    }

    async fn find_by_subject(&self, subject: &str) -> Result<Option<User>, Unavailable> {
        self.0.find_by_subject(subject).await
    }
}

impl OneTimeTokenStore for Dying {
    async fn put_token(&self, record: OneTimeTokenRecord) -> Result<(), Unavailable> {
        self.0.put_token(record).await
    }

    async fn find_token(&self, hash: &OneTimeTokenHash) -> Result<Option<OneTimeTokenRecord>, Unavailable> {
        self.0.find_token(hash).await
    }

    async fn consume_token(&self, hash: &OneTimeTokenHash) -> Result<bool, Unavailable> {
        self.0.consume_token(hash).await
    }
}

impl AccountStore for Dying {
    async fn current_user(&self, subject: &str) -> Result<Option<User>, Unavailable> {
        self.0.current_user(subject).await
    }

    async fn users_with_email(&self, address: &EmailAddress) -> Result<Vec<User>, Unavailable> {
        self.0.users_with_email(address).await
    }

    async fn replace_password(&self, user: &User, hash: &str) -> Result<bool, Unavailable> {
        self.die("password")?;
        self.0.replace_password(user, hash).await
    }

    async fn verify_email(&self, user: &User, address: &EmailAddress) -> Result<bool, Unavailable> {
        self.die("address")?;
        self.0.verify_email(user, address).await
    }

    async fn replace_password_by_link(
        &self,
        link: &OneTimeTokenHash,
        user: &User,
        hash: &str,
    ) -> Result<bool, Unavailable> {
        self.die("password")?;
        self.0.replace_password_by_link(link, user, hash).await
    }

    async fn verify_email_by_link(
        &self,
        link: &OneTimeTokenHash,
        user: &User,
        address: &EmailAddress,
    ) -> Result<bool, Unavailable> {
        self.die("address")?;
        self.0.verify_email_by_link(link, user, address).await
    }
}

#[tokio::test]
async fn r72_a_link_survives_a_failure_before_its_change() {
    let (users, sent) = (MemoryAccounts::new([alice()]).unwrap(), Sent::default());
    let url = PublicUrl::new("https://app.example/account").unwrap();
    let account = SelfService::new(Dying(users, std::sync::Mutex::default()), sent.clone(), "Entry book", url);
    account.request_verification(CLIENT, "alice", "alice@other.example").await.unwrap();
    account.finish().await;
    let verification = token_of(&sent.0.lock().unwrap()[0]);
    assert!(matches!(account.verify_email(&verification).await, Err(AccountError::Unavailable(_))));
    assert_eq!(account.verify_email(&verification).await.unwrap().as_str(), "alice@other.example");
    sent.0.lock().unwrap().clear();
    account.forgot_password(CLIENT, "alice@other.example").await.unwrap();
    account.finish().await;
    let reset = sent.0.lock().unwrap().iter().find(|mail| mail.body().contains("?token=")).map(token_of).unwrap();
    assert!(matches!(account.reset_password(CLIENT, &reset, NEW).await, Err(AccountError::Unavailable(_))));
    account.reset_password(CLIENT, &reset, NEW).await.unwrap();
    assert!(matches!(account.reset_password(CLIENT, &reset, NEW).await, Err(AccountError::Link)));
}
