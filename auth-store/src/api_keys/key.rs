//! The values of key administration, without hashes.

use std::time::SystemTime;

/// A key to create. It acts as its owner, and has no more permissions than the owner.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use auth_store::NewKey;
///
/// let expiry = SystemTime::now() + Duration::from_secs(90 * 24 * 3600);
/// let key = NewKey::limited_to(["view"]).label("nightly build").expires_at(expiry);
/// ```
#[derive(Clone, Debug)]
#[must_use = "pass it to `SqlUsers::create_key`"]
pub struct NewKey {
    pub(crate) permissions: Option<Vec<String>>,
    pub(crate) prefix: String,
    pub(crate) label: String,
    pub(crate) expires_at: Option<SystemTime>,
}

impl NewKey {
    /// Creates a key with these permissions, as far as its owner has them, and no roles.
    pub fn limited_to<T: Into<String>>(permissions: impl IntoIterator<Item = T>) -> Self {
        Self { permissions: Some(permissions.into_iter().map(Into::into).collect()), ..Self::unlimited() }
    }

    /// Creates a key with all roles and permissions of its owner, now and later.
    pub fn unlimited() -> Self {
        Self { permissions: None, prefix: "key".to_owned(), label: String::new(), expires_at: None }
    }

    /// Sets the start of the key: 1 to 16 letters and digits; default `key`. People and scanners recognize your system
    /// by it.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets a description of the purpose.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Sets the expiry; default none.
    pub fn expires_at(mut self, time: SystemTime) -> Self {
        self.expires_at = Some(time);
        self
    }
}

/// An API key, without the key and its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyInfo {
    /// The second part of the key, which identifies it and is no secret.
    pub id: String,
    /// The first part of the key.
    pub prefix: String,
    /// The description of the purpose.
    pub label: String,
    /// The name of the owner.
    pub owner: String,
    /// The permissions of a limited key; `None` for an unlimited one.
    pub permissions: Option<Vec<String>>,
    /// The time of the creation.
    pub created_at: SystemTime,
    /// The expiry.
    pub expires_at: Option<SystemTime>,
    /// The last use, to the minute.
    pub last_used_at: Option<SystemTime>,
    /// The time of the revocation.
    pub revoked_at: Option<SystemTime>,
}
