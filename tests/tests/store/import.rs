//! Import of many users.

use auth_runtime::users::{UserError, hash_password};
use auth_store::{NewUser, StoreError};

use crate::{
    callers::{App, Caller, PASSWORD},
    database::TestDatabase,
};

pub(crate) async fn each_imported_user_has_an_outcome(database: TestDatabase) {
    let store = database.store().await;
    store.add(NewUser::new("known").display_name("As before")).await.unwrap();
    let users = vec![
        NewUser::new("alice"),
        NewUser::new("a:b"),
        NewUser::new("KNOWN").display_name("Another"),
        NewUser::new("bob").roles(["Veiwer"]),
        NewUser::new("Alice"),
        NewUser::new("carol").password_hash("plain text"),
        NewUser::new("dave").roles(["Viewer"]).permissions(["edit"]),
    ];
    let outcomes = store.import(users).await.unwrap();
    let is_good: Vec<bool> = outcomes.iter().map(Result::is_ok).collect();
    assert_eq!(is_good, [true, false, false, false, false, false, true]);
    for (index, name) in [(2, "known"), (4, "alice")] {
        assert!(matches!(&outcomes[index], Err(StoreError::User(UserError::Taken(taken))) if taken == name));
    }
    assert_eq!(store.count().await.unwrap(), 3);
    assert_eq!(store.get("known").await.unwrap().display_name.as_deref(), Some("As before"));
    let dave = store.get("dave").await.unwrap();
    assert_eq!((dave.roles.join(","), dave.permissions.join(",")), ("Viewer".to_owned(), "edit".to_owned()));
    assert!(store.import(Vec::new()).await.unwrap().is_empty());
}

pub(crate) async fn imported_users_can_sign_in(database: TestDatabase) {
    let store = database.store().await;
    let hash = hash_password(PASSWORD).unwrap();
    let user = |number| NewUser::new(format!("user{number}")).password_hash(&hash).roles(["Viewer"]);
    let users: Vec<_> = (0..2500).map(user).collect();
    assert!(store.import(users.clone()).await.unwrap().iter().all(Result::is_ok));
    assert_eq!(store.count().await.unwrap(), 2500);
    let said = App::over(&store).call(&Caller::password("user2499", PASSWORD)).await;
    assert_eq!(said.unwrap(), "user2499 roles: Viewer permissions: view");
    assert!(store.import(users).await.unwrap().iter().all(Result::is_err));
}

pub(crate) async fn concurrent_imports_add_each_user_once(database: TestDatabase) {
    let users = || (0..300).map(|number| NewUser::new(format!("user{number}"))).collect::<Vec<_>>();
    let (one, other) = (database.store().await, database.store().await);
    let (one, other) = tokio::join!(one.import(users()), other.import(users().into_iter().rev().collect()));
    for (here, there) in one.unwrap().iter().zip(other.unwrap().iter().rev()) {
        assert!(here.is_ok() != there.is_ok(), "{here:?} {there:?}");
    }
    assert_eq!(database.store().await.count().await.unwrap(), 300);
}
