//! What every example does around its application: log, listen, serve until Ctrl-C.

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
use tokio::{io::AsyncReadExt, net::TcpListener, signal};
use tracing_subscriber::{
    EnvFilter,
    filter::LevelFilter,
    fmt::{fmt, writer::MakeWriterExt},
};

use crate::environment::SettingError;

/// How many bytes of a body are read.
const MAX_BODY: u64 = 64 * 1024;

/// The exit code of a program whose settings are wrong.
pub const WRONG_SETTINGS: u8 = 2;

/// How long requests may take to end once the server is told to stop.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// Logs to stderr: `info` and above unless `RUST_LOG` says otherwise. Every denial is there with its reason, which
/// the caller never reads.
pub fn log() {
    log_to(None);
}

/// The same, and to a file besides.
pub fn log_to(file: Option<File>) {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
    let log = fmt().with_env_filter(filter);
    match file {
        Some(file) => log.with_ansi(false).with_writer(io::stderr.and(Arc::new(file))).init(),
        None => log.with_ansi(io::stderr().is_terminal()).with_writer(io::stderr).init(),
    }
}

/// Runs an example that the environment configures, until Ctrl-C: 2 if its settings are wrong, 1 for what goes wrong
/// later, each in one line.
pub async fn run<A, E>(
    program: &str,
    what: &str,
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
        let (acceptor, address) = listen(port).await?;
        let mut output = io::stdout();
        writeln!(output, "{what} listens on http://{address}, with documentation at http://{address}/docs")?;
        serve(acceptor, app(&auth)).await
    };
    match run.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(program, &error, 1),
    }
}

/// Says in one line why a program ends.
pub fn fail(program: &str, error: &dyn Error, code: u8) -> ExitCode {
    eprintln!("{program}: {error}");
    code.into()
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

/// Serves until Ctrl-C or SIGTERM. Requests in flight get five seconds to end.
///
/// # Errors
/// If the system takes the port away.
pub async fn serve<E>(acceptor: TcpAcceptor, app: E) -> Result<(), io::Error>
where
    E: IntoEndpoint,
    E::Endpoint: 'static,
{
    let mut stop = Box::pin(stop_signal());
    // From now on, and not from when nobody calls for a moment.
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

/// Poem reads bodies of any length: here they end after [`MAX_BODY`], and one that says that it is longer is refused.
async fn bounded<E: Endpoint>(next: Arc<E>, mut request: Request) -> poem::Result<E::Output> {
    let length = request.headers().typed_get::<ContentLength>();
    if length.is_some_and(|ContentLength(length)| length > MAX_BODY) {
        return Err(StatusCode::PAYLOAD_TOO_LARGE.into());
    }
    let body = request.take_body().into_async_read().take(MAX_BODY);
    request.set_body(Body::from_async_read(body));
    next.call(request).await
}
