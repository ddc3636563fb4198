//! The log file of changes and rejected commands.

use std::{
    env,
    fs::File,
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

use tracing::{Dispatch, Level};
use tracing_subscriber::{Layer, filter::Targets, fmt, fmt::MakeWriter, layer::SubscriberExt, registry};

/// The target of all events of this crate.
pub(crate) const TARGET: &str = "auth_admin";

/// An open log file.
pub(crate) struct Log {
    pub(crate) dispatch: Dispatch,
    file: LogFile,
}

/// A file that records the first error of a write.
#[derive(Clone)]
struct LogFile {
    file: Arc<File>,
    failure: Arc<Mutex<Option<String>>>,
}

impl Log {
    pub(crate) fn to(file: File) -> Self {
        let file = LogFile { file: Arc::new(file), failure: Arc::default() };
        let targets = Targets::new()
            .with_target(TARGET, Level::INFO)
            .with_target("auth_runtime", Level::WARN)
            .with_target("auth_store", Level::WARN);
        let lines = fmt::layer().with_ansi(false).log_internal_errors(false).with_writer(file.clone());
        let dispatch = Dispatch::new(registry().with(lines.with_filter(targets)));
        Self { dispatch, file }
    }

    /// Returns the error of a failed write, if one failed.
    pub(crate) fn failure(&self) -> Option<String> {
        self.file.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<'a> MakeWriter<'a> for LogFile {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> &'a Self {
        self
    }
}

impl Write for &LogFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let written = self.file.as_ref().write(line);
        if let Err(error) = &written {
            let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
            failure.get_or_insert_with(|| error.to_string());
        }
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_ref().flush()
    }
}

/// Returns the account of this process. `SUDO_USER` is added as a claim, because any user can set it.
pub(crate) fn operator() -> String {
    let name = whoami::username().unwrap_or_else(|_| "unknown".to_owned());
    match env::var("SUDO_USER") {
        Ok(sudo) if sudo != name => format!("{name} (SUDO_USER={sudo:?})"),
        _ => name,
    }
}
