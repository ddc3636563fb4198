//! What every contender answers: `GET /entries/:id` gives a small JSON object.

use poem_openapi::Object;
use serde::Serialize;
use serde_json::{Value, json};

/// The path that is asked for.
pub const PATH: &str = "/entries/42";

/// The permission that it takes.
pub const PERMISSION: &str = "entries:view";

/// An entry of a book.
#[derive(Clone, Debug, Object, Serialize)]
pub struct Entry {
    /// Its number.
    pub id: i64,
    /// What it is about.
    pub title: String,
    /// Who wrote it.
    pub author: String,
    /// Where to find it.
    pub tags: Vec<String>,
    /// Whether it stands on top.
    pub pinned: bool,
}

impl Entry {
    /// The entry of this number.
    #[must_use]
    pub fn of(id: i64) -> Self {
        Self {
            id,
            title: "What was said in the meeting".to_owned(),
            author: "Alice Archer".to_owned(),
            tags: vec!["meeting".to_owned(), "planning".to_owned()],
            pinned: false,
        }
    }
}

/// The body that is right for [`PATH`].
#[must_use]
pub fn expected() -> Value {
    json!({
        "id": 42,
        "title": "What was said in the meeting",
        "author": "Alice Archer",
        "tags": ["meeting", "planning"],
        "pinned": false,
    })
}
