//! Last step: decision to response. The body says what to do next; the cause goes to the log.

mod body;
mod challenge;
mod code;
mod guarded;
mod rejection;

pub(crate) use self::rejection::is_rejection;
pub use self::{body::RejectionBody, code::RejectionCode, guarded::Guarded, rejection::Rejection};
