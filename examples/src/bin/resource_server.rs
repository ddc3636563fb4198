//! Starts the resource server: `cargo run --bin resource_server -- --help` lists its settings.

use std::{process::ExitCode, time::Duration};

use auth_examples::{
    environment::{Environment, SettingError},
    resource_server::{HELP, access::Auth, app, settings},
    server,
};
use auth_runtime::jwt::{Jwt, JwtError};
use clap::Parser;
use tokio::time::timeout;

/// How long the start waits for the issuer. A service starts without its issuer too.
const ISSUER: Duration = Duration::from_secs(3);

/// A resource server with its settings in environment variables
#[derive(Parser)]
#[command(after_help = HELP)]
struct Options {}

#[tokio::main]
async fn main() -> ExitCode {
    let Options {} = Options::parse();
    server::run("resource_server", "The resource server", settings().await, app).await
}

async fn settings() -> Result<(Auth, u16), SettingError> {
    let environment = Environment::of_process();
    let (auth, port) = (settings::auth(&environment)?, environment.port()?);
    if let Some(jwt) = &auth.access_token {
        issuer_has_this_name(jwt).await?;
    }
    Ok((auth, port))
}

/// Rejects an issuer that calls itself otherwise: each of its tokens would be rejected.
async fn issuer_has_this_name(jwt: &Jwt) -> Result<(), SettingError> {
    match timeout(ISSUER, jwt.ready()).await {
        Ok(Err(error @ JwtError::OtherIssuer { .. })) => Err(SettingError::new("OIDC_ISSUER", error)),
        _ => Ok(()),
    }
}
