//! Administers users and API keys of [`auth_runtime`] from the command line.
//!
//! The crate has the binary `auth-admin`, and subcommands for your own binary. Prefer your own binary: it knows the
//! declared roles and permissions, so it rejects misspelt names, and [`check`](#commands) reports undeclared names in
//! the database.
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
//! /// A service for notes
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
//!     /// Serve the notes
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
//! # Commands
//!
//! | command | purpose |
//! |---|---|
//! | `migrate` | creates or updates the tables; no other command does |
//! | `check` | compares the tables, role and permission names, and secret key with the program |
//! | `user add`, `list`, `show`, `rename`, `delete` | manage users |
//! | `user disable`, `enable`, `sign-out` | end or restore access; see [freshness](auth_store::SqlUsers#freshness) |
//! | `user set-password`, `verify-password` | replace or verify a password |
//! | `user set-profile`, `set-roles`, `set-permissions` | change a user |
//! | `user remove-second-factor` | lets a user who has lost the second factor sign in again |
//! | `user import` | imports CSV or JSONL, with the password hashes of another system |
//! | `key create`, `list`, `revoke` | manage API keys |
//! | `session list`, `end` | list and end sessions of users |
//! | `key-ring list`, `rotate`, `retire` | manage the keys that sign tokens |
//! | `token inspect`, `revoke` | show or revoke a token, which is read from the terminal or stdin |
//! | `role list`, `permission list` | list declared names and names in use |
//! | `access matrix`, `check`, `diff`, `explain`, `lint` | show, compare and explain the access policy; see [below](#access-policy) |
//! | `export typescript`, `overstep` | prints permissions and roles as TypeScript types, or the matrix for the test tool [overstep](https://pypi.org/project/overstep/) |
//! | `completions` | prints completions for bash, elvish, fish, PowerShell and zsh |
//!
//! `--help` describes each command. [`Settings`] has the options that all commands share.
//!
//! # Exit codes
//!
//! | code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | not found, rejected, or a finding of `check` or `access lint` |
//! | 2 | wrong usage or settings; nothing was done |
//! | 3 | the database is unavailable, or its tables have another version; or Redis is unavailable |
//! | 10 to 15 | `access check` or `access diff` found a difference of this [class](auth_runtime::review::DifferenceClass) |
//! | 130 | interrupted by Ctrl-C; at a prompt, nothing was done |
//!
//! A failure prints one line to stderr; Ctrl-C prints none. Usage errors of clap have more lines, and
//! `user import` adds one for each rejected line of the file. Code 1 also means
//! that the result or the log could not be written; then the line says whether the change was made.
//!
//! If a server fails after a part of the change was made, the line and the log say what was done. If only the answer to
//! a commit is lost, the command exits with code 3 too, although the change was made.
//!
//! After a prompt for a password or a token, the process ignores Ctrl-C until it ends, so a change is not interrupted.
//! A program that goes on after [`Admin::run`] needs a handler of its own, such as `tokio::signal::ctrl_c`. Without such
//! a prompt, Ctrl-C ends the process by its signal, and the change may have been made. Shells show code 130 then too.
//!
//! # Access policy
//!
//! The commands `access ..` and `export ..` open no database. [`Admin::policy`] hands them the policy of the
//! application. `access diff OLD NEW` compares two files and needs no application. With `--lock FILE`, the others need
//! none either, except `access check`.
//!
//! # Redis
//!
//! An application may keep sessions, refresh tokens, revocations, signing keys and attempts in Redis (feature `redis`).
//! `AUTH_REDIS_URI` or [`Admin::redis`] names the server. `session` and `token` then use the database and Redis.
//! `key-ring` uses only Redis, and can decrypt the keys only if the application takes them from
//! [`SqlUsers::key_ring_in`](auth_store::SqlUsers::key_ring_in). `check` also asks Redis. If Redis does not answer,
//! these commands change nothing and exit with code 3.
//!
//! A change of a user's credentials ends the user's sessions and tokens without Redis. Each of them records the version
//! of the credentials, and each request compares it with the version in the database.
//!
//! # Passwords and keys
//!
//! A password comes from a prompt without echo, from the first line of stdin (`--password-stdin`), or from a generator
//! with 80 random bits (`--generate`). It is never an argument, because other users of the machine can read arguments,
//! and shells record them.
//!
//! A generated password or key is printed to stdout once, and a note about it to stderr. By default, a generated
//! password expires after 7 days, so that the user chooses another one (ASVS 6.4.1). An administrator should set only
//! generated passwords (ASVS 6.4.6).
//!
//! # Confirmation
//!
//! These commands ask for confirmation: `user delete`, `disable`, `sign-out` and `remove-second-factor`, `key revoke`,
//! `session end` and `key-ring retire`. `user set-roles` and `set-permissions` ask only when they remove a name.
//! `--yes` skips the prompt. Without a terminal and without `--yes`, a command that would ask stops with exit code 2.
//! `set-password` does not ask.
//!
//! # Output
//!
//! The output is a table, or one JSON document with `--output json`. `access matrix`, `check`, `diff` and `lint` have
//! `--format` instead. A list of users or keys is printed while it is read, so it can have any length. An interrupted
//! list is invalid JSON. Times are in UTC (RFC 3339). Control characters are escaped.
//!
//! # Log
//!
//! Each change is an event of [`tracing`] with the target `auth_admin`. Its field `by` is the account of the process.
//! `SUDO_USER` is added, although any user can set this variable. `--log-file` writes the events to a file, which only
//! its owner can read if the command creates it. The events contain no secrets. For rotation, move the file away: the
//! next command creates a new one.
//!
//! # Limits
//!
//! - Any account with write access to the database can change users without this command. Any account that may run the
//!   command with the URL of the database may use all of it: there are no roles of administrators.
//! - The process writes its own log. Any account with write access to the file can change it.
//! - Other users of the machine can read a URL in an argument, with its password. Use `AUTH_DB_URI` and
//!   `AUTH_REDIS_URI`.
//! - A printed password or key stays in the scrollback of a terminal, or in a redirected file.
//! - `auth-admin` without an application accepts every role and permission. It warns about a name that no user and no
//!   key had before. A name that the application does not declare grants nothing.
//! - `auth-admin` without an application checks new passwords with the default rules. [`Admin::passwords`] sets those of
//!   the application, with its breach check.

mod access;
mod admin;
mod command;
mod console;
mod context;
mod declared;
mod error;
mod escape;
mod exit;
mod export;
mod import;
mod log;
mod output;
mod program;
mod settings;
mod state;
mod verb;

pub use self::{
    admin::Admin,
    command::AdminCommand,
    console::Console,
    error::SettingError,
    exit::{EXIT_CODES, Exit},
    settings::Settings,
};
