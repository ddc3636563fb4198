//! `access diff`: the difference of two lock files.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use auth_runtime::review::{Difference, DifferenceClass};
use clap::{Args, ValueEnum};

use super::policy_source;
use crate::{
    console::Console,
    error::Failure,
    output::{print_json, print_text},
};

/// The exit codes of commands that compare policies.
pub(super) const EXIT_CODES: &str = "\
Exit codes, by the most important change:
  0  no difference
  1  lock file missing (only `access check`)
  2  wrong usage, or a file that cannot be read
 10  equal but reworded
 11  narrowed: fewer callers are admitted
 12  new: a rule that admits no anonymous callers, or a role, permission or scope
 13  review: a rule that admits no anonymous callers is gone; a check, `hide` or a
     scheme changed; or the analysis is undecided
 14  widened: more callers are admitted
 15  new public: a new or changed rule admits anonymous callers for the first time";

/// Arguments of `access diff`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Diff {
    /// Lock file before the change; `-` reads stdin
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// Lock file after the change
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Output format
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: DifferenceFormat,
}

/// The format of a difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum DifferenceFormat {
    /// Text for people
    #[default]
    Text,
    /// Table for a comment on a pull request
    Markdown,
    /// One JSON document
    Json,
    /// SARIF 2.1.0 for code scanning
    Sarif,
}

impl Diff {
    pub(super) fn run(self, console: &mut Console) -> Result<(), Failure> {
        let old = policy_source::read(&self.old, console)?;
        let new = policy_source::read(&self.new, console)?;
        let difference = Difference::between(&old, &new);
        self.format.print(&difference, &self.new, console)
    }
}

impl DifferenceFormat {
    /// Prints a difference from one policy to that of the file `new`. It is a failure if there is one.
    pub(super) fn print(self, difference: &Difference, new: &Path, console: &mut Console) -> Result<(), Failure> {
        let printed = match self {
            Self::Text => print_text(console, &difference.to_string()),
            Self::Markdown => print_text(console, &difference.to_markdown()),
            Self::Json => print_json(console, &difference.to_json()),
            Self::Sarif => print_json(console, &difference.to_sarif(&uri(new))),
        };
        // A difference that cannot be printed is no reason to exit with 0.
        match difference.class() {
            DifferenceClass::Same => Ok(printed?),
            class => Err(Failure::Differs { class, text: format!("access differs: {}", difference.summary()) }),
        }
    }
}

/// Returns a path as a URI reference (RFC 3986, section 4.2).
fn uri(path: &Path) -> String {
    let mut uri = String::new();
    for byte in path.to_string_lossy().replace('\\', "/").bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(byte.into()),
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::uri;

    #[test]
    fn a_path_becomes_a_uri_reference() {
        for (path, expected) in
            [("access.lock", "access.lock"), ("my app\\access.lock", "my%20app/access.lock"), ("ä#1", "%C3%A4%231")]
        {
            assert_eq!(uri(Path::new(path)), expected);
        }
    }
}
