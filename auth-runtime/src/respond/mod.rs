//! The response to a denied request. The body tells the caller what to do next. The cause goes to the log only.

mod answering;
mod body;
mod cause;
mod challenge;
mod code;
mod ended_cookie;
mod guarded;
mod problem;
mod rejection;
pub(crate) mod retry_after;
mod user_info;

#[cfg(feature = "session")]
pub(crate) use self::ended_cookie::{HOST_PREFIX, attributes, deletion};
#[cfg(feature = "session")]
pub(crate) use self::problem::problem;
pub use self::{
    answering::Answering, body::RejectionBody, code::RejectionCode, guarded::Guarded, rejection::Rejection,
};
pub(crate) use self::{
    cause::DenialCause, ended_cookie::without_cookie, guarded::forbid_store, rejection::is_rejection,
};
