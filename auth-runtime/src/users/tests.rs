//! The responses of `Basic`, and the work until it responds.

use std::{
    sync::Mutex,
    time::{Duration, SystemTime},
};

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{
    Authenticator, Basic, BasicCredentials, ClientAddress, MAX_PASSWORD_LEN, MemoryUsers, PasswordPool, Request, User,
    UserStore, hash_password,
};
use crate::{
    authenticate::{AuthenticationError, Context, Identity, Unavailable},
    declared::DeclaredNames,
};

static TABLES: DeclaredNames =
    DeclaredNames { permissions: &["view", "edit"], roles: &["Viewer"], scopes: &[], role_permissions: &[&[0b01]] };
const PASSWORD: &str = "correct horse";

/// A store of one user. A test can change the user, or make the store unavailable.
struct Store(Mutex<Result<Option<User>, &'static str>>);

impl UserStore for Store {
    async fn find(&self, username: &str) -> Result<Option<User>, Unavailable> {
        let user = self.0.lock().unwrap().clone().map_err(Unavailable::new)?;
        Ok(user.filter(|user| user.name().eq_ignore_ascii_case(username)))
    }

    fn find_now(&self, username: &str) -> Option<User> {
        let user = self.0.lock().unwrap().clone().ok()?;
        user.filter(|user| user.name().eq_ignore_ascii_case(username))
    }

    async fn find_by_subject(&self, subject: &str) -> Result<Option<User>, Unavailable> {
        let user = self.0.lock().unwrap().clone().map_err(Unavailable::new)?;
        Ok(user.filter(|user| user.subject() == subject))
    }
}

fn alice() -> User {
    User::with_password("alice", PASSWORD).unwrap()
}

fn basic(user: User) -> Basic<Store> {
    Basic::new(Store(Mutex::new(Ok(Some(user)))))
}

fn change(basic: &Basic<Store>, change: impl FnOnce(User) -> Option<User>) {
    let mut user = basic.0.store.0.lock().unwrap();
    let changed = user.clone().unwrap().and_then(change);
    *user = Ok(changed);
}

async fn sign_in<S: UserStore>(basic: &Basic<S>, name: &str, password: &str) -> Result<Identity, AuthenticationError> {
    basic.authenticate(BasicCredentials::new(name, password), &Context::new(&TABLES)).await
}

/// Signs in without a hash: no permit is free.
async fn sign_in_without_hashing(basic: &Basic<Store>) -> Result<Identity, AuthenticationError> {
    let _permit = basic.0.passwords.permit().await.unwrap();
    sign_in(basic, "alice", PASSWORD).await
}

fn one_at_once() -> PasswordPool {
    PasswordPool::new(1, 0)
}

#[tokio::test]
async fn r36_a_right_password_is_issuer_and_subject() {
    let user = alice().roles(["Viewer"]).permissions(["edit"]).display_name("Alice A.");
    let seconds = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let before = seconds();
    let identity = sign_in(&basic(user), "ALICE", PASSWORD).await.unwrap();
    // As the store writes the name.
    assert_eq!((identity.issuer(), identity.subject()), ("basic", "alice"));
    assert_eq!((identity.role_words(), identity.permission_words()), ([0b1].as_slice(), [0b11].as_slice()));
    assert_eq!(identity.display_name(), "Alice A.");
    assert!((before..=seconds()).contains(&identity.authenticated_at().unwrap()));

    let named = basic(alice()).issuer("staff");
    assert_eq!(sign_in(&named, "alice", PASSWORD).await.unwrap().issuer(), "staff");
}

#[tokio::test]
async fn r73_unknown_disabled_and_wrong_are_one_error() {
    let (active, disabled) = (basic(alice()), basic(alice().disabled(true)));
    let broken = basic(User::new("alice", "no hash"));
    for (basic, name, password) in [
        (&active, "alice", "wrong horse"),
        (&active, "bob", PASSWORD),
        (&disabled, "alice", PASSWORD),
        (&broken, "alice", PASSWORD),
        (&active, "", PASSWORD),
        (&active, "alice", ""),
        (&active, "alice", &"x".repeat(MAX_PASSWORD_LEN + 1)),
    ] {
        let error = sign_in(basic, name, password).await.unwrap_err();
        assert_eq!((error.to_string().as_str(), error.is_unavailable()), ("user name or password", false));
    }
}

#[tokio::test]
async fn r73_unknown_and_disabled_users_cost_as_much_as_a_wrong_password() {
    let (active, disabled) = (basic(alice()), basic(alice().disabled(true)));
    for (basic, name, password) in [
        (active.clone().pool(one_at_once()), "alice", "wrong horse"),
        (active.pool(one_at_once()), "bob", "wrong horse"),
        (disabled.pool(one_at_once()), "alice", PASSWORD),
    ] {
        let _permit = basic.0.passwords.permit().await.unwrap();
        // Each of them waits for a permit to compute a hash.
        assert!(sign_in(&basic, name, password).await.unwrap_err().is_unavailable());
    }
}

#[tokio::test]
async fn r71_empty_and_long_passwords_are_refused_without_hashing() {
    let basic = basic(alice()).pool(one_at_once());
    let _permit = basic.0.passwords.permit().await.unwrap();
    for password in ["", &"x".repeat(MAX_PASSWORD_LEN + 1)] {
        assert!(!sign_in(&basic, "alice", password).await.unwrap_err().is_unavailable());
    }
}

#[tokio::test]
async fn r51_a_verified_password_is_cached() {
    let basic = basic(alice()).pool(one_at_once());
    assert!(sign_in_without_hashing(&basic).await.unwrap_err().is_unavailable());
    assert!(sign_in(&basic, "alice", PASSWORD).await.is_ok());
    assert!(sign_in_without_hashing(&basic).await.is_ok());
    // Clones share the cache, and another password is no hit.
    assert!(sign_in_without_hashing(&basic.clone()).await.is_ok());
    assert!(sign_in(&basic, "alice", "wrong horse").await.is_err());

    let uncached = basic.cache_ttl(Duration::ZERO);
    assert!(sign_in(&uncached, "alice", PASSWORD).await.is_ok());
    assert!(sign_in_without_hashing(&uncached).await.is_err());
}

fn from(address: &str) -> ClientAddress {
    address.parse::<std::net::IpAddr>().unwrap().into()
}

/// Returns the status of a guess at alice's password from an address.
async fn guess(basic: &Basic<Store>, address: &str, password: &str) -> u16 {
    match basic.verify(&BasicCredentials::new("alice", password), from(address)).await {
        Ok(_) => 200,
        Err(error) if error.retry_after().is_some() => 429,
        Err(_) => 401,
    }
}

#[tokio::test]
async fn r76_the_cache_confirms_no_guess_from_another_address() {
    let basic = basic(alice());
    for _ in 0..5 {
        assert_eq!(guess(&basic, "192.0.2.2", "wrong horse").await, 401);
    }
    assert_eq!(guess(&basic, "192.0.2.1", PASSWORD).await, 200);
    // Cached for the address of the owner, and for no other one.
    assert_eq!(guess(&basic, "192.0.2.2", PASSWORD).await, 429);
    assert_eq!(guess(&basic, "192.0.2.1", PASSWORD).await, 200);
}

#[tokio::test]
async fn r76_the_cache_confirms_no_guess_of_a_burst() {
    let basic = basic(alice());
    assert_eq!(guess(&basic, "192.0.2.1", PASSWORD).await, 200);
    let passwords = (0..300).map(|number| if number < 299 { format!("horse {number}") } else { PASSWORD.to_owned() });
    let guesses = passwords.map(|password| {
        let basic = basic.clone();
        tokio::spawn(async move { guess(&basic, "192.0.2.1", &password).await })
    });
    let mut statuses = Vec::new();
    for guess in guesses.collect::<Vec<_>>() {
        statuses.push(guess.await.unwrap());
    }
    assert_eq!([401, 429, 200].map(|status| statuses.iter().filter(|other| **other == status).count()), [5, 295, 0]);
}

#[tokio::test]
async fn r76_a_dropped_request_learns_nothing_of_the_cache() {
    let basic = basic(alice()).pool(PasswordPool::new(1, 2));
    assert_eq!(guess(&basic, "192.0.2.1", PASSWORD).await, 200);
    // One guess waits to be hashed. All other attempts with that name wait for it.
    let permit = basic.0.passwords.permit().await.unwrap();
    let waiting = tokio::spawn({
        let basic = basic.clone();
        async move { guess(&basic, "192.0.2.1", "wrong horse").await }
    });
    tokio::task::yield_now().await;
    for password in ["another horse", PASSWORD, "yet another", PASSWORD] {
        let asked = tokio::time::timeout(Duration::ZERO, guess(&basic, "192.0.2.1", password)).await;
        assert!(asked.is_err(), "{asked:?}");
    }
    drop(permit);
    assert_eq!(waiting.await.unwrap(), 401);
    // It was counted, so the entry is restored.
    assert_eq!(guess(&basic, "192.0.2.1", PASSWORD).await, 200);
}

#[tokio::test]
async fn r76_guesses_over_the_limit_end_the_caching() {
    let basic = basic(alice());
    assert_eq!(guess(&basic, "192.0.2.1", PASSWORD).await, 200);
    for _ in 0..5 {
        assert_eq!(guess(&basic, "192.0.2.1", "wrong horse").await, 401);
    }
    // Counted guesses do not lock the owner out.
    assert_eq!(guess(&basic, "192.0.2.1", PASSWORD).await, 200);
    assert_eq!(guess(&basic, "192.0.2.1", "wrong horse").await, 429);
    assert_eq!(guess(&basic, "192.0.2.1", PASSWORD).await, 429);
}

#[tokio::test]
async fn r76_a_dropped_guess_ends_the_caching() {
    let basic = basic(alice()).pool(one_at_once());
    assert_eq!(guess(&basic, "192.0.2.1", PASSWORD).await, 200);
    for _ in 0..5 {
        // Another attempt runs, so this one waits and is not counted.
        let before = basic.0.throttle.attempt(from("192.0.2.1"), "alice").await.unwrap();
        let asked = tokio::time::timeout(Duration::ZERO, guess(&basic, "192.0.2.1", "another horse")).await;
        assert!(asked.is_err());
        before.withdrawn().await;
        // The owner signs in again, and the password is not cached: it would confirm the next guess.
        assert_eq!(guess(&basic, "192.0.2.1", PASSWORD).await, 200);
        let _permit = basic.0.passwords.permit().await.unwrap();
        assert_eq!(guess(&basic, "192.0.2.1", PASSWORD).await, 401, "it takes a hash");
    }
}

#[tokio::test]
async fn r51_a_change_in_the_store_counts_at_once() {
    let basic = basic(alice());
    assert!(sign_in(&basic, "alice", PASSWORD).await.is_ok());
    change(&basic, |user| Some(user.roles(["Viewer"])));
    assert_eq!(sign_in(&basic, "alice", PASSWORD).await.unwrap().role_words(), [0b1]);
    change(&basic, |user| Some(user.disabled(true)));
    assert!(sign_in(&basic, "alice", PASSWORD).await.is_err());
    change(&basic, |_| Some(User::new("alice", hash_password("another horse").unwrap())));
    assert!(sign_in(&basic, "alice", PASSWORD).await.is_err());
    assert!(sign_in(&basic, "alice", "another horse").await.is_ok());
    change(&basic, |_| None);
    assert!(sign_in(&basic, "alice", "another horse").await.is_err());
}

#[tokio::test]
async fn a_cached_password_does_not_hide_a_store_that_is_down() {
    let basic = basic(alice());
    assert!(sign_in(&basic, "alice", PASSWORD).await.is_ok());
    *basic.0.store.0.lock().unwrap() = Err("connection refused");
    assert!(sign_in(&basic, "alice", PASSWORD).await.unwrap_err().is_unavailable());
}

type Change = fn(User) -> Option<User>;

/// Returns the identity of a password that was verified before, sent from this address.
fn cached(basic: &Basic<Store>, text: &str, client: ClientAddress) -> Option<Identity> {
    let request = Request::builder().extension(client).finish();
    basic.cached(BASE64_STANDARD.encode(text).as_bytes(), &request, &Context::new(&TABLES))
}

#[tokio::test]
async fn r51_known_password_needs_no_waiting_as_long_as_it_is_valid() {
    let right = format!("alice:{PASSWORD}");
    let here = ClientAddress::UNKNOWN;
    let changes: [(&str, Change); 5] = [
        ("another password", |_| Some(User::new("alice", hash_password("another horse").unwrap()))),
        ("disabled", |user| Some(user.disabled(true))),
        ("expired", |user| Some(user.password_expires_at(SystemTime::UNIX_EPOCH))),
        ("second factor", |user| Some(user.with_second_factor(true))),
        ("deleted", |_| None),
    ];
    for (what, changed) in changes {
        let basic = basic(alice().roles(["Viewer"]));
        assert!(cached(&basic, &right, here).is_none(), "not verified yet");
        let verified = sign_in(&basic, "alice", PASSWORD).await.unwrap();
        let identity = cached(&basic, &right, here).unwrap();
        assert_eq!((identity.issuer(), identity.subject()), ("basic", "alice"));
        assert_eq!(identity.role_words(), [0b1]);
        assert!(identity.authenticated_at() >= verified.authenticated_at());
        // A wrong password evicts the cached one where it is counted, and not here.
        for other in ["alice:wrong horse", "bob:correct horse", "alice", "alice:", ""] {
            assert!(cached(&basic, other, here).is_none(), "{other}");
        }
        assert!(cached(&basic, &right, from("192.0.2.1")).is_none(), "another address");
        assert!(cached(&basic, &right, here).is_some());
        change(&basic, changed);
        assert!(cached(&basic, &right, here).is_none(), "{what}");
        assert!(sign_in(&basic, "alice", PASSWORD).await.is_err(), "{what}");
    }
    let basic = basic(alice());
    assert!(sign_in(&basic, "alice", PASSWORD).await.is_ok());
    *basic.0.store.0.lock().unwrap() = Err("connection refused");
    assert!(cached(&basic, &right, here).is_none());
}

#[tokio::test]
async fn r51_a_burst_of_one_user_costs_one_hash() {
    let basic = basic(alice()).pool(PasswordPool::new(1, 2));
    let first = basic.0.passwords.permit().await.unwrap();
    let waiting = tokio::spawn({
        let basic = basic.clone();
        async move { sign_in(&basic, "alice", PASSWORD).await.is_ok() }
    });
    // It asks for a permit before the password is cached, and gets one after.
    tokio::task::yield_now().await;
    let cache = basic.0.cache.as_ref().unwrap();
    let hash = basic.0.store.0.lock().unwrap().clone().unwrap().unwrap().password_hash().to_owned();
    let (client, now) = (ClientAddress::UNKNOWN, super::now().unwrap());
    let submitted = super::Submitted { username: "alice", password: PASSWORD, client, now };
    cache.insert(&submitted, hash.into(), false);
    drop(first);
    assert!(waiting.await.unwrap());
}

#[tokio::test]
async fn r72_a_default_store_has_no_users() {
    let basic: Basic = Basic::default();
    assert!(sign_in(&basic, "admin", "admin").await.is_err());
    let _: Basic<MemoryUsers> = basic.clone();
    assert!(!format!("{basic:?}").contains("argon2"));
}
