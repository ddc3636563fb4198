//! The rules of second factors, on a store in memory.

use std::time::{Duration, SystemTime};

use super::{Fixture, alice};
use crate::{
    account::{AccountError, SecondFactorStore, second_factor::TotpSecret},
    client_ip::ClientAddress,
    credential::BasicCredentials,
    password::Passwords,
    users::{Basic, User},
};

const CLIENT: ClientAddress = ClientAddress::UNKNOWN;

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

/// Returns the client with this number. Each has limits of its own.
fn client(number: u8) -> ClientAddress {
    std::net::IpAddr::from([192, 0, 2, number]).into()
}

impl Fixture {
    /// Returns the awaited or the active secret, as the app has it.
    async fn app(&self) -> TotpSecret {
        let factor = self.store.second_factor("alice").await.unwrap().unwrap();
        let sealed = factor.new_secret.or(factor.secret).unwrap();
        TotpSecret::from_bytes(&sealed[1..]).unwrap()
    }

    /// Gives alice a second factor, with a code of the last step. Returns the app and a recovery code.
    async fn enrolled(&self) -> (TotpSecret, Vec<String>) {
        self.account.begin_enrolment("alice").await.unwrap();
        let app = self.app().await;
        let codes = self.account.confirm_enrolment(CLIENT, "alice", &app.code(now() - 30)).await.unwrap();
        self.mails().await;
        (app, codes.iter().map(str::to_owned).collect())
    }

    async fn verify(&self, code: &str) -> Result<User, AccountError> {
        self.account.verify_code(CLIENT, "alice", code).await
    }
}

fn is_wrong<T>(result: &Result<T, AccountError>) -> bool {
    matches!(result, Err(AccountError::Code))
}

#[tokio::test]
async fn an_app_is_active_after_its_first_code() {
    let fixture = Fixture::new([alice()]);
    let enrolment = fixture.account.begin_enrolment("alice").await.unwrap();
    assert!(enrolment.uri().starts_with("otpauth://totp/Entry%20book:alice?secret="), "{}", enrolment.uri());
    assert!(enrolment.qr_code().unwrap().starts_with("<svg "));
    assert!(!fixture.alice().await.has_second_factor());
    let again = fixture.account.enrolment("alice").await.unwrap().unwrap();
    assert_eq!(again.secret(), enrolment.secret());

    let app = fixture.app().await;
    assert!(is_wrong(&fixture.account.confirm_enrolment(CLIENT, "alice", "000000").await));
    assert!(is_wrong(&fixture.verify(&app.code(now())).await), "the secret is not active");
    let codes = fixture.account.confirm_enrolment(CLIENT, "alice", &app.code(now())).await.unwrap();
    assert_eq!(codes.iter().count(), 10);
    let alice = fixture.alice().await;
    assert!(alice.has_second_factor() && alice.current_epoch() == 1);
    assert_eq!(fixture.mails().await[0].subject(), "Entry book: your second factor (the code from an app) was added");
    assert_eq!(fixture.account.recovery_codes_left("alice").await.unwrap(), Some(10));
    assert!(fixture.account.enrolment("alice").await.unwrap().is_none());
}

#[tokio::test]
async fn a_code_counts_once_and_no_earlier_one_counts_after_it() {
    let fixture = Fixture::new([alice()]);
    let (app, _) = fixture.enrolled().await;
    assert!(is_wrong(&fixture.verify(&app.code(now() - 30)).await), "it ended the enrolment");
    let code = app.code(now());
    assert_eq!(fixture.verify(&code).await.unwrap().name(), "alice");
    assert!(is_wrong(&fixture.verify(&code).await));
    fixture.verify(&app.code(now() + 30)).await.unwrap();
    assert!(is_wrong(&fixture.verify(&code).await));
}

#[tokio::test]
async fn one_of_many_concurrent_uses_of_a_code_succeeds() {
    let fixture = Fixture::new([alice()]);
    let (app, codes) = fixture.enrolled().await;
    for code in [app.code(now()), codes[0].clone()] {
        let uses = (0..3).map(|number| fixture.account.verify_code(client(number), "alice", &code));
        let done = futures_util::future::join_all(uses).await;
        assert_eq!(done.iter().filter(|result| result.is_ok()).count(), 1);
    }
}

#[tokio::test]
async fn a_recovery_code_counts_once() {
    let fixture = Fixture::new([alice()]);
    let (_, codes) = fixture.enrolled().await;
    fixture.verify(&codes[3].to_uppercase()).await.unwrap();
    assert!(is_wrong(&fixture.verify(&codes[3]).await));
    assert_eq!(fixture.account.recovery_codes_left("alice").await.unwrap(), Some(9));
    assert_eq!(fixture.mails().await[0].subject(), "Entry book: your recovery code was used");
}

#[tokio::test]
async fn new_recovery_codes_replace_the_former_and_need_a_code() {
    let fixture = Fixture::new([alice()]);
    let (app, former) = fixture.enrolled().await;
    assert!(is_wrong(&fixture.account.new_recovery_codes(CLIENT, "alice", "000000").await));
    let new = fixture.account.new_recovery_codes(CLIENT, "alice", &app.code(now())).await.unwrap();
    assert!(is_wrong(&fixture.verify(&former[0]).await));
    fixture.verify(new.iter().next().unwrap()).await.unwrap();
}

#[tokio::test]
async fn r76_codes_are_throttled() {
    let fixture = Fixture::new([alice()]);
    let (app, codes) = fixture.enrolled().await;
    for _ in 0..3 {
        assert!(is_wrong(&fixture.verify("000000").await));
    }
    for code in [&app.code(now()), &codes[0]] {
        assert!(matches!(fixture.verify(code).await, Err(AccountError::TooManyAttempts { .. })));
    }
    // From many unknown addresses together, too.
    let mut wrong = 0;
    for number in 0..50 {
        wrong += usize::from(is_wrong(&fixture.account.verify_code(client(number), "alice", "000000").await));
    }
    assert!(wrong <= 10, "{wrong}");
}

#[tokio::test]
async fn a_second_factor_is_removed_and_replaced_with_a_code_only() {
    let fixture = Fixture::new([alice()]);
    let (app, _) = fixture.enrolled().await;
    assert!(matches!(fixture.account.begin_enrolment("alice").await, Err(AccountError::HasSecondFactor)));
    assert!(is_wrong(&fixture.account.remove_second_factor(CLIENT, "alice", "000000").await));
    fixture.account.remove_second_factor(CLIENT, "alice", &app.code(now())).await.unwrap();
    let alice = fixture.alice().await;
    assert!(!alice.has_second_factor() && alice.current_epoch() == 2);
    assert_eq!(fixture.account.recovery_codes_left("alice").await.unwrap(), None);
    fixture.account.begin_enrolment("alice").await.unwrap();
}

#[tokio::test]
async fn the_secret_is_encrypted_with_the_secret_key() {
    let key = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";
    let fixture = Fixture::with(Passwords::new().secret_key(key).unwrap(), [alice()]);
    let enrolment = fixture.account.begin_enrolment("alice").await.unwrap();
    let sealed = fixture.store.second_factor("alice").await.unwrap().unwrap().new_secret.unwrap();
    assert_eq!(sealed.len(), 1 + 24 + 20 + 16);
    // The row of another user has another key.
    let error = fixture.account.open_secret("bob", &sealed).unwrap_err();
    assert!(error.to_string().contains("secret key"), "{error}");
    let secret = fixture.account.open_secret("alice", &sealed).unwrap();
    let code = secret.code(now());
    fixture.account.confirm_enrolment(CLIENT, "alice", &code).await.unwrap();
    assert!(!format!("{enrolment:?} {secret:?} {:?}", fixture.account).contains(enrolment.secret()));
}

#[tokio::test]
async fn a_password_alone_is_no_sign_in_of_a_user_with_a_second_factor() {
    let user = User::with_password("alice", "correct horse battery").unwrap().with_second_factor(true);
    let fixture = Fixture::new([user]);
    let basic = Basic::new(fixture.store.clone()).cache_ttl(Duration::from_mins(1));
    let right = BasicCredentials::new("alice", "correct horse battery");
    for _ in 0..2 {
        let refused = basic.verify(&right, CLIENT).await.unwrap_err();
        assert_eq!((refused.to_string(), refused.is_unavailable()), ("the second factor is missing".to_owned(), false));
        assert_eq!(basic.verify_first_factor(&right, CLIENT).await.unwrap().name(), "alice");
    }
    let wrong = BasicCredentials::new("alice", "another pass phrase");
    assert_eq!(basic.verify_first_factor(&wrong, CLIENT).await.unwrap_err().to_string(), "user name or password");
}
