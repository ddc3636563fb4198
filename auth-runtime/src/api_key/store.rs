//! Where keys come from: records that hold the hash of a key, and never the key.

use std::{
    collections::{HashMap, hash_map::Entry},
    fmt,
    future::Future,
    sync::Arc,
    time::SystemTime,
};

use subtle::ConstantTimeEq;

use super::{
    ApiKeyError,
    key::{self, KeyHash},
};
use crate::{
    authenticate::{Context, Identity, IdentityCache, Owner, Unavailable},
    credential::ApiKey,
    throttle::Throttle,
};

/// A store of records of API keys.
pub trait ApiKeyStore: Send + Sync + 'static {
    /// The record of this id; `None` if there is none. It is asked for each request, so a key that is revoked in the
    /// store is so from the next request on.
    ///
    /// # Errors
    /// [`Unavailable`] if that cannot be told now, which is a 503.
    fn find(&self, id: &str) -> impl Future<Output = Result<Option<ApiKeyRecord>, Unavailable>> + Send;

    /// A request came with this key, and was authenticated. It must not wait: a store that writes it down does so beside
    /// the request, and not each time. It does nothing unless a store says so.
    fn used(&self, record: &ApiKeyRecord) {
        let _ = record;
    }

    /// How many wrong keys an address may send. In memory of this process, unless the store counts for several.
    fn throttle(&self) -> Throttle {
        Throttle::default()
    }
}

impl<S: ApiKeyStore> ApiKeyStore for Arc<S> {
    async fn find(&self, id: &str) -> Result<Option<ApiKeyRecord>, Unavailable> {
        S::find(self, id).await
    }

    fn used(&self, record: &ApiKeyRecord) {
        S::used(self, record);
    }

    fn throttle(&self) -> Throttle {
        S::throttle(self)
    }
}

/// What is known of a key. Cheap to clone.
#[derive(Clone)]
pub struct ApiKeyRecord(Arc<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    id: String,
    sha256: KeyHash,
    subject: String,
    username: Option<String>,
    display_name: Option<String>,
    roles: Vec<String>,
    permissions: Vec<String>,
    limits: Option<Vec<String>>,
    expires_at: Option<SystemTime>,
    revoked: bool,
    disabled: bool,
    identity: IdentityCache,
}

/// Makes a key for a caller: the key, to be shown once, and the record, to be stored.
///
/// A key reads `prefix_id_secret`. The prefix (letters and digits, up to 16) is yours: it says which application a key
/// belongs to that somebody finds, and lets scanners look for such keys. The secret has 256 bits.
///
/// ```
/// use auth_runtime::api_key::{MemoryApiKeys, generate};
///
/// let (key, record) = generate("demo", "nightly-build")?;
/// assert!(key.as_str().starts_with("demo_"));
/// let keys = MemoryApiKeys::new().add_record(record.roles(["Viewer"]))?;
/// # Ok::<(), auth_runtime::api_key::ApiKeyError>(())
/// ```
///
/// # Errors
/// [`ApiKeyError`] if the prefix is not accepted, or the system has no randomness.
pub fn generate(prefix: &str, subject: impl Into<String>) -> Result<(ApiKey, ApiKeyRecord), ApiKeyError> {
    let key = key::random(prefix)?;
    let record = ApiKeyRecord::of(&key, subject)?;
    Ok((ApiKey::new(key), record))
}

impl ApiKeyRecord {
    /// The record of a key that somebody else has chosen, such as an environment variable; see [`generate`] for one
    /// that is made here.
    ///
    /// # Errors
    /// [`ApiKeyError`] if it has fewer than 22 characters, or others than visible ASCII.
    pub fn of(key: &str, subject: impl Into<String>) -> Result<Self, ApiKeyError> {
        key::check(key)?;
        let hash = KeyHash::of(key);
        Ok(Self::new(key::lookup_id(key, &hash), hash.0, subject))
    }

    /// A record as a store has kept it: [`id`](Self::id), [`sha256`](Self::sha256), and whose key it is.
    #[must_use]
    pub fn new(id: impl Into<String>, sha256: [u8; 32], subject: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            id: id.into(),
            sha256: KeyHash(sha256),
            subject: subject.into(),
            username: None,
            display_name: None,
            roles: Vec::new(),
            permissions: Vec::new(),
            limits: None,
            expires_at: None,
            revoked: false,
            disabled: false,
            identity: IdentityCache::default(),
        }))
    }

    /// Sets the user name of the owner: see [`Identity::username`].
    #[must_use]
    pub fn with_username(self, name: impl Into<String>) -> Self {
        self.with(|record| record.username = Some(name.into()))
    }

    /// Gives a name for people to read.
    #[must_use]
    pub fn display_name(self, name: impl Into<String>) -> Self {
        self.with(|record| record.display_name = Some(name.into()))
    }

    /// Gives roles, besides those that the key has.
    #[must_use]
    pub fn roles<T: Into<String>>(self, roles: impl IntoIterator<Item = T>) -> Self {
        self.with(|record| record.roles.extend(roles.into_iter().map(Into::into)))
    }

    /// Gives permissions, besides those that the key has and those of the roles.
    #[must_use]
    pub fn permissions<T: Into<String>>(self, permissions: impl IntoIterator<Item = T>) -> Self {
        self.with(|record| record.permissions.extend(permissions.into_iter().map(Into::into)))
    }

    /// Limits the key to those of these permissions that it would have by its roles and permissions, and takes the roles:
    /// a role would bring all that it holds. For a key that acts for its owner, who has the roles and permissions.
    #[must_use]
    pub fn limited_to<T: Into<String>>(self, permissions: impl IntoIterator<Item = T>) -> Self {
        self.with(|record| record.limits = Some(permissions.into_iter().map(Into::into).collect()))
    }

    /// Whether the owner of the key is kept out, and so is the key.
    #[must_use]
    pub fn disabled(self, disabled: bool) -> Self {
        self.with(|record| record.disabled = disabled)
    }

    /// From when on the key is no longer good; never unless set.
    #[must_use]
    pub fn expires_at(self, time: SystemTime) -> Self {
        self.with(|record| record.expires_at = Some(time))
    }

    /// Whether the key was taken back.
    #[must_use]
    pub fn revoked(self, revoked: bool) -> Self {
        self.with(|record| record.revoked = revoked)
    }

    /// By what the record is found; no secret.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The SHA-256 of the key.
    #[must_use]
    pub fn sha256(&self) -> &[u8; 32] {
        &self.0.sha256.0
    }

    /// Whose key it is.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// The user name of the owner, if there is one.
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        self.0.username.as_deref()
    }

    /// The name for people to read, if there is one.
    #[must_use]
    pub fn readable_name(&self) -> Option<&str> {
        self.0.display_name.as_deref()
    }

    /// The names of the key's roles, declared or not.
    #[must_use]
    pub fn role_names(&self) -> &[String] {
        &self.0.roles
    }

    /// The names of the key's own permissions, declared or not.
    #[must_use]
    pub fn permission_names(&self) -> &[String] {
        &self.0.permissions
    }

    /// Whether the key was taken back.
    #[must_use]
    pub fn is_revoked(&self) -> bool {
        self.0.revoked
    }

    /// Whether the owner of the key is kept out.
    #[must_use]
    pub fn is_disabled(&self) -> bool {
        self.0.disabled
    }

    /// What the key is limited to, if it is.
    #[must_use]
    pub fn limits(&self) -> Option<&[String]> {
        self.0.limits.as_deref()
    }

    /// Whether the key is past its time.
    #[must_use]
    pub fn is_expired(&self, now: SystemTime) -> bool {
        self.0.expires_at.is_some_and(|end| end <= now)
    }

    /// Whether this is the hash, in a time that does not tell how much of it is right.
    pub(super) fn is_of(&self, hash: &KeyHash) -> bool {
        self.0.sha256.0.ct_eq(&hash.0).into()
    }

    /// Who the holder of the key is to an application.
    pub(super) fn identity(&self, context: Context, issuer: &Arc<str>) -> Identity {
        let owner = Owner {
            subject: self.subject(),
            username: self.username(),
            display_name: self.readable_name(),
            roles: self.role_names(),
            permissions: self.permission_names(),
            limits: self.limits(),
        };
        self.0.identity.of(owner, context, issuer)
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        inner.identity.clear();
        change(inner);
        self
    }
}

/// Without the hash.
impl fmt::Debug for ApiKeyRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Keys in memory; there are none unless you add them. Cheap to clone.
///
/// ```
/// use auth_runtime::api_key::{ApiKeyRecord, MemoryApiKeys};
///
/// let key = "0Zr9Pq4cWv1XsT7uKb3Ln6"; // from the environment, and not in the source
/// let keys = MemoryApiKeys::new().add_record(ApiKeyRecord::of(key, "nightly-build")?.roles(["Viewer"]))?;
/// assert!(keys.clone().add(key, "nightly-build").is_err());
/// assert!(keys.clone().add("secret", "nightly-build").is_err());
/// # Ok::<(), auth_runtime::api_key::ApiKeyError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryApiKeys {
    records: Arc<HashMap<String, ApiKeyRecord>>,
}

impl MemoryApiKeys {
    /// No keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key that somebody else has chosen, without roles; see [`ApiKeyRecord::of`].
    ///
    /// # Errors
    /// [`ApiKeyError`] if the key is not accepted, or is there already.
    pub fn add(self, key: &str, subject: impl Into<String>) -> Result<Self, ApiKeyError> {
        self.add_record(ApiKeyRecord::of(key, subject)?)
    }

    /// Adds a key with all that is its own.
    ///
    /// # Errors
    /// [`ApiKeyError::Taken`] if there is a record of the same id, as of the same key.
    pub fn add_record(mut self, record: ApiKeyRecord) -> Result<Self, ApiKeyError> {
        match Arc::make_mut(&mut self.records).entry(record.id().to_owned()) {
            Entry::Occupied(_) => return Err(ApiKeyError::Taken { id: record.id().to_owned() }),
            Entry::Vacant(entry) => entry.insert(record),
        };
        Ok(self)
    }
}

impl ApiKeyStore for MemoryApiKeys {
    async fn find(&self, id: &str) -> Result<Option<ApiKeyRecord>, Unavailable> {
        Ok(self.records.get(id).cloned())
    }
}
