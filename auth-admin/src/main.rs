//! The command without an application. It does not know the declared names, so it accepts every role and permission.

use std::process::ExitCode;

use auth_admin::{Admin, AdminCommand, EXIT_CODES, Settings};
use clap::{CommandFactory, Parser};

/// Manage users and API keys of auth-runtime in a database
#[derive(Parser)]
#[command(name = "auth-admin", version, after_help = EXIT_CODES, max_term_width = 100)]
struct Options {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: AdminCommand,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Options { settings, command } = Options::parse();
    Admin::without_tables(Options::command()).run(command, &settings).await.into()
}
