//! Starts the demo: `cargo run`, or `cargo run -- --port 8080`.

use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
};

use auth_examples::{
    demo::{Demo, app, welcome::Welcome},
    server,
};
use clap::Parser;

/// An entry book that shows declarative access control: who may call what, enforced and documented from one place
#[derive(Parser)]
struct Options {
    /// The port to listen on, on this machine only; 0 takes any that is free
    #[arg(long, env = "PORT", default_value_t = 3000)]
    port: u16,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let (acceptor, address) = server::listen(options.port).await?;
    let demo = Demo::new()?;
    write!(io::stdout(), "{}", Welcome { demo: &demo, address: format!("http://{address}") })?;
    server::log();
    server::serve(acceptor, app(&demo)).await?;
    Ok(())
}
