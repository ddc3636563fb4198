//! Freshness: a change takes effect at once in its process, and within a bound in others, without a query per request.

use std::time::Duration;

use auth_runtime::{
    jwt::{Jwt, TokenIssuer},
    users::{User, UserTokens},
};
use auth_store::{NewKey, NewUser, SqlUsers};
use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

use crate::{
    callers::{App, Caller, PASSWORD, issuer, user},
    database::TestDatabase,
};

const OTHER: &str = "a horse of another colour";

/// Adds alice, and calls by password, token, key and session.
async fn alice(store: &SqlUsers, app: &App) -> [Caller; 4] {
    store.add(NewUser::new("alice").password(PASSWORD).roles(["Viewer"])).await.unwrap();
    alice_again(store, app).await
}

async fn alice_again(store: &SqlUsers, app: &App) -> [Caller; 4] {
    let alice = user(store, "alice").await;
    let token = issuer().token_of(&alice).client_id("tests").sign().unwrap();
    let (key, _) = store.create_key("alice", NewKey::unlimited()).await.unwrap();
    let (password, session) = (Caller::password("alice", PASSWORD), app.session(&alice).await);
    let callers = [password, Caller::token(&token), Caller::key(key.as_str()), session];
    for caller in &callers {
        assert_eq!(app.call(caller).await.unwrap(), "alice roles: Viewer permissions: view");
    }
    callers
}

/// Makes each change by `store`, and checks its effect at `app`.
async fn each_change_takes_effect(store: &SqlUsers, app: &App) {
    let [password, token, key, session] = alice(store, app).await;
    let refused = async |caller: &Caller| app.call(caller).await.unwrap_err();

    store.set_roles("alice", ["Editor"]).await.unwrap();
    for caller in [&password, &token, &key, &session] {
        assert_eq!(app.call(caller).await.unwrap(), "alice roles: Editor permissions: view,edit");
    }
    store.set_roles("alice", [""; 0]).await.unwrap();
    store.set_permissions("alice", ["delete"]).await.unwrap();
    for caller in [&password, &token, &key, &session] {
        assert_eq!(app.call(caller).await.unwrap(), "alice roles:  permissions: delete");
    }
    store.set_permissions("alice", [""; 0]).await.unwrap();
    store.set_roles("alice", ["Viewer"]).await.unwrap();

    store.set_disabled("alice", true).await.unwrap();
    for caller in [&password, &token, &key, &session] {
        assert_eq!(refused(caller).await, 401);
    }
    store.set_disabled("alice", false).await.unwrap();
    assert!(app.call(&password).await.is_ok() && app.call(&key).await.is_ok());
    assert_eq!([refused(&token).await, refused(&session).await], [401, 401]);

    let [_, token, key, session] = alice_again(store, app).await;
    // Enabling an enabled user ends no tokens.
    store.set_disabled("alice", false).await.unwrap();
    assert!(app.call(&token).await.is_ok() && app.call(&session).await.is_ok());
    store.set_password("alice", OTHER, None).await.unwrap();
    for caller in [&password, &token, &session] {
        assert_eq!(refused(caller).await, 401);
    }
    assert!(app.call(&Caller::password("alice", OTHER)).await.is_ok() && app.call(&key).await.is_ok());
    store.set_password("alice", PASSWORD, None).await.unwrap();

    let [_, token, key, session] = alice_again(store, app).await;
    store.sign_out("alice").await.unwrap();
    assert_eq!([refused(&token).await, refused(&session).await], [401, 401]);
    assert!(app.call(&password).await.is_ok());
    for info in store.list_keys(Some("alice")).await.unwrap() {
        store.revoke_key(&info.id).await.unwrap();
    }
    assert_eq!(refused(&key).await, 401);

    let [_, token, key, session] = alice_again(store, app).await;
    store.delete("alice").await.unwrap();
    for caller in [&password, &token, &key, &session] {
        assert_eq!(refused(caller).await, 401);
    }
}

pub(crate) async fn r07_change_here_takes_effect_with_the_next_request(database: TestDatabase) {
    // This store does not read the epoch again during the test.
    let store = database.sleepy_store().await;
    each_change_takes_effect(&store, &App::over(&store.clone())).await;
}

pub(crate) async fn r07_change_elsewhere_takes_effect_within_the_bound(database: TestDatabase) {
    // The bound is zero: each request reads the epoch, and the test does not wait.
    let (here, there) = (database.store().await, database.store().await);
    each_change_takes_effect(&here, &App::over(&there)).await;
}

pub(crate) async fn r07_sign_in_after_a_new_password_is_known_elsewhere(database: TestDatabase) {
    // The other process has cached the user as before the change, and does not read the epoch again during the test.
    let (here, there) = (database.store().await, database.sleepy_store().await);
    let (app, other) = (App::over(&here), App::over(&there));
    let [_, token, _, session] = alice(&here, &other).await;
    here.set_password("alice", OTHER, None).await.unwrap();
    let alice = user(&here, "alice").await;
    let new = issuer().token_of(&alice).client_id("tests").sign().unwrap();
    for caller in [app.session(&alice).await, Caller::token(&new)] {
        assert_eq!(other.call(&caller).await.unwrap(), "alice roles: Viewer permissions: view");
    }
    for former in [&token, &session] {
        assert_eq!(app.call(former).await, Err(401));
    }
}

pub(crate) async fn r07_known_caller_costs_no_query(database: TestDatabase) {
    let (here, there) = (database.store().await, database.sleepy_store().await);
    let app = App::over(&there);
    let callers = alice(&here, &app).await;
    // From here on each query fails.
    there.close().await;
    for _ in 0..3 {
        for caller in &callers {
            assert!(app.call(caller).await.is_ok());
        }
    }
    // Within the bound only cached callers are known.
    here.delete("alice").await.unwrap();
    assert!(app.call(&callers[0]).await.is_ok());
    assert_eq!(app.call(&Caller::password("bob", PASSWORD)).await, Err(503));
    let unknown = format!("key_{}_{}", "0".repeat(16), "0".repeat(43));
    assert_eq!(app.call(&Caller::key(&unknown)).await, Err(503));
}

pub(crate) async fn r07_tokens_end_with_their_credentials(database: TestDatabase) {
    let store = database.store().await;
    let app = App::over(&store);
    let [_, token, ..] = alice(&store, &app).await;
    // Within the same second.
    store.sign_out("alice").await.unwrap();
    let next = user(&store, "alice").await.current_epoch() + 1;
    let later = issuer().token_of(&user(&store, "alice").await).client_id("tests").sign().unwrap();
    store.sign_out("alice").await.unwrap();
    assert_eq!(user(&store, "alice").await.current_epoch(), next);
    for token in [&token, &Caller::token(&later)] {
        assert_eq!(app.call(token).await, Err(401));
    }
}

pub(crate) async fn token_has_the_current_permissions_of_its_user(database: TestDatabase) {
    let store = database.store().await;
    let app = App::over(&store);
    store.add(NewUser::new("alice").roles(["Editor"])).await.unwrap();
    let alice = user(&store, "alice").await;
    let token = |limits: &[&str]| {
        let token = issuer().token_of(&alice).client_id("tests").limited_to(limits.iter().copied()).sign();
        Caller::token(&token.unwrap())
    };
    let (limited, wished) = (token(&["view"]), token(&["view", "delete"]));
    for token in [&limited, &wished] {
        assert_eq!(app.call(token).await.unwrap(), "alice roles:  permissions: view");
    }
    store.set_roles("alice", ["Administrator"]).await.unwrap();
    assert_eq!(app.call(&limited).await.unwrap(), "alice roles:  permissions: view");
    assert_eq!(app.call(&wished).await.unwrap(), "alice roles:  permissions: view,delete");
    store.set_roles("alice", [""; 0]).await.unwrap();
    assert_eq!(app.call(&wished).await.unwrap(), "alice roles:  permissions: ");
}

pub(crate) async fn r07_slow_sign_ins_do_not_stop_known_callers(database: TestDatabase) {
    let store = database.store().await;
    let app = App::over(&store);
    let [_, _, key, _] = alice(&store, &app).await;
    assert_eq!(app.call(&Caller::password("alice", "wrong horse battery")).await, Err(401));
    // The rows of the attempts are locked, so that each sign-in waits and holds its connection.
    let lock = database.begin("UPDATE auth_attempt SET last_at = last_at + 1").await;
    let callers: Vec<_> = (0..8).map(|number| Caller::password("alice", &format!("{OTHER} {number}"))).collect();
    let sign_ins = join_all(callers.iter().map(|caller| app.call(caller)));
    let known = async {
        sleep(Duration::from_millis(300)).await;
        let answer = timeout(Duration::from_secs(3), app.call(&key)).await;
        TestDatabase::end(lock, "ROLLBACK").await;
        answer
    };
    let (_, known) = tokio::join!(sign_ins, known);
    assert!(matches!(known, Ok(Ok(_))), "{known:?}");
}

pub(crate) async fn r36_token_of_another_issuer_or_without_an_epoch_is_rejected(database: TestDatabase) {
    let store = database.store().await;
    let app = App::over(&store);
    store.add(NewUser::new("alice").roles(["Viewer"])).await.unwrap();
    let without = issuer()
        .token(user(&store, "alice").await.subject())
        .client_id("tests")
        .roles(["Administrator"])
        .sign()
        .unwrap();
    assert_eq!(app.call(&Caller::token(&without)).await, Err(401));
    // Neither the name nor another spelling is the subject.
    let alice = user(&store, "alice").await;
    for subject in ["alice".to_owned(), format!("{} ", alice.subject())] {
        let other = User::new(subject, "").credential_epoch(alice.current_epoch());
        let other = issuer().token_of(&other).client_id("tests").sign().unwrap();
        assert_eq!(app.call(&Caller::token(&other)).await, Err(401));
    }
    let other = TokenIssuer::hs256("8Gf2HjMa0Zr9Pq4cWv1XsT7uKb3Ln6Yd").unwrap().issuer("elsewhere").audience("tests");
    let both = Jwt::any_of([issuer().verifier(), other.verifier()]).unwrap();
    assert!(UserTokens::new(both, store).is_err());
}
