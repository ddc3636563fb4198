//! The binary on a real database: its output and its exit codes.

mod access;
mod database;
mod embedded;
mod fixture;
mod how_to;
mod import;
mod keys;
mod lists;
mod logs;
mod passwords;
mod races;
mod redis;
mod redis_service;
mod reference;
mod secrets;
mod servers;
mod sessions;
#[cfg(unix)]
mod terminal;
mod tokens;
mod two_stores;
mod users;
