//! The fields of a record, and its maximum length.

/// Maximum length of a record in bytes. No user needs more, and a batch of such records still fits in memory.
pub(super) const MAX_RECORD: usize = 1 << 16;

/// The names of columns and members.
pub(super) const KNOWN_FIELDS: [&str; 8] =
    ["name", "display_name", "email", "email_verified", "roles", "permissions", "password_hash", "disabled"];

/// Returns the names of all columns, for an error.
pub(super) fn known_fields() -> String {
    KNOWN_FIELDS.map(|name| format!("`{name}`")).join(", ")
}
