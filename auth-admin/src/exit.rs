//! How a command ends: the code for scripts, and one line for people.

use std::{io, process::ExitCode};

use auth_store::StoreError;

/// For the `after_help` of a parser.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  not found, refused, or not as it should be
  2  the command or its settings are wrong; nothing was done
  3  the database does not answer, or its tables are not those of this version
130  Ctrl-C where a password is asked for; nothing was done";

/// How a command has ended. What is not [`Done`](Self::Done) was said in one line on the standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "it is the exit code of the program"]
pub enum Exit {
    /// 0: it was done.
    Done,
    /// 1: what it is about is not there, it was refused, or it is not as it should be.
    Refused,
    /// 2: the command or its settings are wrong, and nothing was done.
    Usage,
    /// 3: the database does not answer, or its tables are not those of this version.
    Database,
    /// 130: Ctrl-C at a prompt, as shells have it; nothing was done.
    Interrupted,
}

impl Exit {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused => 1,
            Self::Usage => 2,
            Self::Database => 3,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// Why a command was not done.
#[derive(Debug)]
pub(crate) enum Failure {
    Refused(String),
    Usage(String),
    Database(String),
    /// It was done, and nobody has read what came of it.
    Unsaid(String),
    /// What was to be read cannot be written.
    Output(io::Error),
    Interrupted,
}

impl Failure {
    pub(crate) fn refused(text: impl Into<String>) -> Self {
        Self::Refused(text.into())
    }

    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    /// Says which database it is that does not answer.
    pub(crate) fn of_database(self, described: &str) -> Self {
        match self {
            Self::Database(text) => Self::Database(format!("{described}: {text}")),
            failure => failure,
        }
    }

    /// Something was done, and nobody has read of it.
    pub(crate) fn unsaid(done: &str, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Output(error),
            _ => Self::Unsaid(format!("{done}; but the output cannot be written: {error}")),
        }
    }

    /// The code, and what to say, if there is something.
    pub(crate) fn ending(self) -> (Exit, Option<String>) {
        match self {
            Self::Refused(text) | Self::Unsaid(text) => (Exit::Refused, Some(text)),
            Self::Usage(text) => (Exit::Usage, Some(text)),
            Self::Database(text) => (Exit::Database, Some(text)),
            // As of `head`: whoever reads has had enough.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => (Exit::Done, None),
            Self::Output(error) => (Exit::Refused, Some(format!("the output cannot be written: {error}"))),
            Self::Interrupted => (Exit::Interrupted, None),
        }
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

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
