//! Starts the library: `cargo run --bin own_table`.

use std::{
    env,
    error::Error,
    io::{self, Write},
    process::ExitCode,
};

use auth_examples::{
    own_table::{app, members::Members},
    server,
};
use clap::Parser;

/// A library that keeps its members in its own table
#[derive(Parser)]
struct Options {
    /// Port to listen on, on this machine only; 0 takes a free port
    #[arg(long, env = "PORT", default_value_t = 3000)]
    port: u16,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => server::fail("own_table", &*error, 1),
    }
}

async fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let password = env::var("LIBRARIAN_PASSWORD")
        .map_err(|_| "LIBRARIAN_PASSWORD is not set; set it to the password of member 1")?;
    let members = Members::in_memory().await?;
    members.join("1", "Lena Librarian", &password, true).await?;
    let (acceptor, address) = server::listen(options.port)?;
    writeln!(io::stdout(), "The library listens on http://{address}, with documentation at http://{address}/docs")?;
    server::log();
    server::serve(acceptor, app(members)).await?;
    Ok(())
}
