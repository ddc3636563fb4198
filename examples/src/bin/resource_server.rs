//! Starts the resource server: `cargo run --bin resource_server -- --help` lists its settings.

use std::process::ExitCode;

use auth_examples::{
    environment::{Environment, SettingError},
    resource_server::{HELP, access::Auth, app, settings},
    server,
};
use clap::Parser;

/// A resource server with its settings in environment variables
#[derive(Parser)]
#[command(after_help = HELP)]
struct Options {}

#[tokio::main]
async fn main() -> ExitCode {
    let Options {} = Options::parse();
    server::run("resource_server", "The resource server", settings(), app).await
}

fn settings() -> Result<(Auth, u16), SettingError> {
    let environment = Environment::of_process();
    Ok((settings::auth(&environment)?, environment.port()?))
}
