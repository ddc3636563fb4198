//! The store of API keys. Its records hold the hash of a key, never the key.

use std::{
    collections::{HashMap, hash_map::Entry},
    fmt,
    future::Future,
    sync::Arc,
    time::SystemTime,
};

use super::{
    ApiKeyError,
    key::{self, KeyHash},
};
use crate::{
    authenticate::{Context, Identity, IdentityBuilder, IdentityCache, Unavailable},
    credential::ApiKey,
    declared::lookup::assert_names,
    throttle::Throttle,
};

/// A store of records of API keys.
///
/// ```
/// use auth_runtime::{
///     api_key::{ApiKeyRecord, ApiKeyStore, generate},
///     authenticate::{Context, Unavailable},
///     prelude::*,
/// };
///
/// /// A table: identifier, SHA-256 of the key, and owner.
/// struct Table(Vec<(String, [u8; 32], String)>);
///
/// impl ApiKeyStore for Table {
///     // `Err(Unavailable::new(error))` if the database is down: 503.
///     async fn find(&self, id: &str) -> Result<Option<ApiKeyRecord>, Unavailable> {
///         let row = self.0.iter().find(|(stored, ..)| stored == id);
///         Ok(row.map(|(id, sha256, owner)| ApiKeyRecord::new(id, *sha256, owner)))
///     }
/// }
///
/// # #[derive(Auth, Clone)]
/// # struct Auth { #[scheme(api_key(header = "X-API-Key"))] key: ApiKeys }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (key, record) = generate("demo", "nightly-build")?;
/// let table = Table(vec![(record.id().to_owned(), *record.sha256(), record.subject().to_owned())]);
///
/// let caller = ApiKeys::new(table).authenticate(key, &Context::of::<Auth>()).await.unwrap();
/// assert_eq!(caller.subject(), "nightly-build");
/// # Ok::<(), auth_runtime::api_key::ApiKeyError>(())
/// # }).unwrap();
/// ```
pub trait ApiKeyStore: Send + Sync + 'static {
    /// Returns the record with this id; `None` if there is none.
    ///
    /// It is called for each request, unless [`find_now`](Self::find_now) returns the record. So a revoked key is
    /// refused as soon as the store returns the change.
    ///
    /// # Errors
    /// [`Unavailable`] if the store does not answer: 503.
    fn find(&self, id: &str) -> impl Future<Output = Result<Option<ApiKeyRecord>, Unavailable>> + Send;

    /// Returns the record, if the store knows it without waiting (default: `None`, and the store is asked with
    /// [`find`](Self::find)).
    ///
    /// It returns what [`find`](Self::find) would return, or `None`. It must not block.
    fn find_now(&self, id: &str) -> Option<ApiKeyRecord> {
        let _ = id;
        None
    }

    /// Records that a request was authenticated with this key (default: does nothing).
    ///
    /// It must not block: a store writes in the background, and not for each request.
    fn used(&self, record: &ApiKeyRecord) {
        let _ = record;
    }

    /// Receives the declared names when an `Auth` with this store is mounted (default: does nothing).
    ///
    /// # Panics
    /// If keys that were configured at start have a role or permission that is not declared: the application must not
    /// start.
    fn mounted(&self, context: &Context) {
        let _ = context;
    }

    /// Returns the throttle for wrong keys (default: in the memory of this process).
    fn throttle(&self) -> Throttle {
        Throttle::default()
    }
}

impl<S: ApiKeyStore> ApiKeyStore for Arc<S> {
    async fn find(&self, id: &str) -> Result<Option<ApiKeyRecord>, Unavailable> {
        S::find(self, id).await
    }

    fn find_now(&self, id: &str) -> Option<ApiKeyRecord> {
        S::find_now(self, id)
    }

    fn used(&self, record: &ApiKeyRecord) {
        S::used(self, record);
    }

    fn mounted(&self, context: &Context) {
        S::mounted(self, context);
    }

    fn throttle(&self) -> Throttle {
        S::throttle(self)
    }
}

/// The record of a key. Cheap to clone.
#[derive(Clone)]
pub struct ApiKeyRecord(Arc<RecordFields>);

#[derive(Clone, Debug)]
struct RecordFields {
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

/// Generates a key, to be shown once, and its record, to be stored.
///
/// A key has the form `prefix_id_secret`. You choose the prefix: up to 16 letters and digits. It names the application,
/// and lets scanners find leaked keys. The secret has 256 bits.
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
    /// Returns the record of an existing key, for example from an environment variable. [`generate`] generates a new
    /// one.
    ///
    /// # Errors
    /// [`ApiKeyError`] if the key has fewer than 22 characters, or characters other than visible ASCII.
    pub fn of(key: &str, subject: impl Into<String>) -> Result<Self, ApiKeyError> {
        key::check(key)?;
        let hash = KeyHash::of(key);
        Ok(Self::new(key::lookup_id(key, &hash), hash.0, subject))
    }

    /// Creates a record from stored values: [`id`](Self::id), [`sha256`](Self::sha256), and the subject of the owner.
    #[must_use]
    pub fn new(id: impl Into<String>, sha256: [u8; 32], subject: impl Into<String>) -> Self {
        Self(Arc::new(RecordFields {
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

    /// Sets a name for people to read.
    #[must_use]
    pub fn display_name(self, name: impl Into<String>) -> Self {
        self.with(|record| record.display_name = Some(name.into()))
    }

    /// Adds roles: their names, or values of the table, as in `.roles([Role::Viewer])`.
    #[must_use]
    pub fn roles<T: Into<String>>(self, roles: impl IntoIterator<Item = T>) -> Self {
        self.with(|record| record.roles.extend(roles.into_iter().map(Into::into)))
    }

    /// Adds permissions to those of the roles: their names, or values of the table.
    #[must_use]
    pub fn permissions<T: Into<String>>(self, permissions: impl IntoIterator<Item = T>) -> Self {
        self.with(|record| record.permissions.extend(permissions.into_iter().map(Into::into)))
    }

    /// Limits the key to these permissions, and removes its roles, because a role would bring all of its permissions.
    ///
    /// The key has those of them that its roles and permissions allow. Use it for a key that acts for its owner.
    #[must_use]
    pub fn limited_to<T: Into<String>>(self, permissions: impl IntoIterator<Item = T>) -> Self {
        self.with(|record| record.limits = Some(permissions.into_iter().map(Into::into).collect()))
    }

    /// Sets whether the owner of the key is disabled (default: no). The key of a disabled owner is refused.
    #[must_use]
    pub fn disabled(self, disabled: bool) -> Self {
        self.with(|record| record.disabled = disabled)
    }

    /// Sets when the key expires (default: never).
    #[must_use]
    pub fn expires_at(self, time: SystemTime) -> Self {
        self.with(|record| record.expires_at = Some(time))
    }

    /// Sets whether the key is revoked (default: no).
    #[must_use]
    pub fn revoked(self, revoked: bool) -> Self {
        self.with(|record| record.revoked = revoked)
    }

    /// Returns the id, the key of the store. It is no secret.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// Returns the SHA-256 of the key.
    #[must_use]
    pub fn sha256(&self) -> &[u8; 32] {
        &self.0.sha256.0
    }

    /// Returns the subject of the owner.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// Returns the user name of the owner, if there is one.
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        self.0.username.as_deref()
    }

    /// Returns the name for people to read, if there is one.
    #[must_use]
    pub fn readable_name(&self) -> Option<&str> {
        self.0.display_name.as_deref()
    }

    /// Returns the names of the key's roles, declared or not.
    #[must_use]
    pub fn role_names(&self) -> &[String] {
        &self.0.roles
    }

    /// Returns the names of the key's own permissions, declared or not.
    #[must_use]
    pub fn permission_names(&self) -> &[String] {
        &self.0.permissions
    }

    /// Returns whether the key is revoked.
    #[must_use]
    pub fn is_revoked(&self) -> bool {
        self.0.revoked
    }

    /// Returns whether the owner of the key is disabled.
    #[must_use]
    pub fn is_disabled(&self) -> bool {
        self.0.disabled
    }

    /// Returns the permissions that the key is limited to, if it is limited.
    #[must_use]
    pub fn limits(&self) -> Option<&[String]> {
        self.0.limits.as_deref()
    }

    /// Returns whether the key has expired.
    #[must_use]
    pub fn is_expired(&self, now: SystemTime) -> bool {
        self.0.expires_at.is_some_and(|end| end <= now)
    }

    /// Returns whether the key has expired now. A key that never expires costs no look at the clock.
    #[inline]
    pub(super) fn has_expired(&self) -> bool {
        self.0.expires_at.is_some_and(|end| end <= SystemTime::now())
    }

    /// Returns whether the record has this hash, in constant time.
    #[inline]
    pub(super) fn is_of(&self, hash: &KeyHash) -> bool {
        self.0.sha256.is(hash)
    }

    /// Returns the identity of the owner, limited as the key is.
    #[inline]
    pub(super) fn identity(&self, context: Context, issuer: &Arc<str>) -> Identity {
        self.0.identity.get_or_build(context, issuer, self.subject(), |mut identity| {
            self.role_names().iter().for_each(|role| identity.add_role(role));
            self.permission_names().iter().for_each(|permission| identity.add_permission(permission));
            self.limits().into_iter().for_each(|limits| identity.limit_to(limits));
            let identity = self.username().into_iter().fold(identity, IdentityBuilder::username);
            self.readable_name().into_iter().fold(identity, IdentityBuilder::display_name)
        })
    }

    fn with(mut self, change: impl FnOnce(&mut RecordFields)) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        inner.identity.clear();
        change(inner);
        self
    }
}

/// Omits the hash.
impl fmt::Debug for ApiKeyRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// API keys in memory (default: none). Cheap to clone.
///
/// The application does not start if a key has a role or permission that it does not declare.
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
    /// Only the application adds records, so the hash need not withstand chosen identifiers.
    records: Arc<HashMap<String, ApiKeyRecord, foldhash::quality::RandomState>>,
}

impl MemoryApiKeys {
    /// Returns a store without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an existing key without roles; see [`ApiKeyRecord::of`].
    ///
    /// # Errors
    /// [`ApiKeyError`] if the key is not accepted, or was added before.
    pub fn add(self, key: &str, subject: impl Into<String>) -> Result<Self, ApiKeyError> {
        self.add_record(ApiKeyRecord::of(key, subject)?)
    }

    /// Adds the record of a key.
    ///
    /// # Errors
    /// [`ApiKeyError::Taken`] if the store has a record with this id.
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
        Ok(self.find_now(id))
    }

    fn find_now(&self, id: &str) -> Option<ApiKeyRecord> {
        self.records.get(id).cloned()
    }

    /// # Panics
    /// If a key has a role or permission that the application does not declare.
    fn mounted(&self, context: &Context) {
        let declared = context.declared_names();
        for record in self.records.values() {
            let owner = format!("the API key of {:?}", record.subject());
            let permissions = record.permission_names().iter().chain(record.limits().unwrap_or_default());
            assert_names(&owner, "role", declared.roles, record.role_names());
            assert_names(&owner, "permission", declared.permissions, permissions);
        }
    }
}
