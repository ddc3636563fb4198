//! `access check`: the program against its lock file.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use auth_runtime::review::{AccessPolicy, Difference};
use clap::Args;

use super::{
    diff::{DifferenceFormat, EXIT_CODES},
    policy_source,
};
use crate::{console::Console, error::Failure, program::Program};

/// Arguments of `access check`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Check {
    /// Lock file (default: `access.lock`, next to `Cargo.toml` under `cargo run`, otherwise in the current folder)
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
    /// Write the policy of this program to the file
    #[arg(long)]
    accept: bool,
    /// Output format
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: DifferenceFormat,
}

impl Check {
    pub(super) fn run(self, program: Program, console: &mut Console) -> Result<(), Failure> {
        let policy = program.policy()?;
        let path = self.lock.unwrap_or_else(policy_source::of_program);
        let locked = match fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(policy_source::unreadable(&path, &error)),
        };
        if self.accept {
            return accept(&policy, locked.as_deref(), &path, console);
        }
        let locked = locked.ok_or_else(|| {
            Failure::refused(format!("`{}` is missing; add --accept to write it, and commit it", path.display()))
        })?;
        let difference = Difference::between(&policy_source::parse(&path, &locked)?, &policy);
        self.format.print(&difference, &path, console)
    }
}

/// Writes the policy, and prints what changed.
fn accept(policy: &AccessPolicy, locked: Option<&str>, path: &Path, console: &mut Console) -> Result<(), Failure> {
    let text = policy.to_string();
    if locked == Some(text.as_str()) {
        return Ok(console.line(&format!("`{}` is up to date", path.display()))?);
    }
    fs::write(path, text).map_err(|error| Failure::refused(format!("cannot write `{}`: {error}", path.display())))?;
    let before = locked.and_then(|locked| locked.parse::<AccessPolicy>().ok());
    let summary = before.map(|before| format!(": {}", Difference::between(&before, policy).summary()));
    Ok(console.line(&format!("`{}` was written{}", path.display(), summary.unwrap_or_default()))?)
}
