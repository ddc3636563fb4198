//! Users of an LDAP directory: `cargo run --bin ldap`, with the settings that `directory` reads.

use std::{env, error::Error, io::stderr, process::ExitCode};

use auth_ldap::Directory;
use auth_runtime::prelude::*;
use poem::{Server, listener::TcpListener};
use poem_openapi::{OpenApi, payload::PlainText};

permissions! { enum Permission { Read = "notice:read", Write = "notice:write" } }
roles! { enum Role: Permission { Reader = "Reader" => [Read], Editor = "Editor" => all } }

#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = Role)]
struct Auth {
    /// User name and password in the directory.
    #[scheme(basic)]
    directory: Directory,
}

struct Board;

#[protected]
#[OpenApi]
impl Board {
    /// Reads the notice
    #[permission("notice:read")]
    #[oai(path = "/notice", method = "get")]
    async fn read(&self, caller: Principal<Auth>) -> PlainText<String> {
        PlainText(format!("{} of {} {:?}", caller.subject(), caller.issuer(), caller.roles()))
    }
}

fn directory() -> Result<Directory, Box<dyn Error>> {
    let setting = |name| env::var(name).ok().filter(|value| !value.is_empty()).ok_or(format!("{name} is not set"));
    let directory = Directory::builder(setting("LDAP_URL")?)
        .service_account(setting("LDAP_BIND_DN")?, setting("LDAP_BIND_PASSWORD")?)
        .users(setting("LDAP_USERS")?)
        .groups(setting("LDAP_GROUPS")?)
        .role("cn=readers", Role::Reader)
        .role("cn=editors", Role::Editor)
        .build()?;
    Ok(directory)
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let auth = Auth { directory: directory()? };
    let port = env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    println!("listening on http://127.0.0.1:{port}");
    let server = Server::new(TcpListener::bind(format!("127.0.0.1:{port}")));
    Ok(server.run(auth.service(Board, "Notice board", "1.0")).await?)
}

#[tokio::main]
async fn main() -> ExitCode {
    let log = env::var("RUST_LOG").unwrap_or_else(|_| "info".to_owned());
    tracing_subscriber::fmt().with_env_filter(log).with_writer(stderr).init();
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ldap: {error}");
            ExitCode::FAILURE
        }
    }
}
