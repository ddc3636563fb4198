//! Code that all examples share: log, listen, and serve until Ctrl-C or SIGTERM.

use std::{
    error::Error,
    fs::File,
    future::ready,
    io::{self, IsTerminal, Write},
    net::{Ipv4Addr, SocketAddr},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use poem::{
    Body, Endpoint, EndpointExt, IntoEndpoint, Request, Server,
    http::StatusCode,
    listener::TcpAcceptor,
    web::headers::{ContentLength, HeaderMapExt},
};
use tokio::{io::AsyncReadExt, net::TcpSocket, signal};
use tracing_subscriber::{
    EnvFilter,
    filter::LevelFilter,
    fmt::{fmt, writer::MakeWriterExt},
};

use crate::environment::SettingError;

/// Largest accepted body, in bytes.
const MAX_BODY: u64 = 64 * 1024;

/// The exit code for wrong settings.
pub const WRONG_SETTINGS: u8 = 2;

/// Largest number of connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// How long requests in flight may run after the server was asked to stop.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// Logs to stderr, at level `info` unless `RUST_LOG` is set. The log has the reason of each denial; the response does
/// not.
pub fn log() {
    log_to(None);
}

/// Logs to stderr, and to a file if one is given.
pub fn log_to(file: Option<File>) {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
    let log = fmt().with_env_filter(filter);
    match file {
        Some(file) => log.with_ansi(false).with_writer(io::stderr.and(Arc::new(file))).init(),
        None => log.with_ansi(io::stderr().is_terminal()).with_writer(io::stderr).init(),
    }
}

/// Runs an example with settings from the environment until it is stopped. Prints an error in one line: the exit code is
/// 2 for wrong settings and 1 for later errors.
pub async fn run<A, E>(
    program: &str,
    name: &str,
    settings: Result<(A, u16), SettingError>,
    app: impl FnOnce(&A) -> E,
) -> ExitCode
where
    E: IntoEndpoint,
    E::Endpoint: 'static,
{
    log();
    let (auth, port) = match settings {
        Ok(settings) => settings,
        Err(error) => return fail(program, &error, WRONG_SETTINGS),
    };
    let run = async {
        let (acceptor, address) = listen(port)?;
        let mut output = io::stdout();
        writeln!(output, "{name} listens on http://{address}, with documentation at http://{address}/docs")?;
        serve(acceptor, app(&auth)).await
    };
    match run.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(program, &error, 1),
    }
}

/// Prints an error in one line, and returns the exit code.
pub fn fail(program: &str, error: &dyn Error, code: u8) -> ExitCode {
    eprintln!("{program}: {error}");
    code.into()
}

/// Listens on a port of the loopback interface. Port 0 takes a free port.
///
/// # Errors
/// Returns a one-line error if the port is in use or not allowed.
pub fn listen(port: u16) -> Result<(TcpAcceptor, SocketAddr), io::Error> {
    let reserved = ReservedPort::reserve(port)?;
    let address = reserved.address;
    Ok((reserved.listen()?, address))
}

/// A port that is taken, but refuses connections until [`listen`](Self::listen).
#[derive(Debug)]
pub struct ReservedPort {
    socket: TcpSocket,
    /// The address, with the port that the system chose for port 0.
    pub address: SocketAddr,
}

impl ReservedPort {
    /// Takes a port of the loopback interface. Port 0 takes a free port.
    ///
    /// # Errors
    /// Returns a one-line error if the port is in use or not allowed.
    pub fn reserve(port: u16) -> Result<Self, io::Error> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let socket = TcpSocket::new_v4()?;
        // As `TcpListener::bind` does: on Windows, the option would share the port.
        #[cfg(not(windows))]
        socket.set_reuseaddr(true)?;
        socket.bind(address).map_err(|error| cannot_listen(address, &error))?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }

    /// Accepts connections.
    ///
    /// # Errors
    /// Returns a one-line error if another process listens on the port.
    pub fn listen(self) -> Result<TcpAcceptor, io::Error> {
        let listener = self.socket.listen(BACKLOG).map_err(|error| cannot_listen(self.address, &error))?;
        TcpAcceptor::from_tokio(listener)
    }
}

fn cannot_listen(address: SocketAddr, error: &io::Error) -> io::Error {
    io::Error::other(format!("cannot listen on {address}: {error}; choose another port"))
}

/// Serves until Ctrl-C or SIGTERM. Requests in flight get five seconds to end.
///
/// # Errors
/// Returns an error if the socket fails.
pub async fn serve<E>(acceptor: TcpAcceptor, app: E) -> Result<(), io::Error>
where
    E: IntoEndpoint,
    E::Endpoint: 'static,
{
    let mut stop = Box::pin(stop_signal());
    // Poll the future once, so that its signal handlers are installed before the first request.
    tokio::select! { biased; () = &mut stop => return Ok(()), () = ready(()) => {} }
    let app = app.into_endpoint().around(bounded);
    Server::new_with_acceptor(acceptor).run_with_graceful_shutdown(app, stop, Some(SHUTDOWN)).await
}

/// Waits for Ctrl-C, or for the SIGTERM of a process manager.
async fn stop_signal() {
    let interrupt = async {
        if let Err(error) = signal::ctrl_c().await {
            tracing::error!(%error, "cannot wait for Ctrl-C");
        }
    };
    #[cfg(unix)]
    match signal::unix::signal(signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! { () = interrupt => {}, _ = terminate.recv() => {} },
        Err(error) => {
            tracing::error!(%error, "cannot wait for SIGTERM");
            interrupt.await;
        }
    }
    #[cfg(not(unix))]
    interrupt.await;
}

/// Limits bodies to [`MAX_BODY`], because Poem reads bodies of any length. A larger `Content-Length` gets 413.
async fn bounded<E: Endpoint>(next: Arc<E>, mut request: Request) -> poem::Result<E::Output> {
    let length = request.headers().typed_get::<ContentLength>();
    if length.is_some_and(|ContentLength(length)| length > MAX_BODY) {
        return Err(StatusCode::PAYLOAD_TOO_LARGE.into());
    }
    let body = request.take_body().into_async_read().take(MAX_BODY);
    request.set_body(Body::from_async_read(body));
    next.call(request).await
}
