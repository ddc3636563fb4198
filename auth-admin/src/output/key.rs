//! API keys in tables and in JSON.

use std::time::SystemTime;

use auth_store::KeyInfo;
use serde::Serialize;

use super::{
    table::Row,
    time::{optional, or_never, rfc3339},
};

/// An API key in JSON.
#[derive(Serialize)]
pub(crate) struct KeyJson<'a> {
    id: &'a str,
    prefix: &'a str,
    label: &'a str,
    owner: &'a str,
    /// `null` for a key with all permissions of its owner.
    permissions: Option<&'a [String]>,
    status: &'static str,
    created_at: String,
    expires_at: Option<String>,
    last_used_at: Option<String>,
    revoked_at: Option<String>,
    /// The key itself, which is printed only once.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
}

impl<'a> KeyJson<'a> {
    pub(crate) fn with_key(self, key: &'a str) -> Self {
        Self { key: Some(key), ..self }
    }
}

impl<'a> From<&'a KeyInfo> for KeyJson<'a> {
    fn from(key: &'a KeyInfo) -> Self {
        Self {
            id: &key.id,
            prefix: &key.prefix,
            label: &key.label,
            owner: &key.owner,
            permissions: key.permissions.as_deref(),
            status: status(key),
            created_at: rfc3339(key.created_at),
            expires_at: optional(key.expires_at),
            last_used_at: optional(key.last_used_at),
            revoked_at: optional(key.revoked_at),
            key: None,
        }
    }
}

impl Row for KeyInfo {
    const HEADER: &'static [&'static str] =
        &["ID", "OWNER", "LABEL", "PERMISSIONS", "STATUS", "CREATED", "EXPIRES", "LAST USED"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            self.owner.clone(),
            self.label.clone(),
            limits(self.permissions.as_deref()),
            status(self).to_owned(),
            rfc3339(self.created_at),
            or_never(self.expires_at),
            or_never(self.last_used_at),
        ]
    }
}

/// Returns whether a key is neither revoked nor expired.
pub(crate) fn is_active(key: &KeyInfo) -> bool {
    status(key) == ACTIVE
}

const ACTIVE: &str = "active";

fn status(key: &KeyInfo) -> &'static str {
    if key.revoked_at.is_some() {
        "revoked"
    } else if key.expires_at.is_some_and(|end| end <= SystemTime::now()) {
        "expired"
    } else {
        ACTIVE
    }
}

/// Returns the permissions of a key, for people.
pub(crate) fn limits(permissions: Option<&[String]>) -> String {
    match permissions {
        None => "all of the owner's".to_owned(),
        Some([]) => "none".to_owned(),
        Some(permissions) => permissions.join(", "),
    }
}
