//! Sessions that several processes share.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, SystemTime},
};

use auth_runtime::{prelude::*, session::SessionStore};
use auth_store::{NewUser, SqlUsers};
use futures_util::future::join_all;
use sqlx::AnyConnection;
use tokio::time::{sleep, timeout};

use crate::{
    callers::{App, Caller, PASSWORD, user},
    database::{Backend, TestDatabase},
};

async fn add(store: &SqlUsers, name: &str) {
    store.add(NewUser::new(name).password(PASSWORD)).await.unwrap();
}

/// Returns the subject of a user.
async fn subject(store: &SqlUsers, name: &str) -> String {
    store.get(name).await.unwrap().subject
}

pub(crate) async fn r61_only_the_hash_of_a_token_is_stored(database: TestDatabase) {
    let store = database.store().await;
    add(&store, "alice").await;
    let app = App::over(&store);
    let session = app.session(&user(&store, "alice").await).await;
    let (_, token) = session.text().split_once('=').unwrap();
    for column in ["id", "subject", "issuer", "record"] {
        let stored = database.texts(&format!("SELECT {column} FROM auth_session")).await;
        assert!(stored.len() == 1 && !stored[0].contains(token), "{stored:?}");
    }
    let stored = database.texts("SELECT record FROM auth_session").await;
    assert!(!stored[0].contains(PASSWORD), "{stored:?}");
}

pub(crate) async fn r62_session_started_here_is_known_and_ended_elsewhere(database: TestDatabase) {
    let (here, there) = (database.store().await, database.store().await);
    add(&here, "alice").await;
    let alice = user(&here, "alice").await;
    let (app, other_app) = (App::over(&here), App::over(&there));
    let session = app.session(&alice).await;
    let other = app.session(&alice).await;
    for app in [&app, &other_app] {
        assert!(app.call(&session).await.is_ok() && app.call(&other).await.is_ok());
    }
    let listed = other_app.sessions().list("store", alice.subject()).await.unwrap();
    assert_eq!(listed.len(), 2);
    // A sign-in with the cookie of the session ends it.
    let renewed = other_app.session_after(&session, &alice).await;
    for app in [&app, &other_app] {
        assert_eq!(app.call(&session).await, Err(401));
        assert!(app.call(&renewed).await.is_ok() && app.call(&other).await.is_ok());
    }
    assert_eq!(app.sessions().end_all("store", alice.subject(), None).await.unwrap(), 2);
    for app in [&app, &other_app] {
        assert_eq!([app.call(&renewed).await, app.call(&other).await], [Err(401), Err(401)]);
    }
    assert_eq!(app.sessions().end_all("store", alice.subject(), None).await.unwrap(), 0);
}

pub(crate) async fn r62_session_that_ends_here_is_refused_at_once(database: TestDatabase) {
    // This store does not read the epoch again during the test.
    let store = database.sleepy_store().await;
    add(&store, "alice").await;
    let alice = user(&store, "alice").await;
    let app = App::over(&store);
    let (first, second) = (app.session(&alice).await, app.session(&alice).await);
    assert!(app.call(&first).await.is_ok() && app.call(&second).await.is_ok());
    let sessions = store.list_sessions("alice").await.unwrap();
    assert!(store.end_session(&sessions[0].id).await.unwrap());
    assert!(!store.end_session(&sessions[0].id).await.unwrap());
    let refused = [app.call(&first).await, app.call(&second).await];
    assert_eq!(refused.iter().filter(|answer| **answer == Err(401)).count(), 1, "{refused:?}");
    assert_eq!(store.end_sessions_of("alice").await.unwrap(), 1);
    assert_eq!([app.call(&first).await, app.call(&second).await], [Err(401), Err(401)]);
}

pub(crate) async fn r62_sign_ins_and_sign_outs_leave_other_sessions_cached(database: TestDatabase) {
    let (here, there) = (database.store().await, database.store().await);
    for name in ["alice", "bob"] {
        add(&here, name).await;
    }
    let (alice, bob) = (user(&here, "alice").await, user(&here, "bob").await);
    let (app, other_app) = (App::over(&here), App::over(&there));
    let session = app.session(&alice).await;
    for app in [&app, &other_app] {
        assert!(app.call(&session).await.is_ok());
    }
    let former = app.session(&bob).await;
    app.session_after(&former, &bob).await;
    here.end_sessions_of("bob").await.unwrap();
    // A cached session is not read again, so a change by hand is not seen.
    database.execute("UPDATE auth_session SET record = 'broken' WHERE ended_in IS NULL").await;
    for app in [&app, &other_app] {
        assert!(app.call(&session).await.is_ok());
    }
    here.end_sessions_of("alice").await.unwrap();
    for app in [&app, &other_app] {
        assert_eq!(app.call(&session).await, Err(401));
    }
}

pub(crate) async fn r62_sessions_end_with_the_credentials(database: TestDatabase) {
    let (here, there) = (database.store().await, database.store().await);
    let app = App::over(&there);
    add(&here, "alice").await;
    for change in 0..4 {
        let session = app.session(&user(&here, "alice").await).await;
        assert!(app.call(&session).await.is_ok());
        match change {
            0 => here.set_password("alice", "a horse of another colour", None).await.unwrap(),
            1 => here.sign_out("alice").await.unwrap(),
            2 => {
                here.set_disabled("alice", true).await.unwrap();
                assert!(here.list_sessions("alice").await.unwrap().is_empty());
                here.set_disabled("alice", false).await.unwrap();
            }
            _ => here.delete("alice").await.unwrap(),
        }
        assert_eq!(app.call(&session).await, Err(401), "{change}");
        if change < 3 {
            assert!(here.list_sessions("alice").await.unwrap().is_empty(), "{change}");
        }
    }
}

pub(crate) async fn r62_forged_tokens_change_nothing(database: TestDatabase) {
    let store = database.store().await;
    add(&store, "alice").await;
    let alice = user(&store, "alice").await;
    let app = App::over(&store);
    let forged = app.session(&alice).await;
    store.end_sessions_of("alice").await.unwrap();
    let epoch = "SELECT epoch FROM auth_epoch WHERE id = 2";
    let before = database.number(epoch).await;
    assert_eq!(app.call(&forged).await, Err(401));
    app.session_after(&forged, &alice).await;
    assert!(!SessionStore::end(&store, "0123456789abcdef0123456789abcdef").await.unwrap());
    assert!(!SessionStore::end(&store, "\0").await.unwrap());
    assert_eq!(database.number(epoch).await, before);
}

pub(crate) async fn r62_last_request_is_recorded_for_all_processes(database: TestDatabase) {
    let (here, there) = (database.store().await, database.store().await);
    add(&here, "alice").await;
    let app = App::over(&here);
    let session = app.session(&user(&here, "alice").await).await;
    assert!(App::over(&there).call(&session).await.is_ok());
    // Both processes have cached a session that was seen long ago.
    database.execute("UPDATE auth_session SET last_seen_at = last_seen_at + 1000").await;
    let minutes = |count| Duration::from_mins(count);
    let clock = SystemTime::now() + minutes(40);
    let later = |store: &SqlUsers| Sessions::new(&Basic::new(store.clone()).issuer("store")).clock(move || clock);
    let request = poem::Request::builder().header("Cookie", session.text()).finish();
    let current = later(&there).current(&request).await.unwrap().unwrap();
    // The request of the other process is written in a task.
    timeout(Duration::from_secs(20), async {
        while database.number("SELECT last_seen_at FROM auth_session").await
            < i64::try_from(current.created_at + 2300).unwrap()
        {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
    let clock = SystemTime::now() + minutes(75);
    let later = Sessions::new(&Basic::new(here).issuer("store")).clock(move || clock);
    assert!(later.current(&request).await.unwrap().is_none());
}

pub(crate) async fn r62_user_ends_only_own_sessions(database: TestDatabase) {
    let store = database.store().await;
    for name in ["alice", "bob"] {
        add(&store, name).await;
    }
    let app = App::over(&store);
    let session = app.session(&user(&store, "alice").await).await;
    let id = store.list_sessions("alice").await.unwrap()[0].id.clone();
    let (alice, bob) = (subject(&store, "alice").await, subject(&store, "bob").await);
    assert!(!app.sessions().end("store", &bob, &id).await.unwrap());
    assert!(!app.sessions().end("another issuer", &alice, &id).await.unwrap());
    assert_eq!(app.sessions().end_all("another issuer", &alice, None).await.unwrap(), 0);
    assert!(app.call(&session).await.is_ok());
    assert!(app.sessions().end("store", &alice, &id).await.unwrap());
    assert_eq!(app.call(&session).await, Err(401));
}

pub(crate) async fn damaged_sessions_are_503_and_leave_others_alone(database: TestDatabase) {
    let store = database.store().await;
    for name in ["alice", "bob"] {
        add(&store, name).await;
    }
    let (alice, bob) = (user(&store, "alice").await, user(&store, "bob").await);
    let app = App::over(&store);
    let (session, other) = (app.session(&alice).await, app.session(&bob).await);
    let records = database.texts("SELECT record FROM auth_session").await;
    let good = records.iter().find(|record| record.contains(alice.subject())).unwrap();
    let set = async |record: &str| {
        let record = record.replace('\'', "''");
        let sql = format!("UPDATE auth_session SET record = '{record}' WHERE subject = '{}'", alice.subject());
        database.execute(&sql).await;
        // Another process has no cache of the session.
        App::over(&database.store().await).call(&session).await
    };
    for damaged in ["", "{", "null", "[]", "{}", &good[1..], &good.replace("false", "0"), &"[".repeat(10_000)] {
        assert_eq!(set(damaged).await, Err(503), "{damaged:.80}");
        assert!(App::over(&database.store().await).call(&other).await.is_ok());
    }
    for foreign in [
        good.replace("\"store\"", "\"elsewhere\""),
        good.replace("\"credential_epoch\":0", "\"credential_epoch\":18446744073709551615"),
        good.replace(alice.subject(), "nobody"),
        good.replace("\"token_hash\":\"", "\"token_hash\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\",\"was\":\""),
    ] {
        assert_ne!(foreign, *good);
        assert_eq!(set(&foreign).await, Err(401), "{foreign}");
    }
    assert!(set(good).await.is_ok());
}

pub(crate) async fn old_sessions_are_deleted(database: TestDatabase) {
    let store = database.store().await;
    add(&store, "alice").await;
    let alice = user(&store, "alice").await;
    let app = App::over(&store);
    for _ in 0..3 {
        app.session(&alice).await;
    }
    store.end_sessions_of("alice").await.unwrap();
    app.session(&alice).await;
    database.execute("UPDATE auth_session SET ended_at = 1000 WHERE ended_in IS NOT NULL").await;
    database.execute("UPDATE auth_session SET expires_at = 1000 WHERE ended_in IS NULL").await;
    // A new process deletes old rows at its first sign-in.
    let other = database.store().await;
    let last = App::over(&other).session(&alice).await;
    timeout(Duration::from_secs(20), async {
        while database.number("SELECT COUNT(*) FROM auth_session").await > 1 {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
    assert!(app.call(&last).await.is_ok());
}

pub(crate) async fn r62_ten_thousand_ends_do_not_stall_requests(database: TestDatabase) {
    let (here, there) = (database.store().await, database.store().await);
    for name in ["alice", "bob"] {
        add(&here, name).await;
    }
    let (app, other_app) = (App::over(&here), App::over(&there));
    let session = app.session(&user(&here, "bob").await).await;
    assert!(other_app.call(&session).await.is_ok());
    let alice = subject(&here, "alice").await;
    fill(&database, &alice, 10_000).await;
    let bob = user(&here, "bob").await;
    let is_over = AtomicBool::new(false);
    let end = async {
        let ended = here.end_sessions_of("alice").await;
        is_over.store(true, Ordering::SeqCst);
        ended
    };
    // Requests of others go on, and so do their sign-ins and sign-outs, which raise the same epoch.
    let others = async {
        let mut another = other_app.session(&bob).await;
        while !is_over.load(Ordering::SeqCst) {
            assert!(other_app.call(&session).await.is_ok());
            another = other_app.session_after(&another, &bob).await;
        }
    };
    let (ended, ()) = tokio::join!(end, others);
    assert_eq!(ended.unwrap(), 10_000);
    assert!(here.list_sessions("alice").await.unwrap().is_empty());

    // No transaction ended more than a batch, and others came in between.
    let of_alice = format!("FROM auth_session WHERE subject = '{alice}'");
    let largest = format!("SELECT MAX(ended) FROM (SELECT COUNT(*) AS ended {of_alice} GROUP BY ended_in) AS batches");
    assert_eq!(database.number(&largest).await, 500);
    let between = format!(
        "SELECT COUNT(*) FROM auth_session WHERE subject <> '{alice}' \
         AND ended_in > (SELECT MIN(ended_in) {of_alice}) AND ended_in < (SELECT MAX(ended_in) {of_alice})"
    );
    assert!(database.number(&between).await > 0);
}

pub(crate) async fn r62_ten_thousand_users_sign_out_in_bounded_steps(database: TestDatabase) {
    let (here, there) = (database.store().await, database.store().await);
    for name in ["bob", "carol"] {
        add(&here, name).await;
    }
    let (app, other_app) = (App::over(&here), App::over(&there));
    let session = app.session(&user(&here, "bob").await).await;
    assert!(other_app.call(&session).await.is_ok());
    // An administrator ends the sessions of all users at once: each has one.
    for chunk in (0..10_000).collect::<Vec<_>>().chunks(1000) {
        let rows: Vec<String> =
            chunk.iter().map(|id| format!("('{id:032x}', 'user{id}', 'store', 0, 4102444800, '{{}}', 1, 1)")).collect();
        let columns = "(id, subject, issuer, last_seen_at, expires_at, record, ended_in, ended_at)";
        database.execute(&format!("INSERT INTO auth_session {columns} VALUES {}", rows.join(", "))).await;
    }
    database.execute("UPDATE auth_epoch SET epoch = epoch + 1 WHERE id = 2").await;
    // Other processes evict these sessions, and no other one.
    database.execute("UPDATE auth_session SET record = 'broken' WHERE ended_in IS NULL").await;
    assert!(other_app.call(&session).await.is_ok());
    // Old rows are deleted a thousand at a time, by the next sign-in.
    let another = other_app.session(&user(&there, "carol").await).await;
    while database.number("SELECT COUNT(*) FROM auth_session WHERE ended_at = 1").await > 0 {
        assert!(other_app.call(&another).await.is_ok());
    }
}

/// Inserts sessions of a user in few statements.
async fn fill(database: &TestDatabase, subject: &str, count: usize) {
    for chunk in (0..count).collect::<Vec<_>>().chunks(1000) {
        let rows: Vec<String> =
            chunk.iter().map(|id| format!("('{id:032x}', '{subject}', 'store', 0, 4102444800, '{{}}')")).collect();
        let columns = "(id, subject, issuer, last_seen_at, expires_at, record)";
        database.execute(&format!("INSERT INTO auth_session {columns} VALUES {}", rows.join(", "))).await;
    }
}

pub(crate) async fn sign_ins_and_sign_outs_of_many_all_take_effect(database: TestDatabase) {
    let (here, there) = (database.store().await, database.store().await);
    add(&here, "alice").await;
    let alice = user(&here, "alice").await;
    let apps = [App::over(&here), App::over(&there)];
    let round = |index: usize| {
        let (app, other, alice) = (&apps[index % 2], &apps[(index + 1) % 2], &alice);
        async move {
            let first = app.session(alice).await;
            let second = other.session_after(&first, alice).await;
            assert_eq!([app.call(&first).await, other.call(&first).await], [Err(401), Err(401)]);
            assert!(app.call(&second).await.is_ok());
            second
        }
    };
    let sessions: Vec<Caller> = join_all((0..20).map(round)).await;
    assert_eq!(here.list_sessions("alice").await.unwrap().len(), 20);
    assert_eq!(there.end_sessions_of("alice").await.unwrap(), 20);
    for session in &sessions {
        assert_eq!([apps[0].call(session).await, apps[1].call(session).await], [Err(401), Err(401)]);
    }
}

pub(crate) async fn no_session_starts_while_the_former_one_cannot_end(database: TestDatabase) {
    if database.backend == Backend::Sqlite {
        // Its one writer would wait for itself.
        return;
    }
    let options = TestDatabase::options().freshness(Duration::ZERO).answer_timeout(Duration::from_secs(1));
    let store = database.connect(options).await;
    add(&store, "alice").await;
    let alice = user(&store, "alice").await;
    let app = App::over(&store);
    let former = app.session(&alice).await;
    let lock: AnyConnection = database.begin("UPDATE auth_session SET last_seen_at = last_seen_at").await;
    let request = poem::Request::builder().header("Cookie", former.text()).finish();
    let new = auth_runtime::session::NewSession::of_user(&alice);
    assert!(app.sessions().start(&request, new).await.is_err());
    TestDatabase::end(lock, "ROLLBACK").await;
    assert_eq!(database.number("SELECT COUNT(*) FROM auth_session").await, 1);
    assert!(app.call(&former).await.is_ok());
}
