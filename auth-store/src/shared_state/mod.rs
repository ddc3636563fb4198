//! State that processes share through a database. The module `redis` has the same.

pub(crate) mod attempts;
#[cfg(feature = "token-service")]
mod refresh_tokens;
#[cfg(feature = "token-service")]
mod revocations;
pub(crate) mod session_cache;
mod sessions;
#[cfg(feature = "token-service")]
mod signing_keys;
