//! The text of `access.lock`: made for diffs, so each line stands for itself.
//!
//! Names are string literals of Rust, so a name cannot forge a line, and characters that change the direction of text are
//! visible.

mod clause;
mod cursor;
pub(super) mod limits;
mod read;
mod write;
