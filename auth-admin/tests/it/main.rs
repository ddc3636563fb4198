//! The command as it is used: the real binary on a real database, what it prints, and how it ends.

mod database;
mod embedded;
mod fixture;
mod import;
mod keys;
mod lists;
mod logs;
mod passwords;
mod races;
mod secrets;
mod servers;
#[cfg(unix)]
mod terminal;
mod users;
