//! Access tokens of an OpenID provider: `ISSUER=https://login.example.com AUDIENCE=notes cargo run --bin jwt`.

use std::{env, error::Error};

use auth_runtime::jwt::{JwtError, RemoteKeys};
use auth_runtime::prelude::*;
use poem::{Route, Server, listener::TcpListener};
use poem_openapi::{OpenApi, payload::PlainText};

permissions! {
    /// Permissions on notes. They are also the scopes of the tokens.
    enum Permission {
        /// Read notes
        Read = "notes:read",
        /// Write notes
        Write = "notes:write",
    }
}

roles! {
    /// Roles of the users, in the claim `roles` of a token.
    enum Role: Permission {
        /// Has all permissions
        Administrator = "Administrator" => all,
    }
}

/// The accepted credentials.
#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = Role)]
struct Auth {
    /// Access token of the provider.
    #[scheme(bearer(format = "JWT"))]
    access_token: Jwt,
}

struct Notes;

#[protected]
#[OpenApi]
impl Notes {
    /// Reads the notes: the client needs the scope, which the user granted to it
    #[protected(scopes("notes:read"))]
    #[oai(path = "/notes", method = "get")]
    async fn read(&self, caller: Principal<Auth>) -> PlainText<String> {
        PlainText(format!("The notes of {} at {}", caller.subject(), caller.issuer()))
    }

    /// Deletes the notes: the user needs the role too, and a sign-in in the last 15 minutes
    #[protected(scopes("notes:write"), roles("Administrator"), fresh = "15m")]
    #[oai(path = "/notes", method = "delete")]
    async fn clear(&self) -> PlainText<&'static str> {
        PlainText("All notes are deleted")
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let setting = |name| env::var(name).map_err(|_| format!("{name} is not set"));
    // The keys are fetched in the background. Until they arrive, tokens get 503.
    let keys = RemoteKeys::openid_connect(&setting("ISSUER")?)?;
    let access_token = Jwt::discovered(keys)?.audience(&setting("AUDIENCE")?);
    // A document of another issuer stops the program. If there is no document yet, tokens get 503.
    if let Err(error @ JwtError::OtherIssuer { .. }) = access_token.ready().await {
        return Err(error.into());
    }
    let auth = Auth { access_token };

    let api = auth.service(Notes, "Notes", "1.0");
    let app = Route::new().nest("/docs", api.swagger_ui()).nest("/", api);
    let port = env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    println!("listening on http://127.0.0.1:{port}");
    Server::new(TcpListener::bind(format!("127.0.0.1:{port}"))).run(app).await?;
    Ok(())
}
