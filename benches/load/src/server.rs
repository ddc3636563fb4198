//! The server: sessions and users in SQLite, and tokens.

use std::{env, fs, io, net::SocketAddr};

use auth_runtime::{
    jwt::TokenIssuer,
    prelude::*,
    session::{NewSession, SignInPages},
    users::{User, hash_password},
};
use auth_store::{NewUser, SqlUsers};
use poem::{
    EndpointExt, Request, Response, Route, Server, get, handler,
    http::header::SET_COOKIE,
    listener::{Acceptor, Listener, TcpListener},
    web::Json,
};
use serde::Serialize;
use tokio::runtime::Runtime;

use crate::{
    Outcome,
    client::{PASSWORD, USERS, user_name},
};

const SECRET: &str = "0Zr9Pq4cWv1XsT7uKb3Ln6Yd8Gf2HjMa";
const BATCH: usize = 1000;

#[derive(Auth, Clone)]
struct Auth {
    #[scheme(cookie = "__Host-session")]
    session: Sessions<SqlUsers>,
    #[scheme(bearer)]
    token: Jwt,
}

/// A small response.
#[derive(Serialize)]
struct Entry {
    id: i64,
    title: &'static str,
}

#[protected]
#[handler]
fn entry() -> Json<Entry> {
    Json(Entry { id: 42, title: "What was said in the meeting" })
}

/// Serves until the process is killed.
pub(crate) fn run() -> Outcome<()> {
    let folder = env::temp_dir().join(format!("auth-load-{}", std::process::id()));
    fs::create_dir(&folder)?;
    let served = Runtime::new()?.block_on(serve(&format!("sqlite:{}", folder.join("users.db").display())));
    fs::remove_dir_all(&folder)?;
    served
}

async fn serve(url: &str) -> Outcome<()> {
    let store = SqlUsers::connect(url).await?;
    add_users(&store).await?;
    let sessions = Sessions::new(&Basic::new(store.clone()));
    let issuer = TokenIssuer::hs256(SECRET)?.issuer("https://issuer.example").audience("entries");
    let auth = Auth { session: sessions.clone(), token: issuer.verifier() };
    let pages = SignInPages::new(&sessions);
    let app = Route::new().at("/entry", get(entry).with(auth)).with(pages);

    let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await?;
    let address = acceptor.local_addr().into_iter().next().and_then(|address| address.as_socket_addr().copied());
    let port = address.as_ref().map(SocketAddr::port).ok_or_else(|| io::Error::other("no address"))?;
    let user = auth_runtime::users::UserStore::find(&store, &user_name(0)).await?.ok_or("no user")?;
    println!("{port}\n{}\n{}", cookie(&sessions, &user).await?, issuer.token("alice").client_id("load").sign()?);
    Server::new_with_acceptor(acceptor).run(app).await?;
    Ok(())
}

async fn add_users(store: &SqlUsers) -> Outcome<()> {
    let hash = hash_password(PASSWORD)?;
    for first in (0..USERS).step_by(BATCH) {
        let users =
            (first..USERS.min(first + BATCH)).map(|number| NewUser::new(user_name(number)).password_hash(&hash));
        for added in store.import(users.collect()).await? {
            added?;
        }
    }
    Ok(())
}

/// Signs a user in, and returns name and value of the cookie.
async fn cookie(sessions: &Sessions<SqlUsers>, user: &User) -> Outcome<String> {
    let mut response = Response::default();
    sessions.start(&Request::default(), NewSession::of_user(user)).await?.add_to(&mut response);
    let cookie = response.header(SET_COOKIE).ok_or("no cookie")?;
    Ok(cookie.split(';').next().unwrap_or_default().to_owned())
}
