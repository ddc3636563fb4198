//! State in Redis: for services that outgrow one database.
//!
//! The modules are: `url`, `server` (what is checked of a server), `connection`, `store`, `options`; then the state:
//! `attempts`.

mod attempts;
mod connection;
mod options;
mod server;
mod store;
mod url;

pub use self::{options::RedisOptions, store::RedisStore};
