//! The log file: what was changed, by whom, and what was refused.

use std::{
    env,
    fs::File,
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

use tracing::{Dispatch, Level};
use tracing_subscriber::{Layer, filter::Targets, fmt, fmt::MakeWriter, layer::SubscriberExt, registry};

/// Where commands say what they have changed.
pub(crate) const TARGET: &str = "auth_admin";

/// A log file that is open.
pub(crate) struct Log {
    pub(crate) dispatch: Dispatch,
    file: LogFile,
}

#[derive(Clone)]
struct LogFile(Arc<Inner>);

struct Inner {
    file: File,
    failure: Mutex<Option<String>>,
}

impl Log {
    pub(crate) fn to(file: File) -> Self {
        let file = LogFile(Arc::new(Inner { file, failure: Mutex::default() }));
        let wanted = Targets::new().with_target(TARGET, Level::INFO).with_target("auth_runtime", Level::WARN);
        let lines = fmt::layer().with_ansi(false).log_internal_errors(false).with_writer(file.clone());
        let dispatch = Dispatch::new(registry().with(lines.with_filter(wanted)));
        Self { dispatch, file }
    }

    /// Why something could not be written, if that is so.
    pub(crate) fn failure(&self) -> Option<String> {
        self.file.0.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
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
        let written = (&self.0.file).write(line);
        if let Err(error) = &written {
            *self.0.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
        }
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        (&self.0.file).flush()
    }
}

/// Who runs this program, as the system says; and on whose behalf, as the environment says, which is not to be relied on:
/// `sudo` sets it, and so can anybody.
pub(crate) fn operator() -> String {
    let name = whoami::username().unwrap_or_else(|_| "somebody".to_owned());
    match env::var("SUDO_USER") {
        Ok(sudo) if sudo != name => format!("{name} (SUDO_USER={sudo:?})"),
        _ => name,
    }
}
