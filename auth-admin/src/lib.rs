//! Users and API keys of [`auth_runtime`] from the command line: the binary `auth-admin`, and subcommands for your own.
//!
//! Your own binary is the better place: it knows which roles and permissions there are, so names that are mistyped are
//! refused, and [`check`](#what-there-is) tells of those in the database that are declared no longer.
//!
//! ```
//! use std::process::ExitCode;
//!
//! use auth_admin::{Admin, AdminCommand, Settings};
//! use auth_runtime::prelude::*;
//! use auth_store::SqlUsers;
//! use clap::{CommandFactory, Parser};
//!
//! permissions! { pub enum Permission { View = "view", Edit = "edit" } }
//! roles! { pub enum Role: Permission { Viewer = "Viewer" => [View], Editor = "Editor": Viewer => [Edit] } }
//!
//! #[derive(Auth, Clone)]
//! #[auth(permissions = Permission, roles = Role)]
//! struct Auth {
//!     #[scheme(basic)]
//!     password: Basic<SqlUsers>,
//! }
//!
//! /// Notes, and who may read them
//! #[derive(Parser)]
//! #[command(name = "notes")]
//! struct Options {
//!     #[command(flatten)]
//!     settings: Settings,
//!     #[command(subcommand)]
//!     command: Command,
//! }
//!
//! #[derive(clap::Subcommand)]
//! enum Command {
//!     /// Serves the notes
//!     Serve,
//!     #[command(flatten)]
//!     Admin(AdminCommand),
//! }
//!
//! async fn run(options: Options) -> ExitCode {
//!     match options.command {
//!         Command::Serve => ExitCode::SUCCESS, // with `settings.database_url()` and `settings.passwords(..)`
//!         Command::Admin(command) => {
//!             Admin::of::<Auth>(Options::command()).run(command, &options.settings).await.into()
//!         }
//!     }
//! }
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let folder = tempfile::tempdir().unwrap();
//! let url = format!("sqlite:{}", folder.path().join("notes.db").display());
//! let notes = |words: &[&str]| run(Options::parse_from([&["notes", "--database-url", &url], words].concat()));
//!
//! assert_eq!(notes(&["migrate"]).await, ExitCode::SUCCESS);
//! assert_eq!(notes(&["user", "add", "alice", "--role", "Viewer", "--generate"]).await, ExitCode::SUCCESS);
//! // notes: unknown role `Veiwer`; did you mean `Viewer`? (declared: `Viewer`, `Editor`)
//! assert_eq!(notes(&["user", "set-roles", "alice", "Veiwer"]).await, ExitCode::from(1));
//! # });
//! ```
//!
//! # What there is
//!
//! | | |
//! |---|---|
//! | `user add`, `list`, `show`, `delete` | |
//! | `user disable`, `enable`, `sign-out` | what a user has been given ends with the next request, but for `enable`, which gives nothing back; see [freshness](auth_store::SqlUsers#freshness) |
//! | `user set-password`, `verify-password` | |
//! | `user set-profile`, `set-roles`, `set-permissions` | |
//! | `user import` | many users from CSV or JSONL, with the hashes of another system |
//! | `key create`, `list`, `revoke` | |
//! | `role list`, `permission list` | those that are declared, and those that are in use |
//! | `migrate` | makes the tables, or brings them up to date; no other command does |
//! | `check` | 3 if the tables are not those of the program, 1 if the names in them or the secret key of hashes are not |
//! | `completions` | for bash, elvish, fish, PowerShell and zsh |
//!
//! `--help` of each says the rest. [`Settings`] has what all have in common, with the environment that it is read from.
//!
//! # Exit codes
//!
//! | code | |
//! |---|---|
//! | 0 | done |
//! | 1 | not found, refused, or not as it should be |
//! | 2 | the command or its settings are wrong; nothing was done |
//! | 3 | the database does not answer, or its tables are not those of this version |
//! | 130 | Ctrl-C where a password is asked for; nothing was done |
//!
//! What was not done is told in one line on the standard error; only clap writes more, of a command that it cannot read.
//!
//! # Passwords and keys
//!
//! A password is asked for at the terminal, twice and without showing it; `--password-stdin` reads the first line of the
//! standard input, of which only the line break is dropped; `--generate` makes one of 80 bits. None is ever an argument:
//! those can be read by other users of the machine, and stay in the history of the shell. What was made is printed on
//! the standard output, this once, and beside it on the standard error what there is to say of it. A made password expires
//! after 7 days, so that the user chooses another one (ASVS 6.4.1). An administrator should use no other (ASVS 6.4.6).
//!
//! # Questions
//!
//! `delete`, `disable`, `sign-out`, `revoke`, and `set-roles` and `set-permissions` without names, ask first, unless
//! `--yes` is given. Without a terminal, where nobody can answer, they are refused with 2. `set-password` does not ask: to
//! give a new password is answer enough.
//!
//! # Output
//!
//! A table for people, of any width; or `--output json`. That is one document: an object, or of lists an array. Users and
//! keys have a line each in it, printed as they are read from the database. Times are in UTC as of RFC 3339. Lists are
//! whole unless `--limit` is given, and read a page at a time, so they may be of any length. A list that was cut short by a
//! failure is no JSON. Characters that would do something to a terminal are escaped.
//!
//! # The log
//!
//! Each change is an event of [`tracing`] with the target `auth_admin`: what, of whom, and `by` whom, which is the
//! account of the process. `SUDO_USER` is added as what it is: a variable that `sudo` sets, and that anybody can set
//! for themselves. With `--log-file` they go to that file, which only its owner can read if it is made. There are no
//! secrets in it. It is not rotated: a file that is moved away is made anew by the next command, so any tool that does
//! may do it.
//!
//! # What it does not protect against
//!
//! - Whoever can write to the database needs no command. Whoever may run this one with its URL may do all that it does:
//!   there are no rules for administrators.
//! - The log is written by the process that it is about. Whoever can write to the file can change it.
//! - A URL with a password in it, given as an argument, can be read by other users of the machine. Use `AUTH_DB_URI`.
//! - What is printed this once stays where the output goes, such as the scrollback of a terminal.
//! - `auth-admin` without an application takes any name of a role or a permission. One that is not declared grants
//!   nothing until an application declares it.

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
