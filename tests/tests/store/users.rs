//! Administration of users.

use std::{
    collections::HashSet,
    net::IpAddr,
    time::{Duration, Instant, SystemTime},
};

use auth_runtime::{
    account::AccountError,
    api_key::ApiKeyStore,
    authenticate::Unavailable,
    client_ip::ClientAddress,
    credential::BasicCredentials,
    prelude::*,
    users::{BreachCheck, PasswordError, Passwords, UserError, UserStore},
};
use auth_store::{NewKey, NewUser, Page, Profile, SqlUsers, StoreError};

use crate::{
    accounts::Process,
    callers::{App, Caller, PASSWORD, Permission, issuer, user},
    database::TestDatabase,
};

const OTHER: &str = "a horse of another colour";
const DAY: Duration = Duration::from_hours(24);
const HERE: ClientAddress = ClientAddress::UNKNOWN;

pub(crate) async fn r72_there_are_no_users_unless_added(database: TestDatabase) {
    let store = database.store().await;
    assert_eq!((store.count().await.unwrap(), store.list(Page::of(10)).await.unwrap()), (0, Vec::new()));
    for name in ["", "admin", "root", "superuser"] {
        assert!(UserStore::find(&store, name).await.unwrap().is_none(), "{name}");
    }
    assert!(store.list_keys(None).await.unwrap().is_empty());
}

pub(crate) async fn added_user_is_read_back(database: TestDatabase) {
    let store = database.store().await;
    let user = NewUser::new("jörg müller").display_name("Jörg \u{1f40e} Müller").email("j@example.com");
    let user = user.password(PASSWORD).roles(["Viewer", "Editor", "Viewer"]).permissions(["delete"]).disabled(true);
    let added = store.add(user).await.unwrap();
    assert_eq!(added, database.store().await.get("Jörg Müller").await.unwrap());
    assert_eq!((added.name.as_str(), added.display_name.as_deref()), ("jörg müller", Some("Jörg \u{1f40e} Müller")));
    assert_eq!((added.email.as_deref(), added.disabled, added.has_password), (Some("j@example.com"), true, true));
    assert_eq!((added.roles.join(","), added.permissions.join(",")), ("Editor,Viewer".to_owned(), "delete".to_owned()));
    assert!(added.created_at.elapsed().unwrap().as_secs() < 60);
    assert_eq!((added.last_sign_in_at, added.password_expires_at), (None, None));

    let robot = store.add(NewUser::new("robot")).await.unwrap();
    assert!(!robot.has_password && !robot.disabled && robot.display_name.is_none() && robot.email.is_none());
    assert_eq!(store.count().await.unwrap(), 2);
}

pub(crate) async fn r36_spellings_of_a_name_are_one_user(database: TestDatabase) {
    let store = database.store().await;
    store.add(NewUser::new("Alice").password(PASSWORD)).await.unwrap();
    for name in ["alice", "ALICE", "ａｌｉｃｅ"] {
        let error = store.add(NewUser::new(name)).await.unwrap_err();
        assert!(matches!(error, StoreError::User(UserError::Taken(_))), "{error}");
        assert_eq!(store.get(name).await.unwrap().name, "alice");
        assert_eq!(UserStore::find(&store, name).await.unwrap().unwrap().name(), "alice");
    }
    // Different names.
    for name in ["älice", "alicé", "alice1"] {
        store.add(NewUser::new(name)).await.unwrap();
    }
    assert_eq!(store.count().await.unwrap(), 4);
}

pub(crate) async fn refused_user_is_not_written(database: TestDatabase) {
    let store = database.store().await;
    let long = "x".repeat(400);
    for user in [
        NewUser::new(""),
        NewUser::new("a:b"),
        NewUser::new("ali\u{200b}ce"),
        NewUser::new("alice").password("short"),
        NewUser::new("alice").password("password123"),
        NewUser::new("alice").password("x".repeat(1025)),
        NewUser::new("alice").password_hash("plain text"),
        NewUser::new("alice").display_name(long.clone()),
        NewUser::new("alice").email(long),
        NewUser::new("alice").display_name("Alice\u{1b}[2J"),
        NewUser::new("alice").email("a@example.com\nb@example.com"),
        NewUser::new("alice").roles(["Veiwer"]),
        NewUser::new("alice").permissions(["veiw"]),
        NewUser::new("alice").roles([""]),
    ] {
        let shown = format!("{user:?}");
        let error = store.add(user).await.unwrap_err();
        assert!(!error.is_unavailable(), "{shown}: {error}");
    }
    assert_eq!(store.count().await.unwrap(), 0);
}

pub(crate) async fn roles_and_permissions_are_replaced(database: TestDatabase) {
    let store = database.store().await;
    store.add(NewUser::new("alice").roles(["Viewer"]).permissions(["edit"])).await.unwrap();
    store.add(NewUser::new("bob").roles(["Viewer"])).await.unwrap();
    store.set_roles("Alice", ["Editor", "Administrator", "Editor"]).await.unwrap();
    store.set_permissions("alice", ["delete", "view"]).await.unwrap();
    let alice = store.get("alice").await.unwrap();
    assert_eq!(
        (alice.roles.join(","), alice.permissions.join(",")),
        ("Administrator,Editor".into(), "delete,view".into())
    );
    store.set_roles("alice", [""; 0]).await.unwrap();
    assert!(store.get("alice").await.unwrap().roles.is_empty());
    assert_eq!(store.get("bob").await.unwrap().roles, ["Viewer"]);
    // A refused change changes nothing.
    assert!(store.set_roles("bob", ["Editor", "nobody"]).await.is_err());
    assert_eq!(store.get("bob").await.unwrap().roles, ["Viewer"]);
}

pub(crate) async fn profile_is_replaced(database: TestDatabase) {
    let here = database.store().await;
    here.add(NewUser::new("alice").display_name("Alice A.")).await.unwrap();
    let read = async || {
        let alice = here.get("alice").await.unwrap();
        (alice.display_name.unwrap_or_default(), alice.email.unwrap_or_default())
    };
    here.set_profile("ALICE", Profile::new().email("alice@example.com")).await.unwrap();
    assert_eq!(read().await, ("Alice A.".to_owned(), "alice@example.com".to_owned()));
    // A refused change changes neither text.
    for text in ["x".repeat(400), "Alice\u{1b}[2J".to_owned()] {
        let profile = Profile::new();
        assert!(here.set_profile("alice", profile.clone().display_name(&text).email("")).await.is_err());
        assert!(here.set_profile("alice", profile.display_name("").email(&text)).await.is_err());
    }
    assert_eq!(read().await, ("Alice A.".to_owned(), "alice@example.com".to_owned()));
    here.set_profile("alice", Profile::new().display_name("").email("a@example.com")).await.unwrap();
    assert_eq!(read().await, (String::new(), "a@example.com".to_owned()));
    // An empty text is stored as none.
    here.add(NewUser::new("bob").display_name("").email("")).await.unwrap();
    let bob = here.get("bob").await.unwrap();
    assert_eq!((bob.display_name, bob.email), (None, None));
}

pub(crate) async fn users_are_listed_in_pages(database: TestDatabase) {
    let store = database.store().await;
    let users =
        (0..25).map(|number| NewUser::new(format!("user{number:02}")).roles([["Viewer", "Editor"][number % 2]]));
    assert!(store.import(users.collect()).await.unwrap().iter().all(Result::is_ok));
    store.add(NewUser::new("Zoë")).await.unwrap();
    store.add(NewUser::new("émile")).await.unwrap();

    let mut names = Vec::new();
    let mut page = Page::of(10);
    loop {
        let users = store.list(page).await.unwrap();
        assert!(users.len() <= 10);
        let Some(last) = users.last() else { break };
        page = Page::of(10).after(&last.name);
        names.extend(users.into_iter().map(|user| user.name));
    }
    assert_eq!(names.len(), 27);
    assert!(names.is_sorted(), "in the order of their bytes, whatever the database: {names:?}");

    let editors = store.list(Page::of(1000).role("Editor")).await.unwrap();
    assert_eq!(editors.len(), 12);
    assert!(editors.iter().all(|user| user.roles == ["Editor"]));
    assert_eq!(store.list(Page::of(5).role("Editor").after("user21")).await.unwrap().len(), 1);
    // A NUL, which PostgreSQL refuses, finds no role, and keeps the order of a page.
    assert!(store.list(Page::of(5).role("Editor\0")).await.unwrap().is_empty());
    assert_eq!(store.list(Page::of(1).after("user21\0\u{10ffff}")).await.unwrap()[0].name, "user22");
}

pub(crate) async fn users_of_rare_and_common_roles_are_listed(database: TestDatabase) {
    let store = database.store().await;
    let users = (0..1500).map(|number| {
        let roles = ["Viewer", "Editor"].into_iter().take(1 + usize::from(number % 300 == 7));
        NewUser::new(format!("user{number:04}")).roles(roles)
    });
    assert!(store.import(users.collect()).await.unwrap().iter().all(Result::is_ok));
    for (role, count) in [("Viewer", 1500), ("Editor", 5), ("Administrator", 0)] {
        let (mut names, mut page) = (Vec::new(), Page::of(400).role(role));
        loop {
            let users = store.list(page).await.unwrap();
            let Some(last) = users.last() else { break };
            page = Page::of(400).role(role).after(&last.name);
            names.extend(users.into_iter().map(|user| user.name));
        }
        assert!(names.len() == count && names.is_sorted(), "{role}: {names:?}");
    }
    let page = store.list(Page::of(2).role("Editor").after("user0307")).await.unwrap();
    assert_eq!(page.iter().map(|user| user.name.as_str()).collect::<Vec<_>>(), ["user0607", "user0907"]);
}

pub(crate) async fn change_of_a_missing_user_is_refused(database: TestDatabase) {
    async fn all(store: &SqlUsers, name: &str) -> Vec<StoreError> {
        vec![
            store.get(name).await.unwrap_err(),
            store.delete(name).await.unwrap_err(),
            store.rename(name, "carol").await.unwrap_err(),
            store.set_disabled(name, true).await.unwrap_err(),
            store.sign_out(name).await.unwrap_err(),
            store.set_profile(name, Profile::new()).await.unwrap_err(),
            store.set_password(name, PASSWORD, None).await.unwrap_err(),
            store.verify_password(name, PASSWORD).await.unwrap_err(),
            store.set_roles(name, ["Viewer"]).await.unwrap_err(),
            store.set_permissions(name, ["view"]).await.unwrap_err(),
            store.list_keys(Some(name)).await.unwrap_err(),
        ]
    }
    let store = database.store().await;
    store.add(NewUser::new("alice")).await.unwrap();
    for name in ["bob", "", "a:b", "alice\u{200b}"] {
        for error in all(&store, name).await {
            assert!(matches!(&error, StoreError::NoUser(nobody) if nobody == name), "{name:?}: {error}");
        }
    }
    assert!(matches!(store.revoke_key("nothing").await.unwrap_err(), StoreError::NoKey(_)));
    assert!(matches!(store.revoke_key("a\0").await.unwrap_err(), StoreError::NoKey(_)));
    assert!(ApiKeyStore::find(&store, "a\0").await.unwrap().is_none());
    assert!(store.list_keys_after("a\0", 10).await.unwrap().is_empty());
}

pub(crate) async fn r72_change_of_a_password_needs_the_current_one(database: TestDatabase) {
    let store = database.store().await;
    store.add(NewUser::new("alice").password(PASSWORD)).await.unwrap();
    let before = user(&store, "alice").await.current_epoch();
    let error = store.change_password("alice", HERE, "wrong horse battery", OTHER).await.unwrap_err();
    assert!(matches!(error, StoreError::WrongPassword(_)));
    assert!(store.change_password("alice", HERE, PASSWORD, "short").await.is_err());
    assert!(store.verify_password("alice", PASSWORD).await.unwrap());
    assert_eq!(user(&store, "alice").await.current_epoch(), before);

    store.change_password("alice", HERE, PASSWORD, OTHER).await.unwrap();
    assert!(!store.verify_password("alice", PASSWORD).await.unwrap());
    assert!(store.verify_password("alice", OTHER).await.unwrap());
    assert!(user(&store, "alice").await.current_epoch() > before);
    // A user without a password cannot change it.
    store.add(NewUser::new("robot")).await.unwrap();
    assert!(store.change_password("robot", HERE, "", OTHER).await.is_err());
}

pub(crate) async fn r77_wrong_current_passwords_are_throttled(database: TestDatabase) {
    let store = database.store().await;
    store.add(NewUser::new("alice").password(PASSWORD).password_expires_at(SystemTime::now() + DAY)).await.unwrap();
    let error = store.change_password("alice", HERE, PASSWORD, PASSWORD).await.unwrap_err();
    assert!(matches!(error, StoreError::User(UserError::SamePassword)), "it would be good for ever: {error}");
    for _ in 0..5 {
        let error = store.change_password("alice", HERE, "wrong horse battery", OTHER).await.unwrap_err();
        assert!(matches!(error, StoreError::WrongPassword(_)), "{error}");
    }
    for current in ["wrong horse battery", PASSWORD] {
        let error = store.change_password("ALICE", HERE, current, OTHER).await.unwrap_err();
        assert!(matches!(error, StoreError::TooManyAttempts { .. }) && !error.is_unavailable(), "{error}");
    }
    assert!(store.get("alice").await.unwrap().password_expires_at.is_some());
    // A disabled user cannot change the password either.
    store.add(NewUser::new("bob").password(PASSWORD).disabled(true)).await.unwrap();
    let error = store.change_password("bob", HERE, PASSWORD, OTHER).await.unwrap_err();
    assert!(matches!(error, StoreError::WrongPassword(_)), "{error}");
    // Sign-ins share the count.
    let basic = Basic::new(store);
    assert!(basic.verify(&BasicCredentials::new("alice", PASSWORD), HERE).await.unwrap_err().retry_after().is_some());
}

/// No store must tell by the error, the count or the time which users exist.
pub(crate) async fn r73_change_of_a_password_treats_unknown_names_like_known_ones(database: TestDatabase) {
    const KEY: &str = "Vb8Zc1Xn5Lk9Qw3Er7Ty2Ui6Op4As0Df";
    let other_key = Passwords::new().secret_key(KEY).unwrap();
    let other = database.connect(TestDatabase::options().passwords(other_key)).await;
    other.add(NewUser::new("unreadable").password(PASSWORD)).await.unwrap();
    let store = database.store().await;
    store.add(NewUser::new("known").password(PASSWORD)).await.unwrap();
    store.add(NewUser::new("robot")).await.unwrap();
    let names = ["known", "unknown", "robot", "unreadable", "a:b", ""];
    // Each name has a client of its own, because an address has a limit too.
    let guess = async |index: u8| {
        let client = ClientAddress::from(IpAddr::from([192, 0, 2, index]));
        store.change_password(names[usize::from(index)], client, "wrong horse battery", OTHER).await.unwrap_err()
    };
    let mut fastest = [Duration::MAX; 6];
    for _ in 0..5 {
        for (index, fastest) in (0..).zip(&mut fastest) {
            let start = Instant::now();
            let error = guess(index).await;
            *fastest = start.elapsed().min(*fastest);
            let name = names[usize::from(index)];
            assert!(matches!(&error, StoreError::WrongPassword(wrong) if wrong == name), "{name:?}: {error}");
        }
    }
    for index in 0..6 {
        let error = guess(index).await;
        assert!(matches!(error, StoreError::TooManyAttempts { .. }), "{index}: {error}");
    }
    // Without a hash, it would be less than a tenth.
    assert!(fastest.iter().all(|time| *time > fastest[0] / 2), "{names:?} {fastest:?}");
}

/// Knows one password.
struct Breach;

impl BreachCheck for Breach {
    async fn is_breached(&self, password: &str) -> Result<bool, Unavailable> {
        Ok(password == OTHER)
    }
}

pub(crate) async fn r71_each_new_password_passes_the_breach_check(database: TestDatabase) {
    let passwords = Passwords::new().breach_check(Breach);
    let store = database.connect(TestDatabase::options().passwords(passwords)).await;
    let alice = NewUser::new("alice").password(PASSWORD).verified_email("alice@example.com");
    store.add(alice).await.unwrap();
    let process = Process::new(store.clone());
    process.account.forgot_password(HERE, "alice@example.com").await.unwrap();
    let link = process.token().await;
    let bob = || NewUser::new("bob").password(OTHER);
    for error in [
        store.add(bob()).await.unwrap_err(),
        store.import(vec![bob()]).await.unwrap().remove(0).unwrap_err(),
        store.set_password("alice", OTHER, None).await.unwrap_err(),
        store.change_password("alice", HERE, PASSWORD, OTHER).await.unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::User(UserError::Password(PasswordError::Breached))), "{error:?}");
    }
    let error = process.account.reset_password(HERE, &link, OTHER).await.unwrap_err();
    assert!(matches!(error, AccountError::Password(PasswordError::Breached)), "{error:?}");
    assert!(store.verify_password("alice", PASSWORD).await.unwrap());
    assert_eq!(store.count().await.unwrap(), 1);
}

pub(crate) async fn hashes_with_an_unknown_secret_key_are_counted(database: TestDatabase) {
    const KEYS: [&str; 2] = ["Vb8Zc1Xn5Lk9Qw3Er7Ty2Ui6Op4As0Df", "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa"];
    let [first, second] = KEYS.map(|key| Passwords::new().secret_key(key).unwrap());
    let both = second.clone().former_secret_key(KEYS[0]).unwrap();
    let with = async |passwords: Passwords| database.connect(TestDatabase::options().passwords(passwords)).await;
    with(Passwords::new()).await.add(NewUser::new("nobody").password(PASSWORD)).await.unwrap();
    with(first.clone()).await.add(NewUser::new("alice").password(PASSWORD)).await.unwrap();
    with(second.clone()).await.add(NewUser::new("bob").password(PASSWORD)).await.unwrap();
    for (passwords, count) in [(Passwords::new(), 2), (first, 1), (second, 1), (both, 0)] {
        assert_eq!(with(passwords).await.count_with_unknown_key().await.unwrap(), count);
    }
}

pub(crate) async fn r36_subject_is_random_and_never_reused(database: TestDatabase) {
    let store = database.store().await;
    let mut subjects = HashSet::new();
    for _ in 0..3 {
        let alice = store.add(NewUser::new("alice")).await.unwrap();
        assert!(alice.subject.len() == 32 && alice.subject.bytes().all(|byte| byte.is_ascii_hexdigit()));
        subjects.insert(alice.subject);
        store.delete("ALICE").await.unwrap();
        let outcomes = store.import(vec![NewUser::new("alice")]).await.unwrap();
        assert!(outcomes[0].is_ok());
        subjects.insert(store.get("alice").await.unwrap().subject);
        store.delete("alice").await.unwrap();
    }
    assert_eq!(subjects.len(), 6);
}

pub(crate) async fn user_with_the_name_of_a_deleted_user_inherits_nothing(database: TestDatabase) {
    let store = database.store().await;
    let first = store.add(NewUser::new("alice").password(PASSWORD).roles(["Viewer"])).await.unwrap();
    let overrides = PermissionOverrides::new().add("store", &first.subject, Permission::set(&[Permission::Delete]));
    let app = App::with(&store, overrides);
    let record = user(&store, "alice").await;
    let token = Caller::token(&issuer().token_of(&record).client_id("tests").sign().unwrap());
    let (key, _) = store.create_key("alice", NewKey::unlimited()).await.unwrap();
    let (key, session) = (Caller::key(key.as_str()), app.session(&record).await);
    for caller in [&Caller::password("alice", PASSWORD), &token, &key, &session] {
        let said = app.call(caller).await.unwrap();
        assert_eq!(said, "alice roles: Viewer permissions: view,delete");
        assert_eq!(app.subject(caller).await.unwrap(), first.subject, "what alice owns is stored for this subject");
    }

    store.delete("ALICE").await.unwrap();
    store.add(NewUser::new("alice").password(OTHER).roles(["Viewer"])).await.unwrap();
    for caller in [&Caller::password("alice", PASSWORD), &token, &key, &session] {
        assert_eq!(app.call(caller).await, Err(401));
    }
    let second = Caller::password("alice", OTHER);
    assert_eq!(app.call(&second).await.unwrap(), "alice roles: Viewer permissions: view");
    assert_ne!(app.subject(&second).await.unwrap(), first.subject);
    assert!(store.list_keys(None).await.unwrap().is_empty());
}

pub(crate) async fn renamed_user_keeps_subject_tokens_and_keys(database: TestDatabase) {
    let (store, elsewhere) = (database.store().await, database.store().await);
    let before = store.add(NewUser::new("alice").password(PASSWORD).roles(["Viewer"])).await.unwrap();
    store.add(NewUser::new("bob")).await.unwrap();
    let app = App::over(&store);
    let record = user(&store, "alice").await;
    let token = Caller::token(&issuer().token_of(&record).client_id("tests").sign().unwrap());
    let (key, _) = store.create_key("alice", NewKey::unlimited()).await.unwrap();
    let (key, session) = (Caller::key(key.as_str()), app.session(&record).await);
    assert!(app.call(&Caller::password("alice", PASSWORD)).await.is_ok());

    for (new, reason) in [("Bob", "there is a user"), ("a:b", "cannot be a user name")] {
        let error = store.rename("alice", new).await.unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    let renamed = elsewhere.rename("ALICE", "Alicia").await.unwrap();
    assert_eq!((renamed.name.as_str(), renamed.subject.as_str()), ("alicia", before.subject.as_str()));
    let app = App::over(&elsewhere);
    for caller in [&Caller::password("alicia", PASSWORD), &token, &key, &session] {
        assert_eq!(app.call(caller).await.unwrap(), "alicia roles: Viewer permissions: view");
        assert_eq!(app.subject(caller).await.unwrap(), before.subject);
    }
    assert_eq!(app.call(&Caller::password("alice", PASSWORD)).await, Err(401));
    // The old name can be given again.
    assert_ne!(store.add(NewUser::new("alice")).await.unwrap().subject, before.subject);
}
