//! The limits on the length of passwords.

/// The longest password in bytes. A longer one would only cost time.
pub const MAX_PASSWORD_LEN: usize = 1024;
/// The shortest new password in characters (ASVS 6.2.1).
pub const MIN_PASSWORD_LEN: usize = 8;
