//! Starts the service with an LDAP directory: `cargo run --bin ldap -- --help` lists its settings.

use std::process::ExitCode;

use auth_examples::{
    environment::{Environment, SettingError},
    ldap::{HELP, access::Auth, app, settings},
    server,
};
use clap::Parser;

/// A notice board for the users of an LDAP directory
#[derive(Parser)]
#[command(after_help = HELP)]
struct Options {}

#[tokio::main]
async fn main() -> ExitCode {
    let Options {} = Options::parse();
    server::run("ldap", "The notice board", settings(), app).await
}

fn settings() -> Result<(Auth, u16), SettingError> {
    let environment = Environment::of_process();
    Ok((settings::auth(&environment)?, environment.port()?))
}
