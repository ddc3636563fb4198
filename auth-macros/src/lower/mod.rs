//! Second step: input to model. Each rule is one function.

pub(crate) mod access;
pub(crate) mod api;
pub(crate) mod auth;
mod caller;
mod clause;
mod floor_arguments;
pub(crate) mod handler;
pub(crate) mod mcp_tools;
pub(crate) mod signature;
pub(crate) mod table;
