//! The commands, grouped by the object that they change.

pub(crate) mod database;
pub(crate) mod key;
pub(crate) mod key_ring;
pub(crate) mod names;
pub(crate) mod new_names;
mod options;
pub(crate) mod token;
pub(crate) mod user;
