//! Users in a database.
//!
//! - `sign_in`: the reads and writes of a sign-in, and of each request of a user;
//! - administration: `account` (its values), `manage`, `list`, `roles`, `passwords`, `import`;
//! - users about their own account: `password_page`, `self_service`, `one_time_tokens`, `second_factor`;
//! - names: `user_name` (the stored form), `declared_names` (roles and permissions);
//! - `insert`: the statements of new users.

mod account;
pub(crate) mod declared_names;
mod import;
mod insert;
mod list;
mod manage;
#[cfg(feature = "account")]
mod one_time_tokens;
mod password_page;
mod passwords;
mod roles;
#[cfg(feature = "account")]
mod second_factor;
#[cfg(feature = "account")]
mod self_service;
pub(crate) mod sign_in;
mod user_name;

pub use self::{
    account::{Account, NewUser, Page, Profile},
    declared_names::NamesInUse,
    import::ImportOutcome,
    user_name::normalize_name,
};
