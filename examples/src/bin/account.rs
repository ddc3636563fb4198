//! A user sets a new password by a link in a mail, which the terminal shows: `cargo run --bin account`.

use std::{env, error::Error, process::ExitCode};

use auth_runtime::{
    account::{PrintMailer, PublicUrl, SelfService},
    me::Me,
    prelude::*,
};
use auth_store::{NewUser, SqlUsers};
use poem::{EndpointExt, Route, Server, listener::TcpListener};

/// The accepted credentials.
#[derive(Auth, Clone)]
struct Auth {
    /// User name and password.
    #[scheme(basic)]
    password: Basic<SqlUsers>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("account: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let port: u16 = env::var("PORT").unwrap_or("3000".to_owned()).parse()?;
    let password = env::var("ALICE_PASSWORD").map_err(|_| "ALICE_PASSWORD is not set; set it to a long pass phrase")?;
    let users = SqlUsers::connect("sqlite::memory:").await?;
    users.add(NewUser::new("alice").password(password).verified_email("alice@example.com")).await?;

    let url = PublicUrl::new(&format!("http://127.0.0.1:{port}/account"))?;
    let account = SelfService::new(users.clone(), PrintMailer, "Entry book", url).issuers(["users"]);
    let auth = Auth { password: Basic::new(users).issuer("users") };
    let api = auth.service(Me::new(), "Entry book", "1.0");
    let pages = account.routes::<Auth>().with(auth);

    println!("open http://127.0.0.1:{port}/account/forgot-password and enter alice@example.com");
    let app = Route::new().nest("/account", pages).nest("/", api);
    Server::new(TcpListener::bind(("127.0.0.1", port)))
        .run_with_graceful_shutdown(app, async { _ = tokio::signal::ctrl_c().await }, None)
        .await?;
    // Mails that wait are sent before the end.
    account.finish().await;
    Ok(())
}
