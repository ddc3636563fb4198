//! Ownership: users delete their own notes, and an administrator deletes every note.
//!
//! `ALICE_PASSWORD='a long pass phrase' ROOT_PASSWORD='another pass phrase' cargo run --bin ownership`

use std::{collections::BTreeMap, env, error::Error};

use auth_runtime::{
    prelude::*,
    users::{MemoryUsers, User},
};
use poem::{Result, Route, Server, error::NotFoundError, listener::TcpListener};
use poem_openapi::{OpenApi, param::Path, payload::PlainText};
use tokio::sync::Mutex;

permissions! { enum Permission { Write = "write" } }
roles! {
    /// Roles of the users.
    enum Role: Permission {
        /// Writes notes
        Author = "Author" => [Write],
        /// Has all permissions
        Administrator = "Administrator" => all,
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

/// The authors of all notes, by number: issuer and subject. Two issuers may use the same subject for two people.
#[derive(Default)]
struct Notes(Mutex<BTreeMap<u64, (String, String)>>);

impl Notes {
    async fn is_author(&self, caller: &Principal<Auth>, id: u64) -> bool {
        let author = |(issuer, subject): &(String, String)| issuer == caller.issuer() && subject == caller.subject();
        self.0.lock().await.get(&id).is_some_and(author)
    }
}

#[protected]
#[OpenApi]
impl Notes {
    /// Adds a note and returns its number
    #[permission("write")]
    #[oai(path = "/notes", method = "post")]
    async fn add(&self, caller: Principal<Auth>) -> PlainText<String> {
        let mut notes = self.0.lock().await;
        let id = notes.last_key_value().map_or(1, |(last, _)| last + 1);
        notes.insert(id, (caller.issuer().to_owned(), caller.subject().to_owned()));
        PlainText(id.to_string())
    }

    /// Deletes a note, for its author and for administrators
    #[protected(any(role("Administrator"), check = self.is_author(caller, *id)))]
    #[oai(path = "/notes/:id", method = "delete")]
    async fn delete(&self, caller: Principal<Auth>, Path(id): Path<u64>) -> Result<PlainText<String>> {
        self.0.lock().await.remove(&id).ok_or(NotFoundError)?;
        Ok(PlainText(format!("{} has deleted note {id}", caller.display_name())))
    }
}

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn Error>> {
    let setting = |name| env::var(name).map_err(|_| format!("{name} is not set"));
    let alice = User::with_password("alice", &setting("ALICE_PASSWORD")?)?.roles([Role::Author]);
    let root = User::with_password("root", &setting("ROOT_PASSWORD")?)?.roles([Role::Administrator]);
    let auth = Auth { password: Basic::new(MemoryUsers::new().add_user(alice)?.add_user(root)?) };

    let app = Route::new().nest("/", auth.service(Notes::default(), "Notes", "1.0"));
    let port = env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    println!("listening on http://127.0.0.1:{port}");
    Ok(Server::new(TcpListener::bind(format!("127.0.0.1:{port}"))).run(app).await?)
}
