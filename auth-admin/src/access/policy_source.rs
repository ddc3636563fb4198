//! The policy that a command reads: that of the program, or a lock file.

use std::{
    env, fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use auth_runtime::review::AccessPolicy;
use clap::Args;

use crate::{console::Console, error::Failure, program::Program};

/// Maximum size of a lock file that stdin gives: the one of the parser, and a byte more.
const MAX_STDIN: u64 = (8 << 20) + 1;

/// The policy that a command reads.
#[derive(Debug, Args)]
pub(crate) struct Source {
    /// Lock file to read (default: the policy of this program; `auth-admin` has none)
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
}

impl Source {
    pub(crate) fn policy(&self, program: Program, console: &mut Console) -> Result<AccessPolicy, Failure> {
        self.lock.as_deref().map_or_else(|| program.policy(), |path| read(path, console))
    }

    /// Returns the file, if one is named.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.lock.as_deref()
    }
}

/// Reads a lock file; `-` reads stdin.
pub(super) fn read(path: &Path, console: &mut Console) -> Result<AccessPolicy, Failure> {
    let text = if path == Path::new("-") { read_stdin(console) } else { fs::read_to_string(path) };
    parse(path, &text.map_err(|error| unreadable(path, &error))?)
}

/// Returns the failure of a lock file that cannot be read.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("cannot read `{}`: {error}", path.display()))
}

/// Reads the text of a lock file.
pub(super) fn parse(path: &Path, text: &str) -> Result<AccessPolicy, Failure> {
    text.parse().map_err(|error| Failure::usage(format!("`{}`: {error}", path.display())))
}

fn read_stdin(console: &mut Console) -> io::Result<String> {
    let mut text = String::new();
    console.take_input().take(MAX_STDIN).read_to_string(&mut text)?;
    Ok(text)
}

/// Returns the lock file of this program: beside the `Cargo.toml` under `cargo run`, and else in the current folder.
pub(super) fn of_program() -> PathBuf {
    env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default().join("access.lock")
}
