//! WIP

mod access;
mod admin;
mod command;
mod console;
mod exit;
mod import;
mod log;
mod output;
mod session;
mod settings;
mod verb;

pub use self::{
    admin::Admin,
    command::AdminCommand,
    console::Console,
    exit::{EXIT_CODES, Exit},
    settings::{SettingError, Settings},
};
