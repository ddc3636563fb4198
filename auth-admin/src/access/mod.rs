//! The access policy: `access matrix`, `check`, `diff`, `explain` and `lint`. No command opens a database.

mod check;
mod diff;
mod explain;
mod lint;
mod matrix;
mod persona;
mod policy_source;

use clap::{Args, Subcommand};

pub(crate) use self::policy_source::Source;
use crate::{console::Console, error::Failure, program::Program};

/// The commands about the access policy.
#[derive(Debug, Args)]
pub(crate) struct Access {
    #[command(subcommand)]
    verb: AccessVerb,
}

#[derive(Debug, Subcommand)]
enum AccessVerb {
    /// Show which callers each rule admits
    Matrix(matrix::Matrix),
    /// Compare this program with its `access.lock`
    Check(check::Check),
    /// Compare two lock files
    Diff(diff::Diff),
    /// Explain why a request is allowed or denied
    Explain(Box<explain::Explain>),
    /// Report weak, useless and public parts of the policy
    Lint(lint::Lint),
}

impl Access {
    pub(crate) fn run(self, program: Program, console: &mut Console) -> Result<(), Failure> {
        let ended = match self.verb {
            AccessVerb::Matrix(verb) => verb.run(program, console),
            AccessVerb::Check(verb) => verb.run(program, console),
            AccessVerb::Diff(verb) => verb.run(console),
            AccessVerb::Explain(verb) => verb.run(program, console),
            AccessVerb::Lint(verb) => verb.run(program, console),
        };
        ended.and_then(|()| Ok(console.flush()?))
    }
}
