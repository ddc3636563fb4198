//! Last step: model to tokens.

pub(crate) mod api;
pub(crate) mod auth;
pub(crate) mod cfg;
pub(crate) mod editor;
pub(crate) mod handler;
pub(crate) mod invariants;
pub(crate) mod mcp_tools;
pub(crate) mod misplaced;
pub(crate) mod requirement;
pub(crate) mod table;

mod access;
mod argument;
mod check;
mod joined_tables;
mod rule;
