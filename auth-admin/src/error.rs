//! Errors of settings and commands, and their exit codes.

#[cfg(feature = "redis")]
use std::error::Error;
use std::io;

use auth_runtime::{authenticate::Unavailable, jwt::KeyRingError, review::DifferenceClass};
use auth_store::StoreError;

use crate::exit::Exit;

/// A setting is wrong or missing. The message is one line without secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SettingError(pub(crate) String);

/// Reason why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    Refused(String),
    Usage(String),
    Database(String),
    /// Redis is unavailable. The message names the server.
    #[cfg(feature = "redis")]
    Redis(String),
    /// The command failed after it had made a part of the change.
    Partly {
        /// What was done and what was not.
        done: String,
        cause: Box<Self>,
    },
    /// The command succeeded, but its result could not be printed.
    Unreported(String),
    /// The result could not be printed, and the command changed nothing.
    Output(io::Error),
    Interrupted,
    /// Two access policies differ.
    Differs {
        class: DifferenceClass,
        text: String,
    },
}

impl Failure {
    pub(crate) fn refused(text: impl Into<String>) -> Self {
        Self::Refused(text.into())
    }

    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    /// Returns the failure of a command on Redis.
    #[cfg(feature = "redis")]
    pub(crate) fn of_redis(error: &(dyn Error + 'static)) -> Self {
        let of_store = error.downcast_ref().or_else(|| error.source()?.downcast_ref());
        match of_store {
            Some(StoreError::Setting(text)) => Self::Usage(text.clone()),
            Some(StoreError::Database(reason)) => Self::Redis(reason.to_string()),
            _ => Self::Redis(error.to_string()),
        }
    }

    /// Adds what the command did before it failed.
    pub(crate) fn after(self, done: impl Into<String>) -> Self {
        Self::Partly { done: done.into(), cause: Box::new(self) }
    }

    /// Returns the reason for the log, if the command was rejected or a server failed.
    pub(crate) fn reason(&self) -> Option<String> {
        match self {
            Self::Refused(reason) | Self::Database(reason) => Some(reason.clone()),
            #[cfg(feature = "redis")]
            Self::Redis(reason) => Some(reason.clone()),
            Self::Partly { done, cause } => Some(partly(done, cause.reason())),
            _ => None,
        }
    }

    /// Names the database in front of its error.
    pub(crate) fn of_database(self, described: &str) -> Self {
        match self {
            Self::Database(text) => Self::Database(format!("{described}: {text}")),
            Self::Partly { done, cause } => cause.of_database(described).after(done),
            failure => failure,
        }
    }

    /// Returns the failure of a command that changed something but could not print its result.
    pub(crate) fn unreported(done: &str, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Output(error),
            _ => Self::Unreported(format!("{done}; but the output cannot be written: {error}")),
        }
    }

    /// Returns the exit code, and the message for stderr.
    pub(crate) fn into_exit(self) -> (Exit, Option<String>) {
        match self {
            Self::Refused(text) | Self::Unreported(text) => (Exit::Refused, Some(text)),
            Self::Usage(text) => (Exit::Usage, Some(text)),
            Self::Database(text) => (Exit::Database, Some(text)),
            #[cfg(feature = "redis")]
            Self::Redis(text) => (Exit::Database, Some(text)),
            Self::Partly { done, cause } => match cause.into_exit() {
                // Code 2 says that nothing was done.
                (Exit::Usage, text) => (Exit::Database, Some(partly(&done, text))),
                (exit, text) => (exit, Some(partly(&done, text))),
            },
            // The reader, such as `head`, has read enough.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => (Exit::Done, None),
            Self::Output(error) => (Exit::Refused, Some(format!("the output cannot be written: {error}"))),
            Self::Interrupted => (Exit::Interrupted, None),
            Self::Differs { class, text } => (Exit::Differs(class), Some(text)),
        }
    }
}

fn partly(done: &str, cause: Option<String>) -> String {
    cause.map_or_else(|| done.to_owned(), |cause| format!("{done}: {cause}"))
}

impl From<SettingError> for Failure {
    fn from(error: SettingError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let text = error.to_string();
        match error {
            StoreError::Setting(_) => Self::Usage(text),
            StoreError::Schema(_) => Self::Database(text),
            error if error.is_unavailable() => Self::Database(text),
            _ => Self::Refused(text),
        }
    }
}

impl From<Unavailable> for Failure {
    fn from(error: Unavailable) -> Self {
        Self::Database(error.to_string())
    }
}

impl From<KeyRingError> for Failure {
    fn from(error: KeyRingError) -> Self {
        match error {
            KeyRingError::Store(error) => error.into(),
            KeyRingError::NoSecret | KeyRingError::Secret(_) => Self::Usage(error.to_string()),
            error => Self::Refused(error.to_string()),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
