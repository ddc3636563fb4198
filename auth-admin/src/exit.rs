//! Exit codes.

use std::process::ExitCode;

use auth_runtime::review::DifferenceClass;

/// The table of exit codes, for the `after_help` of a parser.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  not found, rejected, or a finding of `check` or `access lint`
  2  wrong usage or settings; nothing was done
  3  the database is unavailable, or its tables have another version; or Redis is unavailable
 10 to 15  access policies differ; see `access diff --help`
130  interrupted by Ctrl-C; at a prompt, nothing was done";

/// Outcome of a command. After a failure, the command printed one line to stderr, except after
/// [`Interrupted`](Self::Interrupted).
///
/// ```
/// use auth_admin::Exit;
///
/// assert_eq!(Exit::Database.code(), 3);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "it is the exit code of the program"]
pub enum Exit {
    /// 0: the command succeeded.
    Done,
    /// 1: the user or key does not exist, the change was rejected, or `check` or `access lint` has a finding. Or the
    /// result or the log could not be written; then the line on stderr says what was done.
    Refused,
    /// 2: the command or its settings are wrong, and nothing was done.
    Usage,
    /// 3: the database is unavailable, or its tables have another version; or Redis is unavailable. If a part of the
    /// change was made, the line on stderr says which.
    Database,
    /// 10 to 15: access policies differ, by the [code of the class](DifferenceClass::exit_code).
    Differs(DifferenceClass),
    /// 130: Ctrl-C at a prompt for a password or token, the code that shells use; nothing was done.
    Interrupted,
}

impl Exit {
    /// Returns the number that the process exits with.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused => 1,
            Self::Usage => 2,
            Self::Database => 3,
            Self::Differs(class) => class.exit_code(),
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}
