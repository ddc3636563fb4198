//! Errors of this module.

use super::lock::limits::{MAX_BYTES, MAX_CLAUSES, MAX_DEPTH};

/// Error for a text that is not a valid policy. It contains the line number and the expected text.
///
/// ```
/// use auth_runtime::review::AccessPolicy;
///
/// let error = "access-lock 1\npermission view".parse::<AccessPolicy>().unwrap_err();
/// assert_eq!(error.to_string(), r#"line 2: expected a name in quotation marks, found `view`"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct ParsePolicyError {
    line: usize,
    problem: Problem,
}

impl ParsePolicyError {
    pub(super) const fn new(line: usize, problem: Problem) -> Self {
        Self { line, problem }
    }

    /// Returns the line, from 1.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }
}

/// The mistake in a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Problem {
    #[error("expected {expected}, found {found}")]
    Expected { expected: &'static str, found: Found },
    #[error("the {kind} {name:?} is not declared above")]
    Undeclared { kind: &'static str, name: String },
    #[error("the {kind} {name:?} is declared twice")]
    Twice { kind: &'static str, name: String },
    #[error("`{0}` has two rules")]
    TwoRules(String),
    #[error("version {0} is not supported; this library reads version 1")]
    Version(String),
    #[error("the rule has more than {MAX_DEPTH} clauses inside of each other")]
    TooDeep,
    #[error("the rule has more than {MAX_CLAUSES} clauses")]
    TooManyClauses,
    #[error("the text has more than {MAX_BYTES} bytes")]
    TooLong,
}

/// The text that stands where another was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found(String);

/// Maximum number of characters that an error shows.
const SHOWN: usize = 40;

impl Found {
    pub(super) fn new(text: &str) -> Self {
        let text = text.trim_start();
        let short: String = text.chars().take(SHOWN).collect();
        Self(if short.len() < text.len() { short + ".." } else { short })
    }
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.trim_end() {
            "" => f.write_str("the end of the line"),
            text => write!(f, "`{}`", text.escape_debug().to_string().replace("\\\"", "\"")),
        }
    }
}
