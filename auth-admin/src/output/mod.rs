//! Users and keys as tables for people and as JSON for programs.

mod format;
mod key;
mod list;
mod table;
mod time;
mod user;

pub(crate) use self::{
    format::Format,
    key::{KeyJson, is_active, limits},
    list::List,
    table::{print_json, print_table, print_text},
    time::rfc3339,
    user::{UserJson, facts},
};
