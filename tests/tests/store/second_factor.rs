//! Second factors of users.

use std::{
    net::IpAddr,
    time::{Duration, SystemTime},
};

use auth_runtime::{
    account::{AccountError, RecoveryCodes, SecondFactorStore},
    client_ip::ClientAddress,
    credential::BasicCredentials,
    password::Passwords,
    prelude::Basic,
    users::UserStore,
};
use auth_store::NewUser;
use totp_rs::{Builder, Secret, Totp};

use crate::{accounts::Process, callers::PASSWORD, database::TestDatabase};

const CLIENT: ClientAddress = ClientAddress::UNKNOWN;
const KEY: &str = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";

/// The authenticator app of alice, and her subject.
struct App {
    totp: Totp,
    subject: String,
}

impl App {
    fn new(secret: &str, subject: String) -> Self {
        let secret = Secret::try_from_base32(secret.replace(' ', "")).unwrap();
        Self { totp: Builder::new().with_secret(secret).build().unwrap(), subject }
    }

    /// Returns the code of a number of steps from now.
    fn code(&self, steps: i64) -> String {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        self.totp.generate(now.checked_add_signed(30 * steps).unwrap()).to_string()
    }
}

/// Returns the client with this number. Each has limits of its own.
fn client(number: u8) -> ClientAddress {
    IpAddr::from([192, 0, 2, number]).into()
}

async fn process(database: &TestDatabase) -> Process {
    let passwords = Passwords::new().secret_key(KEY).unwrap();
    let options = TestDatabase::options().freshness(Duration::ZERO).passwords(passwords);
    Process::new(database.connect(options).await)
}

/// Gives alice a second factor, with a code of this step. Tests go on with the next one, which counts even if a step ends meanwhile.
async fn enrolled(process: &Process) -> (App, RecoveryCodes) {
    let alice = NewUser::new("alice").password(PASSWORD).verified_email("alice@example.com");
    let alice = process.store.add(alice).await.unwrap();
    let enrolment = process.account.begin_enrolment(&alice.subject).await.unwrap();
    let app = App::new(enrolment.secret(), alice.subject);
    let codes = process.account.confirm_enrolment(CLIENT, &app.subject, &app.code(0)).await.unwrap();
    (app, codes)
}

pub(crate) async fn second_factor_is_kept_encrypted_and_needed_everywhere(database: TestDatabase) {
    let here = process(&database).await;
    let elsewhere = process(&database).await;
    let before = here.store.add(NewUser::new("bob").password(PASSWORD)).await.unwrap();
    assert!(!before.has_second_factor);
    let (app, codes) = enrolled(&here).await;
    let secrets = elsewhere.store.second_factor(&app.subject).await.unwrap().unwrap();
    let sealed = secrets.secret.unwrap();
    assert!(
        secrets.new_secret.is_none()
            && sealed.len() == 61
            && !sealed.windows(20).any(|part| part == app.totp.secret().as_bytes())
    );

    assert!(here.store.get("alice").await.unwrap().has_second_factor);
    let alice = elsewhere.store.find("alice").await.unwrap().unwrap();
    assert!(alice.has_second_factor() && alice.current_epoch() == 1);
    let basic = Basic::new(elsewhere.store.clone());
    let credentials = BasicCredentials::new("alice", PASSWORD);
    assert!(basic.verify(&credentials, CLIENT).await.is_err());
    assert!(basic.verify_first_factor(&credentials, CLIENT).await.is_ok());

    elsewhere.account.verify_code(CLIENT, &app.subject, &app.code(1)).await.unwrap();
    here.account.verify_code(CLIENT, &app.subject, codes.iter().next().unwrap()).await.unwrap();
    assert_eq!(here.account.recovery_codes_left(&app.subject).await.unwrap(), Some(9));
    here.account.remove_second_factor(CLIENT, &app.subject, codes.iter().nth(1).unwrap()).await.unwrap();
    assert!(basic.verify(&credentials, CLIENT).await.is_ok());
    assert_eq!(database.number("SELECT COUNT(*) FROM auth_recovery_code").await, 0);
    assert_eq!(database.number("SELECT COUNT(*) FROM auth_second_factor").await, 0);
}

pub(crate) async fn each_code_counts_once_among_processes(database: TestDatabase) {
    let first = process(&database).await;
    let (app, codes) = enrolled(&first).await;
    let recovery = codes.iter().next().unwrap().to_owned();
    for code in [app.code(1), recovery] {
        let mut tasks = Vec::new();
        for number in 0..4 {
            let (process, subject, code) = (process(&database).await, app.subject.clone(), code.clone());
            tasks.push(tokio::spawn(async move {
                process.account.verify_code(client(number), &subject, &code).await.is_ok()
            }));
        }
        let mut right = 0;
        for task in tasks {
            right += usize::from(task.await.unwrap());
        }
        assert_eq!(right, 1);
    }
    let earlier = first.account.verify_code(client(10), &app.subject, &app.code(0)).await;
    assert!(matches!(earlier, Err(AccountError::Code)));
}

pub(crate) async fn r76_codes_are_throttled_among_processes(database: TestDatabase) {
    let first = process(&database).await;
    let (app, _) = enrolled(&first).await;
    let mut wrong = 0;
    for number in 0..20 {
        let process = process(&database).await;
        let tried = process.account.verify_code(client(number), &app.subject, "000000").await;
        wrong += usize::from(matches!(tried, Err(AccountError::Code)));
    }
    assert!((3..=10).contains(&wrong), "{wrong}");
    let right = first.account.verify_code(client(100), &app.subject, &app.code(1)).await;
    assert!(matches!(right, Err(AccountError::TooManyAttempts { .. })));
}

pub(crate) async fn secret_of_another_user_or_key_is_an_outage(database: TestDatabase) {
    let process = process(&database).await;
    let (app, _) = enrolled(&process).await;
    let mallory = process.store.add(NewUser::new("mallory").password(PASSWORD)).await.unwrap();
    // With write access to the table, and without the key.
    database
        .execute(
            "INSERT INTO auth_second_factor (user_id, secret, last_step) SELECT u.id, f.secret, 0 \
             FROM auth_user u, auth_second_factor f WHERE u.name = 'mallory'",
        )
        .await;
    let copied = process.account.verify_code(client(1), &mallory.subject, &app.code(1)).await;
    assert!(matches!(copied, Err(AccountError::Unavailable(_))));
    let keyless = Process::new(database.store().await);
    let unreadable = keyless.account.verify_code(client(2), &app.subject, &app.code(1)).await;
    assert!(matches!(unreadable, Err(AccountError::Unavailable(_))));
    process.account.verify_code(client(3), &app.subject, &app.code(1)).await.unwrap();
}
