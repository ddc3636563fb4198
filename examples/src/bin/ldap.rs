//! Starts the service with a directory: `cargo run --bin ldap -- --help` lists its settings.

use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
};

use auth_examples::{
    environment::{Environment, SettingError},
    ldap::{HELP, access::Auth, app, settings},
    server,
};
use clap::Parser;

/// Wrong settings; 1 is for what goes wrong later.
const WRONG_SETTINGS: u8 = 2;

/// A notice board whose users are those of a directory (LDAP)
#[derive(Parser)]
#[command(after_help = HELP)]
struct Options {}

#[tokio::main]
async fn main() -> ExitCode {
    let Options {} = Options::parse();
    server::log();
    let (auth, port) = match settings() {
        Ok(settings) => settings,
        Err(error) => return fail(&error, WRONG_SETTINGS),
    };
    match run(&auth, port).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&*error, 1),
    }
}

fn settings() -> Result<(Auth, u16), SettingError> {
    let environment = Environment::of_process();
    Ok((settings::auth(&environment)?, environment.port()?))
}

async fn run(auth: &Auth, port: u16) -> Result<(), Box<dyn Error>> {
    let (acceptor, address) = server::listen(port).await?;
    writeln!(
        io::stdout(),
        "The notice board listens on http://{address}, with documentation at http://{address}/docs"
    )?;
    server::serve(acceptor, app(auth)).await?;
    Ok(())
}

fn fail(error: &dyn Error, code: u8) -> ExitCode {
    eprintln!("ldap: {error}");
    code.into()
}
