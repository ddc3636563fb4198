//! Starts the demo: `cargo run`, or `cargo run -- --port 8080`. Administers its users: `cargo run -- user list`.

use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
};

use auth_admin::{Admin, AdminCommand, SettingError, Settings};
use auth_examples::{
    demo::{DATABASE, Demo, access::Auth, app, welcome::Welcome},
    server,
};
use auth_runtime::{
    sql::{SqlUsers, StoreError, describe_url},
    users::Passwords,
};
use clap::{CommandFactory, Parser};

/// An entry book that shows declarative access control: who may call what, enforced and documented from one place
#[derive(Parser)]
#[command(name = "demo", subcommand_help_heading = "Administration", disable_help_subcommand = true)]
struct Options {
    /// The port to listen on, on this machine only; 0 takes any that is free
    #[arg(long, env = "PORT", default_value_t = 3000)]
    port: u16,
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Option<AdminCommand>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(command) = options.command {
        let admin = Admin::of::<Auth>(Options::command()).default_database_url(DATABASE);
        return admin.run(command, &options.settings).await.into();
    }
    match run(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let is_setting = error.is::<SettingError>() || matches!(error.downcast_ref(), Some(StoreError::Setting(_)));
            server::fail("demo", &*error, if is_setting { server::WRONG_SETTINGS } else { 1 })
        }
    }
}

async fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let (acceptor, address) = server::listen(options.port).await?;
    // Connecting warns of roles in the database that are not declared.
    server::log_to(options.settings.open_log_file()?);
    let url = options.settings.database_url()?.unwrap_or(DATABASE);
    let passwords = options.settings.passwords(Passwords::new())?;
    let users = SqlUsers::options().tables_of::<Auth>().passwords(passwords).connect(url).await?;
    let demo = Demo::new(&users).await?;
    let welcome = Welcome { demo: &demo, address: format!("http://{address}"), database: describe_url(url) };
    write!(io::stdout(), "{welcome}")?;
    server::serve(acceptor, app(&demo)).await?;
    users.close().await;
    Ok(())
}
