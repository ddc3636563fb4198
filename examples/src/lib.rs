//! Services that show `auth-runtime` at work; each binary in `src/bin/` starts one of them.
//!
//! [`demo`] shows every kind of rule in a small service that makes its own users and tokens. [`resource_server`] is
//! one to copy from: it takes tokens of another issuer, and all its settings from the environment. [`own_table`] keeps the
//! table of users that it has. [`ldap`] shows a plugin: its users are those of a directory.

pub mod demo;
pub mod environment;
pub mod ldap;
pub mod own_table;
pub mod resource_server;
pub mod server;

/// The examples of the README, so that they compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
