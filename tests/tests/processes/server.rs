//! A process of the application. The tests run themselves again for each process.

use std::{
    env,
    io::Read,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use auth_runtime::{
    account::{Mail, Mailer, SelfService},
    authenticate::Unavailable,
    jwt::{KeyRing, KeyRingError},
};
use auth_store::{RedisStore, SqlUsers};
use poem::{
    EndpointExt, IntoResponse, Request, Response, Route, Server,
    endpoint::make,
    http::{Method, StatusCode},
    listener::{Acceptor, Listener, TcpListener},
    web::Json,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::application::{self, State, application, key_ring, proxy};

/// The variable with the [`Settings`] of a process, as JSON.
pub(crate) const VARIABLE: &str = "AUTH_TEST_PROCESS";

/// The settings of a process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// The URL of the users.
    pub(crate) users: String,
    /// The URL of the server and the prefix of the keys, if the rest is in Redis.
    pub(crate) redis: Option<(String, String)>,
    /// How long a change in another process may take.
    pub(crate) bound: Duration,
    /// The time limit of an answer of the database.
    pub(crate) patience: Duration,
}

/// Collects the mails in place of sending them.
#[derive(Clone, Default)]
struct Sent(Arc<Mutex<Vec<Mail>>>);

impl Mailer for Sent {
    async fn send(&self, mail: Mail) -> Result<(), Unavailable> {
        self.0.lock().expect("no panic").push(mail);
        Ok(())
    }
}

/// Runs as a process of the application, if the variable is set.
pub(crate) fn run_if_asked() {
    let Ok(settings) = env::var(VARIABLE) else { return };
    let settings = serde_json::from_str(&settings).expect("settings");
    // The process must not outlive its test, which holds the other end of the pipe.
    thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    tokio::runtime::Runtime::new().expect("threads").block_on(serve(settings));
}

async fn serve(settings: Settings) {
    let Settings { users, redis, bound, patience } = settings;
    let options = application::options(bound).acquire_timeout(patience).answer_timeout(patience);
    let Some((url, prefix)) = redis else {
        let users = options.connect(&users).await.expect("a database");
        return run(&users, &users, bound).await;
    };
    let redis = RedisStore::options().key_prefix(&prefix).answer_timeout(patience).connect(&url).await;
    let redis = redis.expect("a server");
    let users = options.attempts(redis.clone()).connect(&users).await.expect("a database");
    run(&users, &redis, bound).await;
}

/// Serves until the process ends, and prints the port.
async fn run<S: State>(users: &SqlUsers, state: &S, bound: Duration) {
    let sent = Sent::default();
    let (app, account) = application(users, state, sent.clone(), bound).await;
    let ring = key_ring(state);
    let keys = make(move |request| change_keys(ring.clone(), request));
    let mails = make(move |_| sent_mails(account.clone(), sent.clone()));
    let app = Route::new().at("/test/keys", keys).at("/test/mails", mails).nest("/", app).with(proxy());
    let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.expect("a free port");
    let port = acceptor.local_addr()[0].as_socket_addr().expect("an address").port();
    println!("{port}");
    Server::new_with_acceptor(acceptor).run(app).await.expect("a server");
}

/// Returns the keys with their states. `POST` adds one, with the query `now` to sign at once, and `DELETE` retires the one in
/// the query.
async fn change_keys<S: State>(ring: KeyRing<S>, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let changed = match (request.method(), query) {
        (&Method::POST, "now") => ring.rotate_now().await.map(|key| json!(key.id)),
        (&Method::POST, _) => ring.rotate().await.map(|key| json!(key.id)),
        (&Method::DELETE, id) => ring.retire(id).await.map(Value::from),
        _ => ring.list().await.map(|keys| keys.iter().map(|(key, state)| json!([key.id, state.name()])).collect()),
    };
    match changed {
        Ok(answer) => Json(answer).into_response(),
        Err(KeyRingError::Store(_)) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Err(error) => Response::builder().status(StatusCode::CONFLICT).body(error.to_string()),
    }
}

/// Returns the texts of the mails that were sent since the last call.
async fn sent_mails(account: SelfService<SqlUsers>, sent: Sent) -> Response {
    account.finish().await;
    let mails: Vec<Mail> = std::mem::take(&mut *sent.0.lock().expect("no panic"));
    Json(mails.iter().map(|mail| json!([mail.to().as_str(), mail.body()])).collect::<Value>()).into_response()
}
