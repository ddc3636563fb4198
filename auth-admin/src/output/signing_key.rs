//! Signing keys in tables and in JSON.

use auth_runtime::jwt::{KeyState, SigningKeyRecord};
use serde::Serialize;

use super::{
    table::Row,
    time::{optional, rfc3339},
};

/// A signing key in JSON, without its private half.
#[derive(Serialize)]
pub(crate) struct SigningKeyJson<'a> {
    id: &'a str,
    state: &'static str,
    published_at: String,
    signs_from: String,
    retired_at: Option<String>,
}

impl<'a> From<&'a (SigningKeyRecord, KeyState)> for SigningKeyJson<'a> {
    fn from((key, state): &'a (SigningKeyRecord, KeyState)) -> Self {
        Self {
            id: &key.id,
            state: state.name(),
            published_at: rfc3339(key.published_at),
            signs_from: rfc3339(key.signs_from),
            retired_at: optional(key.retired_at),
        }
    }
}

impl Row for (SigningKeyRecord, KeyState) {
    const HEADER: &'static [&'static str] = &["ID", "STATE", "PUBLISHED", "SIGNS FROM", "RETIRED"];

    fn cells(&self) -> Vec<String> {
        let (key, state) = self;
        vec![
            key.id.clone(),
            state.name().to_owned(),
            rfc3339(key.published_at),
            rfc3339(key.signs_from),
            optional(key.retired_at).unwrap_or_else(|| "no".to_owned()),
        ]
    }
}
