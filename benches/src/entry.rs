//! The response of every contender: `GET /entries/:id` returns a small JSON object.

use poem_openapi::Object;
use serde::Serialize;
use serde_json::{Value, json};

/// The path of the request.
pub const PATH: &str = "/entries/42";

/// The required permission.
pub const PERMISSION: &str = "entries:view";

/// An entry of the book.
#[derive(Clone, Debug, Object, Serialize)]
pub struct Entry {
    /// Its number.
    pub id: i64,
    /// Its title.
    pub title: String,
    /// Its author.
    pub author: String,
    /// Its URL.
    pub tags: Vec<String>,
    /// Whether it is pinned to the top.
    pub pinned: bool,
}

impl Entry {
    /// Returns the entry with this number.
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

/// Returns the expected body for [`PATH`].
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
