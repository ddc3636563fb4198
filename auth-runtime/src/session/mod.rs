//! Sessions of browsers: an authenticator, and sign-in and sign-out.
//!
//! [`Sessions`] verifies the cookie of a session against a [`SessionStore`], and starts and ends sessions.
//! [`SignInPages`] has the pages for signing in and out, and [`SignInRedirect`] redirects browsers to the sign-in page.

mod device;
mod error;
mod lifecycle;
mod memory;
mod mounting;
mod new_session;
mod pages;
mod plain_http;
mod record;
mod sessions;
mod set_cookie;
mod store;
mod token;
mod token_hash_cache;
mod until_end;

#[cfg(feature = "account")]
pub(crate) use self::pages::{Fields, MorePages, SharedEndpoint, Site, alert, hint, own_path, wants_html};
pub use self::{
    error::SessionError,
    lifecycle::StartedSession,
    memory::MemorySessions,
    new_session::NewSession,
    pages::{
        ChangePassword, ChangePasswordError, HookFuture, MountedPages, Page, PageEndpoint, RedirectedEndpoint,
        SecondFactor, SignInPages, SignInRedirect,
    },
    plain_http::{PlainHttpEndpoint, PlainHttpSessions},
    record::{CapturedUser, Session, SessionUser},
    sessions::Sessions,
    store::SessionStore,
    token::TokenHash,
};
