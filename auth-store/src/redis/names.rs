//! The names of keys and channels, after the prefix of an application.

/// Returns the text before the id in the key of a session.
pub(super) fn session_prefix(prefix: &str) -> String {
    format!("{prefix}session:")
}

/// Returns the name of the channel on which processes publish changes.
pub(super) fn channel(prefix: &str) -> String {
    format!("{prefix}changes")
}
