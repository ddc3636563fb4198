//! Last step: decision to response. The body says what to do next; the cause goes to the log.

mod body;
mod cause;
mod challenge;
mod code;
mod guarded;
mod rejection;
mod user_info;

pub use self::{body::RejectionBody, code::RejectionCode, guarded::Guarded, rejection::Rejection};
pub(crate) use self::{cause::DenialCause, rejection::is_rejection};
