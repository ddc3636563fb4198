//! The entry book: one operation for each kind of rule.

#![allow(clippy::unused_async, reason = "an operation is async, whether it waits for something or not")]

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use auth_runtime::prelude::*;
use poem::{handler, web::Data};
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::Path,
    payload::{Json, PlainText},
};

use super::access::{Auth, Role};

/// The book; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Book(Arc<RwLock<BTreeMap<u64, Record>>>);

/// An entry as the book keeps it.
#[derive(Clone, Debug)]
struct Record {
    text: String,
    /// Issuer and subject: a subject alone may stand for different people.
    author: (String, String),
    /// The author's name when the entry was written, for people to read.
    author_name: String,
}

/// An entry as callers see it.
#[derive(Debug, Object)]
struct Entry {
    id: u64,
    text: String,
    /// Who wrote it.
    author: String,
}

/// What callers write.
#[derive(Debug, Object)]
struct Text {
    #[oai(validator(min_length = 1, max_length = 1000))]
    text: String,
}

/// Who calls.
#[derive(Debug, Object)]
struct Caller {
    name: String,
    /// The security scheme by which the caller came.
    scheme: String,
    roles: Vec<String>,
    permissions: Vec<String>,
}

#[derive(ApiResponse)]
enum Written {
    /// The new entry
    #[oai(status = 201)]
    Created(Json<Entry>),
}

#[derive(ApiResponse)]
enum Changed {
    /// The entry as it is now
    #[oai(status = 200)]
    Ok(Json<Entry>),
    /// There is no such entry
    #[oai(status = 404)]
    NotFound,
}

/// The operations. Each says who may call it; one that says nothing would not compile.
#[derive(Debug)]
pub struct Entries {
    /// Where the entries are.
    pub book: Book,
}

#[protected]
#[OpenApi]
impl Entries {
    /// Tells that the service is alive
    #[public(reason = "probed by machines that have no credential")]
    #[oai(path = "/health", method = "get")]
    async fn health(&self) -> PlainText<&'static str> {
        PlainText("alive")
    }

    /// Greets everybody, and by name whoever says who they are
    #[optional_auth]
    #[oai(path = "/hello", method = "get")]
    async fn hello(&self, caller: Option<Principal<Auth>>) -> PlainText<String> {
        let name = caller.as_ref().map_or("whoever you are", Principal::display_name);
        PlainText(format!("Hello, {name}"))
    }

    /// Tells who calls
    #[protected]
    #[oai(path = "/me", method = "get")]
    async fn me(&self, caller: Principal<Auth>) -> Json<Caller> {
        Json(Caller {
            name: caller.display_name().to_owned(),
            scheme: caller.scheme().to_owned(),
            roles: caller.roles().iter().map(|role| role.to_string()).collect(),
            permissions: caller.permissions().iter().map(|permission| permission.to_string()).collect(),
        })
    }

    /// Lists the entries
    #[permission("view")]
    #[oai(path = "/entries", method = "get")]
    async fn list(&self) -> Json<Vec<Entry>> {
        Json(self.book.read().iter().map(|(id, record)| record.entry(*id)).collect())
    }

    /// Writes an entry
    #[permission("edit")]
    #[oai(path = "/entries", method = "post")]
    async fn write(&self, caller: Principal<Auth>, body: Json<Text>) -> Written {
        Written::Created(Json(self.book.write(&caller, body.0.text)))
    }

    /// Changes an entry
    ///
    /// For its author, and for administrators.
    #[protected(any(role("Administrator"), all(permission("edit"), check = self.book.is_author(caller, *id))))]
    #[oai(path = "/entries/:id", method = "put")]
    async fn change(&self, caller: Principal<Auth>, Path(id): Path<u64>, body: Json<Text>) -> Changed {
        tracing::info!(entry = id, by = caller.subject(), "changed");
        self.book.change(id, body.0.text).map_or(Changed::NotFound, |entry| Changed::Ok(Json(entry)))
    }

    /// Deletes an entry
    #[permission("delete")]
    #[oai(path = "/entries/:id", method = "delete")]
    async fn delete(&self, id: Path<u64>) -> Changed {
        let deleted = self.book.edit().remove(&id);
        deleted.map_or(Changed::NotFound, |record| Changed::Ok(Json(record.entry(*id))))
    }

    /// Deletes all entries
    #[protected(roles = "Administrator")]
    #[oai(path = "/entries", method = "delete")]
    async fn clear(&self) -> PlainText<String> {
        let mut entries = self.book.edit();
        let count = entries.len();
        entries.clear();
        PlainText(format!("{count} deleted"))
    }
}

/// A plain handler of Poem, in no document.
#[protected(roles(Role::Administrator))]
#[handler]
pub(super) fn statistics(caller: Principal<Auth>, Data(book): Data<&Book>) -> String {
    format!("{}: {} entries", caller.display_name(), book.read().len())
}

/// A handler that says nothing about who may call it: the rule is around the subtree in which it stands.
#[handler]
pub(super) fn export(Data(book): Data<&Book>) -> String {
    let lines =
        book.read().values().map(|record| format!("{}: {}", record.author_name, record.text)).collect::<Vec<_>>();
    lines.join("\n")
}

impl Book {
    /// Whether this caller wrote the entry.
    #[must_use]
    pub fn is_author(&self, caller: &Principal<Auth>, id: u64) -> bool {
        self.read().get(&id).is_some_and(|record| record.author == identity(caller))
    }

    fn write(&self, caller: &Principal<Auth>, text: String) -> Entry {
        let mut entries = self.edit();
        let id = entries.keys().next_back().map_or(1, |last| last + 1);
        let author_name = caller.display_name().to_owned();
        let record = Record { text, author: identity(caller), author_name };
        let entry = record.entry(id);
        entries.insert(id, record);
        entry
    }

    fn change(&self, id: u64, text: String) -> Option<Entry> {
        let mut entries = self.edit();
        let record = entries.get_mut(&id)?;
        record.text = text;
        Some(record.entry(id))
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<u64, Record>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn edit(&self) -> RwLockWriteGuard<'_, BTreeMap<u64, Record>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Record {
    fn entry(&self, id: u64) -> Entry {
        Entry { id, text: self.text.clone(), author: self.author_name.clone() }
    }
}

fn identity(caller: &Principal<Auth>) -> (String, String) {
    (caller.issuer().to_owned(), caller.subject().to_owned())
}
