//! Users and keys as tables for people and as JSON for programs.

mod format;
mod key;
mod list;
mod signing_key;
mod table;
mod time;
mod user;

pub(crate) use self::{
    format::Format,
    key::{KeyJson, is_active, limits},
    list::List,
    signing_key::SigningKeyJson,
    table::{print_json, print_table, print_text},
    time::rfc3339,
    user::{UserJson, facts},
};
