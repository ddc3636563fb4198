//! The token service with users in SQL, and its state in Redis, on several processes.

use std::time::{Duration, Instant};

use auth_runtime::{
    jwt::{KeyRing, Revocations, TokenIssuer},
    prelude::*,
    token_service::{Client, MemoryClients, TokenService},
};
use auth_store::{NewUser, SqlUsers};

use crate::{
    database::TestDatabase,
    flows::{self, Kit, PASSWORD},
};

const SECRET: &str = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";
const CLIENT_SECRET: &str = "8Gf2HjMa0Zr9Pq4cWv1XsT7uKb3Ln6Yd";

/// Returns the users of a process.
async fn users(database: &TestDatabase) -> SqlUsers {
    let options = SqlUsers::options().freshness(Duration::ZERO).attempts(database.redis().await);
    options.connect(&database.url).await.unwrap()
}

/// Returns the application of a process.
async fn process(database: &TestDatabase) -> Kit {
    let (users, redis) = (users(database).await, database.redis().await);
    let ring = KeyRing::new(redis.clone(), SECRET).unwrap();
    let issuer = TokenIssuer::key_ring(ring).await.unwrap().issuer("https://issuer.example").audience("entries");
    let subject = users.get("machine").await.unwrap().subject;
    let client = Client::new("nightly", Client::hash(CLIENT_SECRET), subject);
    let tokens = TokenService::new(issuer, Basic::new(users.clone()))
        .refresh_tokens(redis.clone())
        .clients(MemoryClients::new().add_client(client))
        .revocations(&Revocations::shared(redis))
        .password_grant("web");
    Kit { app: flows::app(&tokens, users), client_id: "nightly".to_owned(), client_secret: CLIENT_SECRET.to_owned() }
}

async fn add_users(database: &TestDatabase) {
    let users = users(database).await;
    users.add(NewUser::new("alice").password(PASSWORD).roles(["User"])).await.unwrap();
    users.add(NewUser::new("machine").roles(["Viewer"])).await.unwrap();
}

macro_rules! flows {
    ($($name:ident)*) => {$(
        pub(crate) async fn $name(database: TestDatabase) {
            add_users(&database).await;
            flows::$name(process(&database).await).await;
        }
    )*};
}

flows::each_flow! { flows }

pub(crate) async fn r82_token_revoked_in_one_process_is_refused_in_the_other(database: TestDatabase) {
    add_users(&database).await;
    let (here, there) = (process(&database).await, process(&database).await);
    let tokens = here.sign_in().await;
    let access = tokens.access();
    assert_eq!([here.entries(&access).await, there.entries(&access).await], [200, 200]);
    assert_eq!(there.revoke(&tokens.refresh()).await.status, 200);
    let revoked = Instant::now();
    assert_eq!(there.entries(&access).await, 401);
    while here.entries(&access).await != 401 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(revoked.elapsed() < Duration::from_secs(1), "{:?}", revoked.elapsed());
    assert_eq!(here.refresh(&tokens.refresh()).await.text("error"), "invalid_grant");
}

pub(crate) async fn r81_token_used_in_two_processes_at_once_succeeds_once(database: TestDatabase) {
    add_users(&database).await;
    let (here, there) = (process(&database).await, process(&database).await);
    for _ in 0..10 {
        let refresh = here.sign_in().await.refresh();
        let (one, other) = tokio::join!(here.refresh(&refresh), there.refresh(&refresh));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 400]);
        let next = if one.status == 200 { one.refresh() } else { other.refresh() };
        assert_eq!(there.refresh(&next).await.status, 400, "the family has ended");
    }
}

pub(crate) async fn r81_only_hashes_of_refresh_tokens_are_stored(database: TestDatabase) {
    add_users(&database).await;
    let tokens = process(&database).await.sign_in().await;
    let family = database.keys().await.into_iter().find(|key| key.contains(":refresh:")).unwrap();
    let stored: Vec<Vec<u8>> = database.command(&["HVALS", &family]).await;
    let stored = String::from_utf8_lossy(&stored.concat()).into_owned() + &family;
    for text in [tokens.refresh().as_str(), &tokens.refresh()[3..25], PASSWORD] {
        assert!(!stored.contains(text), "{stored}");
    }
}
