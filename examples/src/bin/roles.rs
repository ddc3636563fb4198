//! Permissions and roles: a viewer reads the news, and an editor writes them too.
//!
//! `ALICE_PASSWORD='a long pass phrase' BOB_PASSWORD='another pass phrase' cargo run --bin roles`

use std::{env, error::Error, sync::Mutex};

use auth_runtime::{
    prelude::*,
    users::{MemoryUsers, User},
};
use poem::{Route, Server, listener::TcpListener};
use poem_openapi::{OpenApi, payload::PlainText};

permissions! {
    /// Permissions on the news.
    enum Permission {
        /// Read the news
        Read = "read",
        /// Write the news
        Write = "write",
    }
}

roles! {
    /// Roles of the users.
    enum Role: Permission {
        /// Reads
        Viewer = "Viewer" => [Read],
        /// Has the permissions of a viewer, and writes
        Editor = "Editor": Viewer => [Write],
    }
}

/// The accepted credentials.
#[derive(Auth, Clone)]
#[auth(permissions = Permission, roles = Role)]
struct Auth {
    /// User name and password.
    #[scheme(basic)]
    password: Basic,
}

struct News(Mutex<String>);

#[protected]
#[OpenApi]
impl News {
    /// Reads the news
    #[permission("read")]
    #[oai(path = "/news", method = "get")]
    async fn read(&self) -> PlainText<String> {
        PlainText(self.0.lock().expect("no thread panics").clone())
    }

    /// Replaces the news
    #[permission("write")]
    #[oai(path = "/news", method = "put")]
    async fn write(&self, news: PlainText<String>) {
        *self.0.lock().expect("no thread panics") = news.0;
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let setting = |name| env::var(name).map_err(|_| format!("{name} is not set"));
    let alice = User::with_password("alice", &setting("ALICE_PASSWORD")?)?.roles([Role::Viewer]);
    let bob = User::with_password("bob", &setting("BOB_PASSWORD")?)?.roles([Role::Editor]);
    let auth = Auth { password: Basic::new(MemoryUsers::new().add_user(alice)?.add_user(bob)?) };

    let api = auth.service(News("Nothing new".to_owned().into()), "News", "1.0");
    let app = Route::new().nest("/docs", api.swagger_ui()).nest("/", api);
    let port = env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    println!("listening on http://127.0.0.1:{port}");
    Server::new(TcpListener::bind(format!("127.0.0.1:{port}"))).run(app).await?;
    Ok(())
}
