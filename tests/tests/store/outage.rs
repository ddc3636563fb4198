//! A database that goes away and comes back: the connections go through a port that can be closed.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use auth_runtime::sql::{NewKey, NewUser, SqlOptions, SqlUsers};
use futures_util::future::join_all;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::{
    callers::{App, Caller, PASSWORD},
    database::TestDatabase,
};

/// What the port does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Port {
    Open,
    /// Connections end, and new ones end at once.
    Closed,
    /// Nothing is passed on any more.
    Silent,
}

/// A port of this machine in front of a database.
struct Proxy {
    url: String,
    port: watch::Sender<Port>,
}

impl Proxy {
    async fn before(database: &TestDatabase) -> Self {
        let server = address(&database.url);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap();
        let (port, states) = watch::channel(Port::Open);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass_on(client, server, states.clone()));
            }
        });
        Self { url: database.url.replacen(&server.to_string(), &here.to_string(), 1), port }
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
    // Connected, and dumb.
    let _ = port.wait_for(|port| *port != Port::Silent).await;
}

/// Host and port of a URL.
fn address(url: &str) -> SocketAddr {
    let after = url.rsplit_once('@').expect("a URL with a user").1;
    after.split(['/', '?']).next().unwrap().parse().expect("an address with a port")
}

fn options() -> SqlOptions {
    let short = Duration::from_millis(500);
    TestDatabase::options().freshness(Duration::ZERO).acquire_timeout(short).answer_timeout(short)
}

async fn alice(store: &SqlUsers) -> (App, [Caller; 2]) {
    store.add(NewUser::new("alice").password(PASSWORD)).await.unwrap();
    let (key, _) = store.create_key("alice", NewKey::unlimited()).await.unwrap();
    let (app, callers) = (App::over(store), [Caller::password("alice", PASSWORD), Caller::key(key.as_str())]);
    for caller in &callers {
        recovers(&app, caller).await;
    }
    (app, callers)
}

async fn recovers(app: &App, caller: &Caller) {
    while let Err(status) = app.who(caller).await {
        assert_eq!(status, 503);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub(crate) async fn a_database_that_is_down_is_503_and_recovers_by_itself(database: TestDatabase) {
    let proxy = Proxy::before(&database).await;
    let store = options().connect(&proxy.url).await.unwrap();
    let (app, callers) = alice(&store).await;
    proxy.port.send_replace(Port::Closed);
    for caller in callers.iter().chain([&Caller::password("alice", "wrong horse"), &Caller::password("bob", PASSWORD)])
    {
        assert_eq!(app.who(caller).await, Err(503));
    }
    assert!(store.set_roles("alice", ["Viewer"]).await.unwrap_err().is_unavailable());
    assert!(store.get("bob").await.unwrap_err().is_unavailable());
    proxy.port.send_replace(Port::Open);
    for caller in &callers {
        recovers(&app, caller).await;
    }
    assert_eq!(app.who(&Caller::password("alice", "wrong horse")).await, Err(401));
}

pub(crate) async fn a_database_that_does_not_answer_is_503_in_time(database: TestDatabase) {
    let proxy = Proxy::before(&database).await;
    let store = options().connect(&proxy.url).await.unwrap();
    let (app, callers) = alice(&store).await;
    proxy.port.send_replace(Port::Silent);
    let start = Instant::now();
    // Fifty at once do not wait for one another, which would take half a minute.
    let asked = join_all((0..50).map(|_| app.who(&callers[0]))).await;
    assert!(asked.iter().all(|said| *said == Err(503)), "{asked:?}");
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    proxy.port.send_replace(Port::Open);
    recovers(&app, &callers[1]).await;
}
