//! Reasons why a record is rejected.

use super::schema::{MAX_RECORD, known_fields};

pub(super) const OPEN_QUOTE: &str = "a quote is opened here and never closed, so nothing after it was read";
const MISPLACED_QUOTE: &str =
    "a quote is inside an unquoted field; quote the whole field, and write each quote in it twice";

/// Reason why a record is rejected. It repeats no value, because a value may be a password in the wrong column.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub(super) struct RecordError {
    pub(super) reason: String,
    /// Whether all records have this mistake.
    pub(super) affects_all: bool,
}

impl RecordError {
    /// Returns the error of one record.
    pub(super) fn one(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), affects_all: false }
    }

    /// Returns a mistake that most likely affects all records.
    pub(super) fn all(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), affects_all: true }
    }

    pub(super) fn open_quote() -> Self {
        Self::one(OPEN_QUOTE)
    }

    pub(super) fn misplaced_quote() -> Self {
        Self::one(MISPLACED_QUOTE)
    }

    pub(super) fn too_long() -> Self {
        Self::one(format!("it has more than {} KiB", MAX_RECORD / 1024))
    }

    pub(super) fn not_utf8(field: &str) -> Self {
        Self::one(format!("`{field}` is not UTF-8"))
    }

    pub(super) fn not_a_flag(field: &str) -> Self {
        Self::one(format!("`{field}` is neither `true` nor `false`"))
    }

    pub(super) fn plain_password() -> Self {
        Self::all(
            "plain passwords are not imported; replace this field with `password_hash`, or remove it and run \
             `user set-password`",
        )
    }

    /// Returns the error for an unknown column or member.
    pub(super) fn unknown(kind: &str, name: &str) -> Self {
        Self::all(format!("unknown {kind} {name:?}; the known ones are {}", known_fields()))
    }

    /// Returns the error of a file that becomes unreadable.
    pub(super) fn unreadable(error: &std::io::Error) -> Self {
        Self::one(format!("the rest of the file cannot be read: {error}"))
    }
}
