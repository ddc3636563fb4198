//! Second step: input to model. Each rule is one function.

pub(crate) mod access;
pub(crate) mod api;
pub(crate) mod auth;
mod clause;
mod floor;
pub(crate) mod handler;
pub(crate) mod signature;
pub(crate) mod table;
pub(crate) mod tools;
