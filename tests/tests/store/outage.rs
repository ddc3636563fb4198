//! Outages of the database: the connections go through a port that can be closed.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use auth_store::{NewKey, NewUser, SqlUsers};
use futures_util::future::join_all;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::{
    callers::{App, Caller, PASSWORD},
    database::TestDatabase,
    tokens,
};

/// The state of the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Port {
    Open,
    /// Existing and new connections end.
    Closed,
    /// No data passes.
    Silent,
}

/// A port of this machine in front of a database.
pub(crate) struct Proxy {
    pub(crate) url: String,
    pub(crate) port: watch::Sender<Port>,
}

impl Proxy {
    pub(crate) async fn before(url: &str) -> Self {
        let server = address(url);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap();
        let (port, states) = watch::channel(Port::Open);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass_on(client, server, states.clone()));
            }
        });
        Self { url: url.replacen(&server.to_string(), &here.to_string(), 1), port }
    }
}

async fn pass_on(mut client: TcpStream, server: SocketAddr, mut port: watch::Receiver<Port>) {
    if *port.borrow() == Port::Open {
        let mut server = TcpStream::connect(server).await.unwrap();
        tokio::select! {
            _ = copy_bidirectional(&mut client, &mut server) => return,
            _ = port.wait_for(|port| *port != Port::Open) => {}
        }
    }
    // The connection stays open without an answer.
    let _ = port.wait_for(|port| *port != Port::Silent).await;
}

/// Returns host and port of a URL.
fn address(url: &str) -> SocketAddr {
    let after = url.rsplit_once('@').expect("a URL with a user").1;
    after.split(['/', '?']).next().unwrap().parse().expect("an address with a port")
}

/// Returns a store with short timeouts, behind the port.
fn impatient(proxy: &Proxy) -> SqlUsers {
    let short = Duration::from_millis(500);
    let options = TestDatabase::options().freshness(Duration::ZERO).acquire_timeout(short).answer_timeout(short);
    options.connect_lazily(&proxy.url).unwrap()
}

/// Adds alice without the port, and calls through it.
async fn alice(database: &TestDatabase, store: &SqlUsers) -> (App, [Caller; 2]) {
    let there = database.store().await;
    there.add(NewUser::new("alice").password(PASSWORD)).await.unwrap();
    let (key, _) = there.create_key("alice", NewKey::unlimited()).await.unwrap();
    let (app, callers) = (App::over(store), [Caller::password("alice", PASSWORD), Caller::key(key.as_str())]);
    for caller in &callers {
        assert!(answer(&app, caller).await.is_ok());
    }
    (app, callers)
}

/// Returns the first answer that is not 503.
pub(crate) async fn answer(app: &App, caller: &Caller) -> Result<String, u16> {
    loop {
        match app.call(caller).await {
            Err(503) => tokio::time::sleep(Duration::from_millis(50)).await,
            answer => return answer,
        }
    }
}

pub(crate) async fn unreachable_database_is_503_and_recovers(database: TestDatabase) {
    let proxy = Proxy::before(&database.url).await;
    let store = impatient(&proxy);
    let (app, callers) = alice(&database, &store).await;
    proxy.port.send_replace(Port::Closed);
    for caller in callers.iter().chain([&Caller::password("alice", "wrong horse"), &Caller::password("bob", PASSWORD)])
    {
        assert_eq!(app.call(caller).await, Err(503));
    }
    assert!(store.set_roles("alice", ["Viewer"]).await.unwrap_err().is_unavailable());
    assert!(store.get("bob").await.unwrap_err().is_unavailable());
    proxy.port.send_replace(Port::Open);
    for caller in &callers {
        assert!(answer(&app, caller).await.is_ok());
    }
    assert_eq!(answer(&app, &Caller::password("alice", "wrong horse")).await, Err(401));
}

pub(crate) async fn silent_database_is_503_within_the_timeout(database: TestDatabase) {
    let proxy = Proxy::before(&database.url).await;
    let (app, callers) = alice(&database, &impatient(&proxy)).await;
    proxy.port.send_replace(Port::Silent);
    let start = Instant::now();
    // Fifty requests do not queue, which would take half a minute.
    let asked = join_all((0..50).map(|_| app.call(&callers[0]))).await;
    assert!(asked.iter().all(|said| *said == Err(503)), "{asked:?}");
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    proxy.port.send_replace(Port::Open);
    assert!(answer(&app, &callers[1]).await.is_ok());
}

pub(crate) async fn unreachable_database_is_503_for_tokens(database: TestDatabase) {
    tokens::unreachable_database_is_503(database).await;
}
