//! API keys of users.

use std::time::{Duration, SystemTime};

use auth_runtime::api_key::ApiKeyError;
use auth_store::{KeyInfo, NewKey, NewUser, SqlUsers, StoreError};

use crate::{
    callers::{App, Caller},
    database::TestDatabase,
};

async fn with_alice(database: &TestDatabase, roles: &[&str]) -> (SqlUsers, App) {
    let store = database.store().await;
    store.add(NewUser::new("alice").display_name("Alice A.").roles(roles.iter().copied())).await.unwrap();
    let app = App::over(&store);
    (store, app)
}

async fn key(store: &SqlUsers, key: NewKey) -> (Caller, KeyInfo) {
    let (key, info) = store.create_key("alice", key).await.unwrap();
    (Caller::key(key.as_str()), info)
}

pub(crate) async fn r52_only_the_hash_of_a_key_is_stored(database: TestDatabase) {
    let (store, app) = with_alice(&database, &["Viewer"]).await;
    let (key, info) = store.create_key("alice", NewKey::unlimited().prefix("acme").label("CI")).await.unwrap();
    let parts: Vec<&str> = key.as_str().split('_').collect();
    assert_eq!((parts[0], parts[1], parts[2].len()), ("acme", info.id.as_str(), 43));
    assert!(app.call(&Caller::key(key.as_str())).await.is_ok());
    assert!(!format!("{info:?} {:?}", store.list_keys(None).await.unwrap()).contains(parts[2]));
    for column in ["id", "prefix", "label"] {
        let kept = database.texts(&format!("SELECT {column} FROM auth_api_key")).await;
        assert!(!kept[0].contains(parts[2]), "{column}");
    }
    let prefix = store.create_key("alice", NewKey::unlimited().prefix("a_b")).await.unwrap_err();
    assert!(matches!(prefix, StoreError::Key(ApiKeyError::Prefix)));
}

pub(crate) async fn key_acts_as_its_owner(database: TestDatabase) {
    let (store, app) = with_alice(&database, &["Editor"]).await;
    let (caller, _) = key(&store, NewKey::unlimited()).await;
    assert_eq!(app.call(&caller).await.unwrap(), "alice roles: Editor permissions: view,edit");
    store.set_roles("alice", ["Administrator"]).await.unwrap();
    assert_eq!(app.call(&caller).await.unwrap(), "alice roles: Administrator permissions: view,edit,delete");
}

pub(crate) async fn r52_limited_key_has_the_permissions_that_its_owner_has_too(database: TestDatabase) {
    let (store, app) = with_alice(&database, &["Editor"]).await;
    let (caller, info) = key(&store, NewKey::limited_to(["edit", "view"])).await;
    assert_eq!(info.permissions, Some(vec!["edit".to_owned(), "view".to_owned()]));
    // A role would bring all of its permissions.
    assert_eq!(app.call(&caller).await.unwrap(), "alice roles:  permissions: view,edit");
    store.set_roles("alice", ["Viewer"]).await.unwrap();
    assert_eq!(app.call(&caller).await.unwrap(), "alice roles:  permissions: view");
    store.set_roles("alice", ["Administrator"]).await.unwrap();
    assert_eq!(app.call(&caller).await.unwrap(), "alice roles:  permissions: view,edit");
    let (nothing, _) = key(&store, NewKey::limited_to([""; 0])).await;
    assert_eq!(app.call(&nothing).await.unwrap(), "alice roles:  permissions: ");
}

pub(crate) async fn r52_expired_and_revoked_keys_are_rejected(database: TestDatabase) {
    let (store, app) = with_alice(&database, &["Viewer"]).await;
    let now = SystemTime::now();
    let (late, _) = key(&store, NewKey::unlimited().expires_at(now - Duration::from_secs(1))).await;
    let (good, info) = key(&store, NewKey::unlimited().expires_at(now + Duration::from_secs(1000))).await;
    assert_eq!(app.call(&late).await, Err(401));
    assert!(app.call(&good).await.is_ok());
    store.set_disabled("alice", true).await.unwrap();
    assert_eq!(app.call(&good).await, Err(401));
    store.set_disabled("alice", false).await.unwrap();
    assert!(app.call(&good).await.is_ok());
    store.revoke_key(&info.id).await.unwrap();
    assert_eq!(app.call(&good).await, Err(401));
    let (orphan, _) = key(&store, NewKey::unlimited()).await;
    assert!(app.call(&orphan).await.is_ok());
    store.delete("alice").await.unwrap();
    assert_eq!(app.call(&orphan).await, Err(401));
}

pub(crate) async fn key_with_a_permission_that_its_owner_lacks_is_refused(database: TestDatabase) {
    let (store, _) = with_alice(&database, &["Viewer"]).await;
    let error = store.create_key("alice", NewKey::limited_to(["view", "edit"])).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"the key cannot have the permission "edit", as its owner "alice" does not have it"#
    );
    let error = store.create_key("alice", NewKey::limited_to(["veiw"])).await.unwrap_err();
    assert!(error.to_string().contains("did you mean `view`?"), "{error}");
    let error = store.create_key("alice", NewKey::unlimited().label("x".repeat(256))).await.unwrap_err();
    assert!(matches!(error, StoreError::TooLong { .. }), "{error}");
    assert!(store.list_keys(None).await.unwrap().is_empty());
    store.set_permissions("alice", ["edit"]).await.unwrap();
    assert!(store.create_key("alice", NewKey::limited_to(["view", "edit"])).await.is_ok());
}

pub(crate) async fn keys_are_listed_and_revoked_by_id(database: TestDatabase) {
    let (store, _) = with_alice(&database, &["Viewer"]).await;
    store.add(NewUser::new("bob").permissions(["view"])).await.unwrap();
    let (_, first) = key(&store, NewKey::limited_to(["view"]).label("first")).await;
    let (_, second) = store.create_key("bob", NewKey::unlimited()).await.unwrap();
    assert_eq!(store.list_keys(Some("Alice")).await.unwrap(), std::slice::from_ref(&first));
    assert_eq!(store.list_keys(None).await.unwrap().len(), 2);
    store.revoke_key(&first.id).await.unwrap();
    let listed = store.list_keys(Some("alice")).await.unwrap().remove(0);
    assert!(listed.revoked_at.is_some());
    // The date of the revocation stays.
    store.revoke_key(&first.id).await.unwrap();
    assert_eq!(store.list_keys(Some("alice")).await.unwrap(), [listed]);
    assert_eq!(store.list_keys(Some("bob")).await.unwrap(), [second]);
}

pub(crate) async fn keys_of_all_users_are_listed_in_pages(database: TestDatabase) {
    let (store, _) = with_alice(&database, &["Viewer"]).await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(key(&store, NewKey::limited_to(["view"])).await.1);
    }
    made.sort_by(|a, b| a.id.cmp(&b.id));
    let mut listed = Vec::new();
    loop {
        let after = listed.last().map_or(String::new(), |key: &KeyInfo| key.id.clone());
        let page = store.list_keys_after(&after, 2).await.unwrap();
        assert!(page.len() <= 2);
        if page.is_empty() {
            break;
        }
        listed.extend(page);
    }
    assert_eq!(listed, made);
}

pub(crate) async fn r52_last_use_is_recorded_once_a_minute(database: TestDatabase) {
    let (store, app) = with_alice(&database, &["Viewer"]).await;
    let (caller, _) = key(&store, NewKey::unlimited()).await;
    let last_use = async || store.list_keys(None).await.unwrap()[0].last_used_at;
    assert_eq!(last_use().await, None);
    assert!(app.call(&caller).await.is_ok());
    while last_use().await.is_none() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    database.execute("UPDATE auth_api_key SET last_used_at = 1").await;
    assert!(app.call(&caller).await.is_ok());
    store.close().await;
    assert_eq!(database.number("SELECT last_used_at FROM auth_api_key").await, 1);
}
