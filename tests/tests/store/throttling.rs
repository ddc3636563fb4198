//! The database counts attempts for all processes together.

use std::{
    net::IpAddr,
    time::{Duration, SystemTime},
};

use auth_runtime::{client_ip::ClientAddress, users::UserStore};
use auth_store::{NewKey, NewUser};
use futures_util::future::join_all;

use crate::{
    callers::{App, Caller, PASSWORD},
    database::TestDatabase,
};

const WRONG: &str = "wrong horse battery";

async fn two_apps(database: &TestDatabase) -> [App; 2] {
    let stores = [database.store().await, database.store().await];
    stores[0].add(NewUser::new("alice").password(PASSWORD).roles(["Viewer"])).await.unwrap();
    [App::over(&stores[0]), App::over(&stores[1])]
}

pub(crate) async fn r76_attempts_at_several_processes_are_counted_together(database: TestDatabase) {
    let [one, other] = two_apps(&database).await;
    for app in [&one, &other, &one, &other, &one] {
        assert_eq!(app.call(&Caller::password("alice", WRONG)).await, Err(401));
    }
    for app in [&one, &other] {
        for (name, password) in [("alice", WRONG), ("ALICE", WRONG), ("alice", PASSWORD)] {
            assert_eq!(app.call(&Caller::password(name, password)).await, Err(429), "{name}");
        }
        assert_eq!(app.call(&Caller::password("bob", WRONG)).await, Err(401));
    }
}

pub(crate) async fn r77_unknown_names_are_counted_like_known_ones(database: TestDatabase) {
    let [one, other] = two_apps(&database).await;
    let mut said = Vec::new();
    for name in ["alice", "nobody"] {
        let caller = Caller::password(name, WRONG);
        for app in [&one, &other, &one, &other, &one, &other, &one] {
            said.push(app.call(&caller).await);
        }
    }
    assert_eq!(said[..7], said[7..]);
    assert_eq!(said[5], Err(429));
}

pub(crate) async fn r76_burst_at_several_processes_is_counted_before_verification(database: TestDatabase) {
    let apps = two_apps(&database).await;
    let caller = Caller::password("alice", WRONG);
    let said = join_all((0..24).map(|number| apps[number % 2].call(&caller))).await;
    let verified = said.iter().filter(|said| **said == Err(401)).count();
    assert_eq!((verified, said.iter().filter(|said| **said == Err(429)).count()), (5, 19), "{said:?}");

    // A burst of the right password succeeds: the first is counted, and the others wait for it.
    let bob = Caller::password("bob", PASSWORD);
    database.store().await.add(NewUser::new("bob").password(PASSWORD)).await.unwrap();
    let said = join_all((0..10).map(|_| apps[0].call(&bob))).await;
    assert!(said.iter().all(Result::is_ok), "{said:?}");
}

pub(crate) async fn r53_wrong_keys_are_counted_and_valid_keys_never_wait(database: TestDatabase) {
    let apps = two_apps(&database).await;
    let (key, _) = database.store().await.create_key("alice", NewKey::unlimited()).await.unwrap();
    let right = Caller::key(key.as_str());
    let (rest, last) = key.as_str().split_at(key.as_str().len() - 1);
    let wrong = Caller::key(&format!("{rest}{}", if last == "x" { "y" } else { "x" }));
    let said = join_all((0..40).map(|number| apps[number % 2].call(&wrong))).await;
    assert_eq!(said.iter().filter(|said| **said == Err(401)).count(), 25, "{said:?}");
    for app in &apps {
        assert_eq!(app.call(&wrong).await, Err(429));
        assert!(app.call(&right).await.is_ok());
    }
    // A user with the right password does not wait either.
    assert!(apps[1].call(&Caller::password("alice", PASSWORD)).await.is_ok());
}

pub(crate) async fn r76_new_password_forgets_the_known_addresses(database: TestDatabase) {
    let (here, there) = (database.store().await, database.store().await);
    let client = |number: u8| ClientAddress::from(IpAddr::from([192, 0, 2, number]));
    let guess = async |number, name: &str| UserStore::throttle(&here).attempt(client(number), name).await.is_ok();
    for (name, is_reset) in [("alice", true), ("bob", true), ("carol", false)] {
        there.add(NewUser::new(name).password(PASSWORD)).await.unwrap();
        UserStore::throttle(&here).attempt(client(1), name).await.unwrap().succeeded().await;
        match name {
            "alice" => there.set_password(name, "another horse", None).await.unwrap(),
            "bob" => there.delete(name).await.unwrap(),
            _ => {}
        }
        // Other addresses use up the limit of the name.
        for number in 2..60 {
            let _ = guess(number, name).await;
        }
        assert_eq!(guess(1, name).await, !is_reset, "{name}");
    }
}

pub(crate) async fn r76_time_of_an_attempt_is_that_of_the_database(database: TestDatabase) {
    let [app, _] = two_apps(&database).await;
    let millis = || i64::try_from(SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    let before = millis();
    assert_eq!(app.call(&Caller::password("alice", WRONG)).await, Err(401));
    let last = database.number("SELECT MAX(last_at) FROM auth_attempt").await;
    // The server is on this machine, and rounds milliseconds in another way.
    assert!((before - 1..=millis() + 1).contains(&last), "{before} {last} {}", millis());
}

pub(crate) async fn r77_no_name_is_stored_and_expired_rows_are_deleted(database: TestDatabase) {
    let [app, _] = two_apps(&database).await;
    database.execute(&expired_rows(&[EXPIRED])).await;
    // The first attempt in a process starts a sweep in the background.
    assert_eq!(app.call(&Caller::password("hunter2 typed here", WRONG)).await, Err(401));
    until_swept(&database).await;
    assert_eq!(database.number("SELECT COUNT(*) FROM auth_attempt").await, 3);
    let longest = database.number("SELECT MAX(LENGTH(bucket)) FROM auth_attempt").await;
    assert_eq!(longest, 32, "hashes, and no names");
}

pub(crate) async fn r76_row_extended_during_a_sweep_is_not_deleted(database: TestDatabase) {
    // No attempt was made yet, so no other sweep runs.
    let [app, _] = two_apps(&database).await;
    database.execute(&expired_rows(&[EXPIRED, EXTENDED])).await;
    let extended = format!("UPDATE auth_attempt SET forget_at = 9000000000000000 WHERE bucket = '{EXTENDED}'");
    let changing = database.begin(&extended).await;
    let changing = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(300)).await;
        TestDatabase::end(changing, "COMMIT").await;
    });
    assert_eq!(app.call(&Caller::key("key_unknown_secret")).await, Err(401));
    changing.await.unwrap();
    until_swept(&database).await;
    let rows = format!("SELECT COUNT(*) FROM auth_attempt WHERE bucket = '{EXTENDED}'");
    assert_eq!(database.number(&rows).await, 1);
}

const EXPIRED: &str = "an expired row -----------------";
const EXTENDED: &str = "a row that is being extended ---";

fn expired_rows(buckets: &[&str]) -> String {
    let rows: Vec<_> = buckets.iter().map(|bucket| format!("('{bucket}', 1, 1, 1)")).collect();
    format!("INSERT INTO auth_attempt (bucket, empty_at, last_at, forget_at) VALUES {}", rows.join(", "))
}

async fn until_swept(database: &TestDatabase) {
    while database.number(&format!("SELECT COUNT(*) FROM auth_attempt WHERE bucket = '{EXPIRED}'")).await > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub(crate) async fn refused_attempt_writes_nothing(database: TestDatabase) {
    let [one, _] = two_apps(&database).await;
    let right = Caller::password("alice", PASSWORD);
    for number in 0..25 {
        assert_eq!(one.call(&Caller::password(&format!("name{number}"), WRONG)).await, Err(401));
    }
    // A sweep may delete expired rows.
    let count = "SELECT COUNT(*) FROM auth_attempt WHERE forget_at > 0";
    let rows = database.number(count).await;
    for number in 0..10 {
        assert_eq!(one.call(&Caller::password(&format!("another{number}"), WRONG)).await, Err(429));
    }
    assert_eq!(one.call(&right).await, Err(429));
    assert_eq!(database.number(count).await, rows);
}
