//! State in Redis: for services that outgrow one database.
//!
//! The modules are:
//!
//! - connections: `url`, `names`, `server` (what is checked of a server), `link` (an open connection and its cache),
//!   `connection`, `store`, `options`;
//! - state: `attempts`, `sessions` and `user_sessions`, `refresh_tokens`, `revocations`, `signing_keys`.

mod attempts;
mod connection;
mod link;
mod names;
mod options;
mod refresh_tokens;
mod revocations;
mod server;
mod sessions;
mod signing_keys;
mod store;
mod url;
mod user_sessions;

pub use self::{options::RedisOptions, store::RedisStore};
