//! API keys in a database.

mod key;
pub(crate) mod last_used;
mod manage;
#[cfg(feature = "token-service")]
mod token_clients;
mod verify;

pub use self::key::{KeyInfo, NewKey};
