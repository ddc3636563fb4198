//! The throttle over time: how many attempts an attacker and a user get.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use super::{AttemptStore, Bucket, BucketKey, MemoryAttempts, Throttle, ThrottleError, UpdateFuture};
use crate::{
    authenticate::{AuthenticationError, Unavailable},
    client_ip::ClientAddress,
    danger,
};

const START: u64 = 1_800_000_000;
const DAY: u64 = 24 * 3600;

/// A clock that a test sets, in seconds since 1970.
#[derive(Clone)]
pub(crate) struct TestClock(Arc<AtomicU64>);

impl TestClock {
    pub(crate) fn forward(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    fn back(&self, seconds: u64) {
        self.0.fetch_sub(seconds, Ordering::SeqCst);
    }

    fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl Throttle {
    /// Returns the same limits in memory, with a clock that stands still.
    pub(crate) fn with_test_clock(self) -> (Self, TestClock) {
        let clock = TestClock(Arc::new(AtomicU64::new(START)));
        let seconds = clock.clone();
        let now = move || SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.now());
        let throttle = self.with(|limiter| limiter.store = Arc::new(MemoryAttempts::new().with_clock(now)));
        (throttle, clock)
    }
}

fn in_memory() -> (Throttle, TestClock) {
    Throttle::in_memory().with_test_clock()
}

fn address(number: u32) -> ClientAddress {
    IpAddr::V4(Ipv4Addr::from_bits(0xc633_6400 + number)).into()
}

/// Makes an attempt with a wrong password.
async fn guess(throttle: &Throttle, client: ClientAddress, name: &str) -> Result<(), AuthenticationError> {
    throttle.attempt(client, name).await.map(drop)
}

/// Makes an attempt with the right password.
async fn sign_in(throttle: &Throttle, client: ClientAddress, name: &str) -> Result<(), AuthenticationError> {
    throttle.attempt(client, name).await?.succeeded().await;
    Ok(())
}

/// Returns the wait in seconds; zero for an attempt that passed.
fn wait(said: Result<(), AuthenticationError>) -> u64 {
    said.map_or_else(|error| error.retry_after().expect("it is throttled").as_secs(), |()| 0)
}

/// Returns how many of these guesses pass.
async fn guesses(throttle: &Throttle, client: ClientAddress, name: &str, tries: usize) -> usize {
    let mut passed = 0;
    for _ in 0..tries {
        passed += usize::from(guess(throttle, client, name).await.is_ok());
    }
    passed
}

#[tokio::test]
async fn r76_five_attempts_per_name_and_address_and_then_lockouts() {
    let (throttle, clock) = in_memory();
    assert_eq!(guesses(&throttle, address(1), "alice", 20).await, 5);
    for lockout in [60, 120, 240, 480, 480, 900, 900] {
        assert_eq!(wait(guess(&throttle, address(1), "alice").await), lockout);
        clock.forward(lockout - 1);
        assert_eq!(wait(guess(&throttle, address(1), "alice").await), 1);
        clock.forward(1);
        assert_eq!(guesses(&throttle, address(1), "alice", 3).await, 1);
    }
    clock.forward(DAY);
    assert_eq!(guesses(&throttle, address(1), "alice", 20).await, 5, "a lockout ends");
}

#[tokio::test]
async fn r76_retrying_does_not_extend_a_lockout() {
    let (throttle, clock) = in_memory();
    assert_eq!(guesses(&throttle, address(1), "alice", 5).await, 5);
    for _ in 0..59 {
        clock.forward(1);
        assert!(guess(&throttle, address(1), "alice").await.is_err());
    }
    clock.forward(1);
    assert!(guess(&throttle, address(1), "alice").await.is_ok());
}

#[tokio::test]
async fn r76_an_address_has_25_attempts_a_minute_with_any_names() {
    let (throttle, clock) = in_memory();
    for number in 0..25 {
        assert_eq!(guesses(&throttle, address(1), &format!("user{number}"), 1).await, 1);
    }
    assert_eq!(wait(guess(&throttle, address(1), "somebody").await), 60);
    assert!(guess(&throttle, address(2), "somebody").await.is_ok(), "another address is not affected");
    clock.forward(60);
    assert_eq!(guesses(&throttle, address(1), "somebody", 3).await, 1);
    // The refused attempts were not counted for the name.
    assert_eq!(guesses(&throttle, address(3), "somebody", 20).await, 5);
}

#[tokio::test]
async fn r76_a_name_has_at_most_50_failures_an_hour_from_all_addresses() {
    let (throttle, clock) = in_memory();
    let mut passed = 0;
    for second in 0..3600 {
        passed += guesses(&throttle, address(second), "alice", 1).await;
        clock.forward(1);
    }
    assert_eq!(passed, 50);
}

#[tokio::test]
async fn r76_a_user_signs_in_from_a_known_address_during_an_attack() {
    let (throttle, clock) = in_memory();
    sign_in(&throttle, address(0), "alice").await.unwrap();
    for number in 1..100 {
        let _ = guess(&throttle, address(number), "alice").await;
    }
    assert!(wait(sign_in(&throttle, address(200), "alice").await) > 0, "an unknown address has to wait");
    for _ in 0..30 {
        // On each of the next 30 days.
        clock.forward(DAY - 3600);
        for number in 1..100 {
            let _ = guess(&throttle, address(number), "alice").await;
        }
        sign_in(&throttle, address(0), "Alice").await.unwrap();
    }
    clock.forward(30 * DAY);
    for number in 1..100 {
        let _ = guess(&throttle, address(number), "alice").await;
    }
    assert!(sign_in(&throttle, address(0), "alice").await.is_err(), "the address is unknown again");
}

#[tokio::test]
async fn r76_an_attacker_at_a_known_address_has_the_hourly_limit() {
    let (throttle, clock) = in_memory();
    let mut passed = 0;
    for _ in 0..60 {
        // The user signs in each minute, which refunds the guesses in between.
        let _ = sign_in(&throttle, address(0), "alice").await;
        passed += guesses(&throttle, address(0), "alice", 10).await;
        clock.forward(60);
    }
    assert!(passed <= 50, "{passed}");
}

#[tokio::test]
async fn r76_a_sign_in_refunds_its_attempt_and_those_before_it() {
    let (throttle, _) = in_memory();
    for _ in 0..10 {
        assert_eq!(guesses(&throttle, address(1), "alice", 2).await, 2);
        sign_in(&throttle, address(1), "alice").await.unwrap();
    }
    // The bucket of the address keeps the 20 failures.
    assert_eq!(guesses(&throttle, address(1), "bob", 4).await, 4);
    assert_eq!(guesses(&throttle, address(1), "carol", 4).await, 1);
}

#[tokio::test]
async fn r76_right_passwords_are_never_throttled() {
    let (throttle, _) = in_memory();
    for number in 0..1000 {
        sign_in(&throttle, address(1), &format!("user{number}")).await.unwrap();
        sign_in(&throttle, address(number), "alice").await.unwrap();
    }
}

#[tokio::test]
async fn r76_signing_in_as_one_user_gives_no_attempts_at_another() {
    let (throttle, _) = in_memory();
    let mut passed = 0;
    for number in 0..100 {
        passed += guesses(&throttle, address(1), &format!("user{number}"), 1).await;
        let _ = sign_in(&throttle, address(1), "mallory").await;
    }
    assert_eq!(passed, 25);
}

#[tokio::test]
async fn r76_a_withdrawn_attempt_does_not_count() {
    let (throttle, _) = in_memory();
    for _ in 0..100 {
        throttle.attempt(address(1), "alice").await.unwrap().withdrawn().await;
    }
    assert_eq!(guesses(&throttle, address(1), "alice", 20).await, 5);
    // The address did not become known.
    for number in 2..100 {
        let _ = guess(&throttle, address(number), "alice").await;
    }
    throttle.attempt(address(200), "alice").await.unwrap_err();
}

#[tokio::test]
async fn r77_a_burst_gets_no_more_attempts_than_single_guesses() {
    let (throttle, _) = in_memory();
    let burst = (0..100).map(|_| {
        let throttle = throttle.clone();
        tokio::spawn(async move {
            let attempt = throttle.attempt(address(1), "alice").await;
            tokio::task::yield_now().await;
            attempt.is_ok()
        })
    });
    let mut passed = 0;
    for attempt in burst.collect::<Vec<_>>() {
        passed += usize::from(attempt.await.unwrap());
    }
    assert_eq!(passed, 5);
}

#[tokio::test]
async fn r51_a_burst_with_the_right_password_is_not_throttled() {
    let (throttle, _) = in_memory();
    let burst = (0..100).map(|_| {
        let throttle = throttle.clone();
        tokio::spawn(async move {
            let attempt = throttle.attempt(address(1), "alice").await?;
            tokio::task::yield_now().await;
            attempt.succeeded().await;
            Ok::<(), AuthenticationError>(())
        })
    });
    for attempt in burst.collect::<Vec<_>>() {
        attempt.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn r76_many_users_at_one_address_at_once_are_not_throttled() {
    let (throttle, _) = in_memory();
    let burst = (0..200).map(|number| {
        let throttle = throttle.clone();
        tokio::spawn(async move {
            let attempt = throttle.attempt(address(1), &format!("user{number}")).await?;
            tokio::task::yield_now().await;
            attempt.succeeded().await;
            Ok::<(), AuthenticationError>(())
        })
    });
    for attempt in burst.collect::<Vec<_>>() {
        attempt.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn r77_spellings_of_a_name_count_together() {
    let (throttle, _) = in_memory();
    let spellings = ["alice", "ALICE", " alice", "a\u{301}lice", "ａｌｉｃｅ", "Alice\u{200b}", "aLiCe"];
    let mut passed = 0;
    for name in spellings {
        passed += guesses(&throttle, address(1), name, 1).await;
    }
    assert_eq!(passed, 5);
}

#[tokio::test]
async fn r53_failures_without_a_name_have_a_bucket_of_their_own() {
    let (throttle, clock) = in_memory();
    for _ in 0..25 {
        throttle.failed(address(1)).await.unwrap();
    }
    assert_eq!(wait(throttle.failed(address(1)).await), 60);
    throttle.failed(address(2)).await.unwrap();
    assert!(guess(&throttle, address(1), "alice").await.is_ok());
    clock.forward(60);
    throttle.failed(address(1)).await.unwrap();
}

#[tokio::test]
async fn callers_without_an_address_share_one() {
    let (throttle, _) = in_memory();
    assert_eq!(guesses(&throttle, ClientAddress::UNKNOWN, "alice", 20).await, 5);
    assert_eq!(guesses(&throttle, ClientAddress::default(), "alice", 20).await, 0);
}

#[tokio::test]
async fn r76_a_replaced_password_makes_addresses_unknown() {
    let (throttle, clock) = in_memory();
    for number in 1..=40 {
        sign_in(&throttle, address(number), "alice").await.unwrap();
    }
    clock.forward(1);
    throttle.forget_addresses("ALICE").await.unwrap();
    let mut passed = 0;
    for number in 1..=80 {
        passed += guesses(&throttle, address(number), "alice", 5).await;
    }
    assert_eq!(passed, 41);
    // A sign-in with the new password makes its address known.
    let (throttle, clock) = in_memory();
    throttle.forget_addresses("alice").await.unwrap();
    clock.forward(1);
    sign_in(&throttle, address(1), "alice").await.unwrap();
    for number in 2..=80 {
        guesses(&throttle, address(number), "alice", 5).await;
    }
    assert_eq!(guesses(&throttle, address(81), "alice", 5).await, 0);
    assert_eq!(guesses(&throttle, address(1), "alice", 5).await, 5);
    // Other names are not affected.
    throttle.forget_addresses("bob").await.unwrap();
    assert_eq!(wait(guess(&throttle, address(81), "carol").await), 0);
}

/// Uses up the name at 41 unknown addresses, and returns how many guesses pass at this one.
async fn passes_at(throttle: &Throttle, number: u32) -> usize {
    for new in 100..141 {
        assert_eq!(guesses(throttle, address(new), "alice", 1).await, 1);
    }
    guesses(throttle, address(number), "alice", 5).await
}

#[tokio::test]
async fn r76_a_sign_in_that_began_before_a_reset_makes_no_address_known() {
    let (throttle, clock) = in_memory();
    let attempt = throttle.attempt(address(1), "alice").await.unwrap();
    throttle.forget_addresses("alice").await.unwrap();
    clock.forward(1);
    attempt.succeeded().await;
    assert_eq!(passes_at(&throttle, 1).await, 0);
}

#[tokio::test]
async fn r76_only_the_address_that_replaces_the_password_stays_known() {
    let (throttle, _) = in_memory();
    for number in [1, 2] {
        sign_in(&throttle, address(number), "alice").await.unwrap();
    }
    throttle.attempt(address(1), "alice").await.unwrap().replaced().await;
    assert_eq!(passes_at(&throttle, 2).await, 0);
    assert_eq!(guesses(&throttle, address(1), "alice", 5).await, 5);
}

#[tokio::test]
async fn r76_addresses_become_known_after_the_clock_was_set_back() {
    let (throttle, clock) = in_memory();
    throttle.forget_addresses("alice").await.unwrap();
    clock.back(DAY);
    // The first sign-in corrects the reset.
    sign_in(&throttle, address(2), "alice").await.unwrap();
    clock.forward(1);
    sign_in(&throttle, address(1), "alice").await.unwrap();
    assert_eq!(passes_at(&throttle, 1).await, 5);
}

#[tokio::test]
async fn a_clock_that_is_set_back_neither_ends_nor_extends_a_lockout() {
    let (throttle, clock) = in_memory();
    assert_eq!(guesses(&throttle, address(1), "alice", 20).await, 5);
    clock.back(DAY);
    assert_eq!(wait(guess(&throttle, address(1), "alice").await), 60);
    clock.forward(60);
    assert!(guess(&throttle, address(1), "alice").await.is_ok());
    assert_eq!(wait(guess(&throttle, address(1), "alice").await), 120);
}

#[tokio::test]
async fn a_clock_before_1970_is_unavailable() {
    let before_time = || SystemTime::UNIX_EPOCH - Duration::from_secs(1);
    let throttle = Throttle::shared(MemoryAttempts::new().with_clock(before_time));
    assert!(guess(&throttle, address(1), "alice").await.unwrap_err().is_unavailable());
    assert!(throttle.failed(address(1)).await.unwrap_err().is_unavailable());
}

type Change<'a> = &'a mut (dyn FnMut(&mut [Bucket], i64) + Send);

/// A store whose behavior a test sets.
struct Broken(fn(Change<'_>) -> Result<(), Unavailable>);

impl AttemptStore for Broken {
    fn update<'a>(&'a self, _: &'a [BucketKey], change: Change<'a>) -> UpdateFuture<'a> {
        Box::pin(async { (self.0)(change) })
    }
}

#[tokio::test]
async fn a_store_that_does_not_count_is_unavailable() {
    let does_not_answer = Broken(|_| Err(Unavailable::new("connection refused")));
    let does_not_ask = Broken(|_| Ok(()));
    let has_lost_some = Broken(|change| {
        change(&mut [Bucket::default(); 3], 0);
        Ok(())
    });
    for store in [does_not_answer, does_not_ask, has_lost_some] {
        let throttle = Throttle::shared(store);
        assert!(guess(&throttle, address(1), "alice").await.unwrap_err().is_unavailable());
        assert!(throttle.failed(address(1)).await.unwrap_err().is_unavailable());
    }
}

#[tokio::test]
async fn after_a_conflict_the_last_call_of_the_change_counts() {
    let again = Broken(|change| {
        let full = Bucket { empty_at: i64::MAX, last: i64::MAX, succeeded_at: None };
        change(&mut [full; 4], 0);
        change(&mut [Bucket::default(); 4], 0);
        Ok(())
    });
    assert!(guess(&Throttle::shared(again), address(1), "alice").await.is_ok());
}

#[tokio::test]
async fn r76_processes_that_share_a_store_count_together() {
    let store = Arc::new(MemoryAttempts::new());
    let (here, there) = (Throttle::shared(Arc::clone(&store)), Throttle::shared(Arc::clone(&store)));
    assert_eq!(guesses(&here, address(1), "alice", 3).await, 3);
    assert_eq!(guesses(&there, address(1), "alice", 3).await, 2);
    let apart = Throttle::shared(store).secret("0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa").unwrap();
    assert_eq!(guesses(&apart, address(1), "alice", 20).await, 5, "another secret gives other keys");
}

/// A store that counts its updates.
struct Counting(MemoryAttempts, AtomicU64);

impl AttemptStore for Counting {
    fn update<'a>(&'a self, keys: &'a [BucketKey], change: Change<'a>) -> UpdateFuture<'a> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.update(keys, change)
    }
}

#[tokio::test]
async fn r53_a_flood_of_wrong_keys_does_not_reach_a_shared_store() {
    let store = Arc::new(Counting(MemoryAttempts::new(), AtomicU64::new(0)));
    let throttle = Throttle::shared(Arc::clone(&store));
    let mut refused = 0;
    for _ in 0..1000 {
        refused += u64::from(wait(throttle.clone().failed(address(1)).await) > 0);
    }
    // The first refused request has asked the store.
    assert_eq!((refused, store.1.load(Ordering::SeqCst)), (975, 26));
    throttle.failed(address(2)).await.unwrap();
    assert_eq!(wait(guess(&throttle, address(1), "alice").await), 0);
}

#[tokio::test]
async fn limits_have_a_range() {
    let (throttle, _) = in_memory();
    let throttle = throttle.per_name_and_address(2).unwrap().per_address(3).unwrap().per_name(10).unwrap();
    assert_eq!(guesses(&throttle, address(1), "alice", 20).await, 2);
    assert_eq!(guesses(&throttle, address(1), "bob", 20).await, 1);
    let mut passed = 2;
    for number in 2..30 {
        passed += guesses(&throttle, address(number), "alice", 1).await;
    }
    assert_eq!(passed, 9, "the tenth attempt drains within the hour");

    let out_of_range = |per, given, least, most| ThrottleError::Range { per, given, least, most };
    for given in [0, 11, u32::MAX] {
        let error = Throttle::in_memory().per_name_and_address(given).unwrap_err();
        assert_eq!(error, out_of_range("per name and address", given, 1, 10));
    }
    for given in [0, 1001] {
        let error = Throttle::in_memory().per_address(given).unwrap_err();
        assert_eq!(error, out_of_range("per address", given, 1, 1000));
    }
    for given in [0, 9, 101] {
        assert_eq!(Throttle::in_memory().per_name(given).unwrap_err(), out_of_range("per name", given, 10, 100));
    }
}

#[tokio::test]
async fn a_throttle_that_is_off_counts_nothing() {
    let off = danger::unlimited_attempts();
    assert!(!off.is_on() && Throttle::default().is_on());
    assert_eq!(guesses(&off, address(1), "alice", 1000).await, 1000);
    for _ in 0..100 {
        off.failed(address(1)).await.unwrap();
    }
    sign_in(&off.per_name(10).unwrap(), address(1), "alice").await.unwrap();
}

#[test]
fn debug_shows_limits_and_no_secret() {
    let throttle = Throttle::in_memory().secret("0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa").unwrap();
    let shown = format!("{throttle:?}");
    assert!(shown.contains("attempts: 25") && !shown.contains("0Zr9") && !shown.contains("48, 90"), "{shown}");
}

#[cfg(feature = "account")]
#[tokio::test]
async fn r76_a_sign_in_form_cannot_use_up_the_attempts_of_codes_and_links() {
    let (throttle, _) = in_memory();
    let rarely = throttle.clone().for_rare_attempts();
    // The form of a sign-in page accepts a colon and control characters in the user name.
    for name in ["code:alice", "\0code:alice", "\0\0code:alice"] {
        for number in 0..60 {
            let _ = guess(&throttle, address(number), name).await;
        }
    }
    guess(&rarely, address(100), "code:alice").await.unwrap();
    // Links and codes have a limit of their own.
    for number in 101..109 {
        guess(&rarely, address(number), "code:alice").await.unwrap();
    }
    guess(&rarely, address(109), "code:alice").await.unwrap_err();
}
