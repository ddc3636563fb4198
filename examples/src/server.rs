//! What every example does around its application: log, listen, serve until Ctrl-C.

use std::{
    io::{self, IsTerminal},
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use poem::{IntoEndpoint, Server, listener::TcpAcceptor};
use tokio::{net::TcpListener, signal};
use tracing_subscriber::{EnvFilter, filter::LevelFilter};

/// How long requests may take to end once the server is told to stop.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// Logs to stderr: `info` and above unless `RUST_LOG` says otherwise. Every denial is there with its reason, which
/// the caller never reads.
pub fn log() {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
    let ansi = io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(ansi).init();
}

/// Listens on a port of this machine, and of no other; 0 stands for any that is free.
///
/// # Errors
/// One line for people to read, if the port is in use or not allowed.
pub async fn listen(port: u16) -> Result<(TcpAcceptor, SocketAddr), io::Error> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let in_words = |error| io::Error::other(format!("cannot listen on {address}: {error}; choose another port"));
    let listener = TcpListener::bind(address).await.map_err(in_words)?;
    let address = listener.local_addr()?;
    Ok((TcpAcceptor::from_tokio(listener)?, address))
}

/// Serves until Ctrl-C, and lets the requests that are under way end.
///
/// # Errors
/// If the system takes the port away.
pub async fn serve<E>(acceptor: TcpAcceptor, app: E) -> Result<(), io::Error>
where
    E: IntoEndpoint,
    E::Endpoint: 'static,
{
    let stop = async {
        if let Err(error) = signal::ctrl_c().await {
            tracing::error!(%error, "cannot wait for Ctrl-C");
        }
    };
    Server::new_with_acceptor(acceptor).run_with_graceful_shutdown(app, stop, Some(SHUTDOWN)).await
}
