//! Users and API keys in a database, and a command that manages them: `cargo run --bin store -- --help`.

use std::{error::Error, process::ExitCode};

use auth_admin::{Admin, AdminCommand, Settings};
use auth_runtime::{prelude::*, users::Passwords};
use auth_store::SqlUsers;
use clap::{CommandFactory, Parser};
use poem::{Route, Server, listener::TcpListener};
use poem_openapi::{OpenApi, payload::PlainText};

permissions! { enum Permission { View = "view" } }
roles! { enum Role: Permission { Viewer = "Viewer" => [View] } }

/// The accepted credentials.
#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = Role)]
struct Auth {
    /// User name and password.
    #[scheme(basic)]
    password: Basic<SqlUsers>,
    /// API key of a user.
    #[scheme(api_key(header = "X-API-Key"))]
    key: ApiKeys<SqlUsers>,
}

struct Notes;

#[protected]
#[OpenApi]
impl Notes {
    /// Reads the notes
    #[permission("view")]
    #[oai(path = "/notes", method = "get")]
    async fn read(&self, caller: Principal<Auth>) -> PlainText<String> {
        PlainText(format!("The notes of {}", caller.display_name()))
    }
}

/// Notes, and the users that may read them
#[derive(Parser)]
#[command(name = "store")]
struct Options {
    /// Port to listen on
    #[arg(long, env = "PORT", default_value_t = 3000)]
    port: u16,
    #[command(flatten)]
    settings: Settings,
    /// Without a command, the service starts
    #[command(subcommand)]
    command: Option<AdminCommand>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(command) = options.command {
        return Admin::of::<Auth>(Options::command()).run(command, &options.settings).await.into();
    }
    match serve(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("store: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(Options { port, settings, .. }: &Options) -> Result<(), Box<dyn Error>> {
    let url = settings.database_url()?.ok_or("AUTH_DB_URI is not set; set it to sqlite:notes.db, for example")?;
    let passwords = settings.passwords(Passwords::new())?;
    let users = SqlUsers::options().declared_by::<Auth>().passwords(passwords).connect(url).await?;
    let auth = Auth { password: Basic::new(users.clone()).issuer("users"), key: ApiKeys::new(users).issuer("users") };
    let app = Route::new().nest("/", auth.service(Notes, "Notes", "1.0"));
    println!("listening on http://127.0.0.1:{port}");
    Server::new(TcpListener::bind(("127.0.0.1", *port))).run(app).await?;
    Ok(())
}
