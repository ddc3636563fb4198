//! State in Redis: for services that outgrow one database.
//!
//! The modules are:
//!
//! - connections: `url`, `server` (what is checked of a server), `link` (an open connection and its cache), `connection`,
//!   `store`, `options`;
//! - state: `attempts`, `sessions`.

mod attempts;
mod connection;
mod link;
mod options;
mod server;
mod sessions;
mod store;
mod url;

pub use self::{options::RedisOptions, store::RedisStore};
