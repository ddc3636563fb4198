//! Limits of a text, so that a hostile one costs little.

/// Maximum size of a text.
pub(crate) const MAX_BYTES: usize = 8 << 20;
/// Maximum number of clauses inside of each other.
pub(crate) const MAX_DEPTH: usize = 64;
/// Maximum number of clauses of one rule.
pub(crate) const MAX_CLAUSES: usize = 1024;
