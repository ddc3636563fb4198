//! The file `access.lock`: its text is written, read, and compared with the code.
//!
//! The text is made for diffs, so each line stands for itself. Names are string literals of Rust, so a name cannot
//! forge a line, and characters that change the direction of text are visible.

mod check;
mod clause;
mod cursor;
pub(super) mod limits;
mod read;
mod write;

pub use self::check::{AccessLockError, check_access_lock};
