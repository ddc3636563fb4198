//! Sessions of browsers: an authenticator, and sign-in and sign-out.
//!
//! [`Sessions`] verifies the cookie of a session against a [`SessionStore`], and starts and ends sessions.

mod cookie;
mod device;
mod error;
mod lifecycle;
mod memory;
mod new_session;
mod record;
mod sessions;
mod store;
mod token;
mod token_cache;
mod until_end;

pub use self::{
    error::SessionError,
    lifecycle::StartedSession,
    memory::MemorySessions,
    new_session::NewSession,
    record::{CapturedUser, Session, SessionUser},
    sessions::Sessions,
    store::SessionStore,
    token::TokenHash,
};
