//! Extractors: the caller, and the application's own user for the caller.

mod current_user;
mod json;
mod principal;

pub use self::current_user::{CurrentUser, LoadUser};
