//! Concurrent changes of the same data.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use auth_runtime::{
    client_ip::ClientAddress,
    users::{SignIn, UserError, UserStore},
};
use auth_store::{NewKey, NewUser, StoreError};
use futures_util::future::join_all;
use tokio::time::timeout;

use crate::{
    callers::{PASSWORD, user},
    database::TestDatabase,
};

pub(crate) async fn one_of_many_concurrent_additions_succeeds(database: TestDatabase) {
    let stores = [database.store().await, database.store().await, database.store().await];
    let attempts = (0..12).map(|number| stores[number % 3].add(NewUser::new("alice").roles(["Viewer"])));
    let outcomes = join_all(attempts).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for error in outcomes.into_iter().filter_map(Result::err) {
        assert!(matches!(error, StoreError::User(UserError::Taken(_))), "{error}");
    }
    assert_eq!(stores[0].count().await.unwrap(), 1);
    assert_eq!(stores[0].get("alice").await.unwrap().roles, ["Viewer"]);
}

pub(crate) async fn concurrent_changes_all_take_effect(database: TestDatabase) {
    let stores = [database.store().await, database.store().await, database.store().await];
    stores[0].add(NewUser::new("alice")).await.unwrap();
    let before = user(&stores[0], "alice").await.current_epoch();
    let epoch = database.number("SELECT epoch FROM auth_epoch WHERE id = 1").await;
    let changes = (0..12).map(|number| {
        let store = &stores[number % 3];
        async move {
            match number % 4 {
                0 => store.set_roles("alice", ["Viewer", "Editor"]).await,
                1 => store.set_roles("alice", ["Editor", "Administrator"]).await,
                2 => store.sign_out("alice").await,
                _ => store.set_permissions("alice", ["view"]).await,
            }
        }
    });
    for outcome in join_all(changes).await {
        outcome.unwrap();
    }
    let alice = stores[1].get("alice").await.unwrap();
    // The roles of one change, not a mixture.
    assert!(alice.roles == ["Editor", "Viewer"] || alice.roles == ["Administrator", "Editor"], "{:?}", alice.roles);
    assert_eq!(alice.permissions, ["view"]);
    assert!(user(&stores[0], "alice").await.current_epoch() >= before + 3);
    assert_eq!(database.number("SELECT epoch FROM auth_epoch WHERE id = 1").await, epoch + 12);
}

pub(crate) async fn sign_ins_do_not_block_changes(database: TestDatabase) {
    let (here, there) = (database.store().await, database.store().await);
    here.add(NewUser::new("alice").password(PASSWORD)).await.unwrap();
    let alice = user(&here, "alice").await;
    let is_over = AtomicBool::new(false);
    let signing_in = join_all((0..4).map(async |number| {
        for round in 0.. {
            if is_over.load(Ordering::Relaxed) {
                break;
            }
            // A new hash each time, so that the row changes.
            let mut sign_in = SignIn::default();
            sign_in.rehashed = Some(format!("hash {number} {round}"));
            sign_in.verified = database.texts("SELECT password_hash FROM auth_user").await.remove(0);
            here.signed_in(&alice, sign_in).await.unwrap();
            // SQLite has no queue of writers: a writer without pauses may starve the others.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }));
    let changing = async {
        for round in 0..40 {
            let role = ["Viewer", "Editor"][round % 2];
            there.set_roles("alice", [role]).await.unwrap();
            there.sign_out("alice").await.unwrap();
            there.create_key("alice", NewKey::unlimited()).await.unwrap();
            assert_eq!(there.get("alice").await.unwrap().roles, [role]);
        }
        is_over.store(true, Ordering::Relaxed);
    };
    tokio::join!(signing_in, changing);
}

pub(crate) async fn r76_old_password_is_wrong_for_changes_that_waited(database: TestDatabase) {
    let store = database.store().await;
    store.add(NewUser::new("alice").password(PASSWORD)).await.unwrap();
    let change = async |number: usize| {
        let new = format!("a horse of colour {number}");
        store.change_password("alice", ClientAddress::UNKNOWN, PASSWORD, &new).await
    };
    let outcomes = join_all((0..6).map(change)).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let wrong = outcomes.iter().filter(|outcome| matches!(outcome, Err(StoreError::WrongPassword(_)))).count();
    assert_eq!(wrong, 5, "{outcomes:?}");
    // The wrong passwords are counted.
    assert!(matches!(change(6).await, Err(StoreError::TooManyAttempts { .. })));
}

pub(crate) async fn no_key_is_created_for_a_deleted_user(database: TestDatabase) {
    let (one, other) = (database.store().await, database.store().await);
    for _ in 0..5 {
        one.add(NewUser::new("alice")).await.unwrap();
        let (made, deleted) = tokio::join!(one.create_key("alice", NewKey::unlimited()), other.delete("alice"));
        deleted.unwrap();
        assert!(made.is_ok() || matches!(made, Err(StoreError::NoUser(_))), "{made:?}");
        assert!(one.list_keys(None).await.unwrap().is_empty());
    }
}

pub(crate) async fn one_of_two_renames_to_the_same_name_succeeds(database: TestDatabase) {
    let (one, other) = (database.store().await, database.store().await);
    let subjects =
        [one.add(NewUser::new("alice")).await.unwrap().subject, one.add(NewUser::new("bob")).await.unwrap().subject];
    let (first, second) = tokio::join!(one.rename("alice", "carol"), other.rename("bob", "carol"));
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    let refused = first.as_ref().err().or(second.as_ref().err()).unwrap();
    assert!(matches!(refused, StoreError::User(UserError::Taken(name)) if name == "carol"), "{refused}");
    let (renamed, left) = if first.is_ok() { (0, "bob") } else { (1, "alice") };
    assert_eq!(one.get("carol").await.unwrap().subject, subjects[renamed]);
    assert_eq!(one.get(left).await.unwrap().subject, subjects[1 - renamed]);
    // Of two renames of one user, the second finds no user.
    let (first, second) = tokio::join!(one.rename("carol", "dave"), other.rename("carol", "erin"));
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    assert_eq!(one.count().await.unwrap(), 2);
}

pub(crate) async fn a_dropped_request_leaves_no_transaction(database: TestDatabase) {
    // One connection, so that the next request meets its state.
    let options = TestDatabase::options().max_connections(1).freshness(Duration::ZERO);
    let options = options.acquire_timeout(Duration::from_secs(20)).answer_timeout(Duration::from_secs(30));
    let (here, there) = (database.connect(options).await, database.store().await);
    here.add(NewUser::new("alice")).await.unwrap();
    for step in 0..60 {
        // Cancelled at another point each time.
        let _ = timeout(Duration::from_micros(step * 40), here.set_roles("alice", ["Viewer"])).await;
        let role = ["Viewer", "Editor"][usize::from(step % 2 == 0)];
        there.set_roles("alice", [role]).await.unwrap();
        assert_eq!(here.get("alice").await.unwrap().roles, [role], "{step}");
        let found = UserStore::find(&here, "alice").await.unwrap().unwrap();
        assert_eq!(found.role_names(), [role], "{step}");
    }
}
