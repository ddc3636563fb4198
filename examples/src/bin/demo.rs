//! Starts the demo: `cargo run`, or `cargo run -- --port 8080`. Administers its users: `cargo run -- user list`.

use std::{
    env,
    error::Error,
    io::{self, Write},
    process::ExitCode,
};

use auth_admin::{Admin, AdminCommand, EXIT_CODES, Exit, SettingError, Settings};
use auth_examples::{
    demo::{DATABASE, Demo, access::Auth, app, review::policy, welcome::Welcome},
    server::{self, ReservedPort},
};
use auth_runtime::users::Passwords;
use auth_store::{SqlUsers, StoreError, describe_url};
use clap::{CommandFactory, Parser};
use poem::listener::TcpAcceptor;

/// An entry book with declarative access control: each rule is written once, enforced and documented
#[derive(Parser)]
#[command(
    name = "demo",
    after_help = EXIT_CODES,
    subcommand_help_heading = "Administration",
    disable_help_subcommand = true
)]
struct Options {
    /// Port to listen on, on this machine only; 0 takes a free port
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
        let admin = Admin::of::<Auth>(Options::command()).default_database_url(DATABASE).policy(policy);
        return admin.run(command, &options.settings).await.into();
    }
    match run(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let exit = match error.downcast_ref() {
                Some(StoreError::Setting(_)) => Exit::Usage,
                Some(StoreError::Schema(_) | StoreError::Database(_)) => Exit::Database,
                _ if error.is::<SettingError>() => Exit::Usage,
                _ => Exit::Refused,
            };
            server::fail("demo", &*error, exit.code())
        }
    }
}

/// Returns the command line for this database. A server URL is not repeated, because it may contain a password.
fn command(database: &str) -> String {
    let is_named = env::args_os().any(|argument| argument.to_string_lossy().starts_with("--database-url"));
    match is_named && database != DATABASE {
        true if database.starts_with("sqlite:") => {
            format!("cargo run -- --database-url '{}'", database.replace('\'', r"'\''"))
        }
        true => "cargo run -- --database-url URL".to_owned(),
        false => "cargo run --".to_owned(),
    }
}

async fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let port = ReservedPort::reserve(options.port)?;
    // Log before connecting: `connect` warns about undeclared roles in the database.
    server::log_to(options.settings.open_log_file()?);
    let url = options.settings.database_url()?.unwrap_or(DATABASE);
    let passwords = options.settings.passwords(Passwords::new())?;
    let users = SqlUsers::options().declared_by::<Auth>().passwords(passwords).connect(url).await?;
    let (address, database) = (format!("http://{}", port.address), describe_url(url));
    let demo = Demo::new(&users, &address).await?;
    let welcome = Welcome { demo: &demo, address, command: command(&database), database };
    let acceptor = listen(port, &welcome).map_err(|error| match &demo.first {
        None => error,
        // The users exist, but their passwords were not shown.
        Some(_) => io::Error::other(format!(
            "users were created, but their passwords cannot be shown: {error}; set new ones with `user set-password NAME --generate`"
        )),
    })?;
    server::serve(acceptor, app(&demo)).await?;
    demo.account.finish().await;
    users.close().await;
    Ok(())
}

/// Accepts connections, now that the database has answered, and prints the welcome.
fn listen(port: ReservedPort, welcome: &Welcome<'_>) -> io::Result<TcpAcceptor> {
    let acceptor = port.listen()?;
    write!(io::stdout(), "{welcome}")?;
    Ok(acceptor)
}
