//! The entry book: one operation for each kind of rule.

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

/// The book. Clones share its entries.
#[derive(Clone, Debug, Default)]
pub struct Book(Arc<RwLock<BTreeMap<u64, Record>>>);

/// An entry as the book stores it.
#[derive(Clone, Debug)]
struct Record {
    text: String,
    /// Issuer and subject: a subject is unique only within its issuer.
    author: (String, String),
    /// The author's display name at the time of writing.
    author_name: String,
}

/// An entry in a response.
#[derive(Debug, Object)]
struct Entry {
    id: u64,
    text: String,
    /// The author's display name.
    author: String,
}

/// The body of a request that writes an entry.
#[derive(Debug, Object)]
struct Text {
    #[oai(validator(min_length = 1, max_length = 1000))]
    text: String,
}

#[derive(ApiResponse)]
enum Written {
    /// The new entry
    #[oai(status = 201)]
    Created(Json<Entry>),
}

#[derive(ApiResponse)]
enum Changed {
    /// The changed or deleted entry
    #[oai(status = 200)]
    Ok(Json<Entry>),
    /// The entry does not exist
    #[oai(status = 404)]
    NotFound,
}

/// The operations. Each has a rule; an operation without one does not compile.
#[derive(Debug)]
pub struct Entries {
    /// The stored entries.
    pub book: Book,
}

#[protected]
#[OpenApi]
impl Entries {
    /// Reports that the service is alive
    #[public(reason = "health probes have no credential")]
    #[oai(path = "/health", method = "get")]
    async fn health(&self) -> PlainText<&'static str> {
        PlainText("alive")
    }

    /// Greets the caller, by name if authenticated
    #[optional_auth]
    #[oai(path = "/hello", method = "get")]
    async fn hello(&self, caller: Option<Principal<Auth>>) -> PlainText<String> {
        let name = caller.as_ref().map_or("anonymous caller", Principal::display_name);
        PlainText(format!("Hello, {name}"))
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
    /// Allowed for its author and for administrators.
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

/// A plain Poem handler, which the OpenAPI document does not list.
#[protected(roles(Role::Administrator))]
#[handler]
pub(super) fn statistics(caller: Principal<Auth>, Data(book): Data<&Book>) -> String {
    format!("{}: {} entries", caller.display_name(), book.read().len())
}

/// A handler without a rule of its own: its route is inside a protected subtree.
#[handler]
pub(super) fn export(Data(book): Data<&Book>) -> String {
    let lines =
        book.read().values().map(|record| format!("{}: {}", record.author_name, record.text)).collect::<Vec<_>>();
    lines.join("\n")
}

impl Book {
    /// Returns whether this caller wrote the entry.
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
