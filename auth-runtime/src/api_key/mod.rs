//! API keys: an authenticator.
//!
//! [`ApiKeys`] verifies them against an [`ApiKeyStore`], which holds their hashes. [`generate`] generates them.

mod error;
mod key;
mod key_cache;
mod store;

use std::{fmt, sync::Arc};

use poem::Request;

pub use self::error::ApiKeyError;
use self::{
    key::KeyHash,
    key_cache::{CachedKey, KeyHashCache},
};
pub use self::{
    key::generated_id,
    store::{ApiKeyRecord, ApiKeyStore, MemoryApiKeys, generate},
};
use crate::{
    authenticate::{AuthenticationError, Authenticator, Context, Identity},
    client_ip::ClientAddress,
    credential::ApiKey,
    declared::SecurityScheme,
    throttle::Throttle,
};

const ISSUER: &str = "api-key";

/// Verifies API keys against a store. Cheap to clone.
///
/// A caller with an API key never signs in, so `fresh` denies it.
///
/// ```
/// use auth_runtime::{api_key::{MemoryApiKeys, generate}, authenticate::Context, credential::ApiKey, prelude::*};
///
/// #[derive(Auth, Clone)]
/// struct Auth {
///     #[scheme(api_key(header = "X-API-Key"))]
///     key: ApiKeys,
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let (key, record) = generate("demo", "nightly-build")?; // show the key once, store the record
/// let keys = ApiKeys::new(MemoryApiKeys::new().add_record(record)?).issuer("machines");
///
/// // The field of the `Auth` struct does this for each request.
/// let context = Context::of::<Auth>();
/// let caller = keys.authenticate(ApiKey::new(key.as_str()), &context).await.unwrap();
/// assert_eq!((caller.issuer(), caller.subject()), ("machines", "nightly-build"));
/// assert!(keys.authenticate(ApiKey::new("demo_another_key"), &context).await.is_err());
///
/// // Without keys, every key is rejected.
/// let none: ApiKeys = ApiKeys::default();
/// assert!(none.authenticate(key, &context).await.is_err());
/// # Ok::<(), auth_runtime::api_key::ApiKeyError>(())
/// # }).unwrap();
/// ```
///
/// After too many wrong, revoked or expired keys from one address, more of them get 429 for a while; see [`Throttle`].
/// A valid key is never throttled.
///
/// # Limits
///
/// A stolen key is valid until it expires or is revoked, or its owner is disabled. Serve over TLS only. Read the key
/// from a header, because many servers log queries.
pub struct ApiKeys<S = MemoryApiKeys> {
    store: Arc<S>,
    issuer: Arc<str>,
    throttle: Throttle,
    cache: Option<Arc<KeyHashCache>>,
}

impl<S: ApiKeyStore> ApiKeys<S> {
    /// Verifies against this store.
    #[must_use]
    pub fn new(store: S) -> Self {
        Self {
            throttle: store.throttle(),
            store: Arc::new(store),
            issuer: ISSUER.into(),
            cache: KeyHashCache::new().map(Arc::new),
        }
    }

    /// Sets the issuer of the identities, a name for the store (default: `api-key`).
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = issuer.into().into();
        self
    }

    /// Sets the limits for wrong keys (default: as the [store](ApiKeyStore::throttle) says).
    #[must_use]
    pub fn throttle(mut self, throttle: Throttle) -> Self {
        self.throttle = throttle;
        self
    }

    async fn record(&self, key: &ApiKey) -> Result<ApiKeyRecord, AuthenticationError> {
        let record = match self.cached_key(key.as_str().as_bytes()) {
            Some(CachedKey { id, hash, .. }) => self.found(&id, hash).await?,
            // Boxed, so that the future of a cached key stays small.
            None => Box::pin(self.hashed(key)).await?,
        };
        match invalidity(&record) {
            Some(reason) => Err(AuthenticationError::invalid(reason)),
            None => Ok(record),
        }
    }

    /// Returns the record of a cached key, if each scheme can carry the key, and the store knows the record without
    /// waiting.
    fn record_now(&self, key: &[u8]) -> Option<ApiKeyRecord> {
        let CachedKey { id, hash, .. } = self.cached_key(key).filter(|cached| cached.is_token68)?;
        self.store.find_now(&id).filter(|record| record.is_of(&hash) && invalidity(record).is_none())
    }

    fn cached_key(&self, key: &[u8]) -> Option<CachedKey> {
        self.cache.as_ref()?.get(key)
    }

    /// Returns the record of a key that is not cached, and caches the hash.
    async fn hashed(&self, key: &ApiKey) -> Result<ApiKeyRecord, AuthenticationError> {
        let (text, is_token68) = (key.as_str(), key.is_token68());
        let hash = KeyHash::of(text);
        let record = self.found(&key::lookup_id(text, &hash), hash).await?;
        if let Some(cache) = &self.cache {
            cache.insert(text, CachedKey { id: record.id().into(), hash, is_token68 });
        }
        Ok(record)
    }

    /// Returns the record with this id, if it has this hash.
    async fn found(&self, id: &str, hash: KeyHash) -> Result<ApiKeyRecord, AuthenticationError> {
        let record = self.store.find(id).await?.filter(|record| record.is_of(&hash));
        record.ok_or_else(|| AuthenticationError::invalid("unknown API key"))
    }

    /// Returns the identity of a valid key, whose use the store records.
    fn identity(&self, record: &ApiKeyRecord, context: &Context) -> Identity {
        self.store.used(record);
        record.identity(*context, &self.issuer)
    }

    /// Counts a wrong key, and returns its error, or the one of the throttle if the limit is reached.
    async fn counted(&self, error: AuthenticationError, client: ClientAddress) -> AuthenticationError {
        if error.is_unavailable() {
            return error;
        }
        // Boxed, so that the future of a right key stays small.
        Box::pin(self.throttle.failed(client)).await.err().unwrap_or(error)
    }
}

/// Returns why the key of a record is invalid; `None` if it is valid.
fn invalidity(record: &ApiKeyRecord) -> Option<&'static str> {
    match record {
        _ if record.is_revoked() => Some("revoked API key"),
        _ if record.has_expired() => Some("expired API key"),
        _ if record.is_disabled() => Some("API key of a disabled user"),
        _ => None,
    }
}

impl<S: ApiKeyStore> Authenticator for ApiKeys<S> {
    type Credential = ApiKey;

    const CACHES_TEXTS: bool = true;

    fn cached(&self, key: &[u8], _: &Request, context: &Context) -> Option<Identity> {
        self.record_now(key).map(|record| self.identity(&record, context))
    }

    async fn authenticate(&self, key: ApiKey, context: &Context) -> Result<Identity, AuthenticationError> {
        match self.record(&key).await {
            Ok(record) => Ok(self.identity(&record, context)),
            Err(error) => Err(self.counted(error, context.client()).await),
        }
    }

    fn mounted(&self, _: &'static SecurityScheme, context: &Context) {
        self.store.mounted(context);
    }

    fn is_throttled(&self) -> bool {
        self.throttle.is_on()
    }
}

impl<S: ApiKeyStore + Default> Default for ApiKeys<S> {
    fn default() -> Self {
        Self::new(S::default())
    }
}

impl<S> Clone for ApiKeys<S> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            issuer: Arc::clone(&self.issuer),
            throttle: self.throttle.clone(),
            cache: self.cache.clone(),
        }
    }
}

impl<S> fmt::Debug for ApiKeys<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeys")
            .field("issuer", &self.issuer)
            .field("throttle", &self.throttle)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Mutex,
            atomic::{AtomicUsize, Ordering},
        },
        time::{Duration, SystemTime},
    };

    use super::{
        ApiKey, ApiKeyError, ApiKeyRecord, ApiKeyStore, ApiKeys, Authenticator, MemoryApiKeys, Request, generate,
    };
    use crate::{
        authenticate::{AuthenticationError, Context, Identity, Unavailable},
        declared::DeclaredNames,
    };

    static TABLES: DeclaredNames =
        DeclaredNames { permissions: &["view", "edit"], roles: &["Viewer"], scopes: &[], role_permissions: &[&[0b01]] };
    const CHOSEN: &str = "0Zr9Pq4cWv1XsT7uKb3Ln6";

    async fn authenticate<S: ApiKeyStore>(keys: &ApiKeys<S>, key: &str) -> Result<Identity, AuthenticationError> {
        keys.authenticate(ApiKey::new(key), &Context::new(&TABLES)).await
    }

    fn of(record: ApiKeyRecord) -> ApiKeys {
        ApiKeys::new(MemoryApiKeys::new().add_record(record).unwrap())
    }

    #[tokio::test]
    async fn r52_a_generated_key_identifies_its_subject() {
        let (key, record) = generate("demo", "nightly-build").unwrap();
        let keys = of(record.roles(["Viewer"]).permissions(["edit"]).display_name("Nightly build"));
        let identity = authenticate(&keys, key.as_str()).await.unwrap();
        assert_eq!((identity.issuer(), identity.subject()), ("api-key", "nightly-build"));
        assert_eq!((identity.role_words(), identity.permission_words()), ([0b1].as_slice(), [0b11].as_slice()));
        assert_eq!(identity.display_name(), "Nightly build");
        assert_eq!(identity.authenticated_at(), None);
        assert_eq!(authenticate(&keys.issuer("machines"), key.as_str()).await.unwrap().issuer(), "machines");
    }

    #[tokio::test]
    async fn r52_a_strong_chosen_key_is_accepted() {
        let keys = of(ApiKeyRecord::of(CHOSEN, "ci").unwrap());
        assert_eq!(authenticate(&keys, CHOSEN).await.unwrap().subject(), "ci");
        assert_eq!(ApiKeyRecord::of("secret", "ci").unwrap_err(), ApiKeyError::Short { length: 6 });
    }

    #[tokio::test]
    async fn r52_a_similar_key_is_refused() {
        let (key, record) = generate("demo", "ci").unwrap();
        let keys = of(record);
        let (other, _) = generate("demo", "ci").unwrap();
        let (start, secret) = key.as_str().rsplit_once('_').unwrap();
        let mixed = format!("{start}_{}", other.as_str().rsplit_once('_').unwrap().1);
        let renamed = key.as_str().replacen("demo", "prod", 1);
        for bad in ["", "_", "demo__", start, secret, other.as_str(), &mixed, &renamed, &key.as_str().to_lowercase()] {
            assert_eq!(authenticate(&keys, bad).await.unwrap_err().to_string(), "unknown API key", "{bad}");
        }
    }

    #[tokio::test]
    async fn r52_expired_and_revoked_keys_are_refused() {
        let record = || ApiKeyRecord::of(CHOSEN, "ci").unwrap();
        let now = SystemTime::now();
        for (record, reason) in [
            (record().revoked(true), "revoked API key"),
            (record().expires_at(now), "expired API key"),
            (record().expires_at(SystemTime::UNIX_EPOCH), "expired API key"),
        ] {
            let error = authenticate(&of(record), CHOSEN).await.unwrap_err();
            assert_eq!((error.to_string().as_str(), error.is_unavailable()), (reason, false));
        }
        let later = record().expires_at(now + Duration::from_secs(100)).revoked(false);
        assert!(authenticate(&of(later), CHOSEN).await.is_ok());
    }

    /// A store with one record, which a test changes and which is known without waiting.
    struct Changing {
        record: Mutex<Option<ApiKeyRecord>>,
        uses: AtomicUsize,
    }

    impl ApiKeyStore for Changing {
        async fn find(&self, id: &str) -> Result<Option<ApiKeyRecord>, Unavailable> {
            Ok(self.find_now(id))
        }

        fn find_now(&self, _: &str) -> Option<ApiKeyRecord> {
            self.record.lock().unwrap().clone()
        }

        fn used(&self, _: &ApiKeyRecord) {
            self.uses.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Changing {
        fn keys(record: ApiKeyRecord) -> ApiKeys<Self> {
            ApiKeys::new(Self { record: Mutex::new(Some(record)), uses: AtomicUsize::new(0) })
        }
    }

    /// Returns the identity of a key that was verified before.
    fn cached<S: ApiKeyStore>(keys: &ApiKeys<S>, key: &str) -> Option<Identity> {
        keys.cached(key.as_bytes(), &Request::default(), &Context::new(&TABLES))
    }

    #[tokio::test]
    async fn r52_known_key_needs_no_waiting_as_long_as_it_is_valid() {
        let record = || ApiKeyRecord::of(CHOSEN, "ci").unwrap();
        let keys = Changing::keys(record().roles(["Viewer"]));
        assert!(cached(&keys, CHOSEN).is_none(), "not verified yet");
        assert!(authenticate(&keys, CHOSEN).await.is_ok());
        let identity = cached(&keys, CHOSEN).unwrap();
        assert_eq!((identity.subject(), identity.permission_words()), ("ci", [0b1].as_slice()));
        assert_eq!(keys.store.uses.load(Ordering::Relaxed), 2);
        for (what, changed) in [
            ("revoked", Some(record().revoked(true))),
            ("expired", Some(record().expires_at(SystemTime::now()))),
            ("disabled", Some(record().disabled(true))),
            ("another key", Some(ApiKeyRecord::new(record().id(), [0; 32], "ci"))),
            ("deleted", None),
        ] {
            *keys.store.record.lock().unwrap() = changed;
            assert!(cached(&keys, CHOSEN).is_none() && authenticate(&keys, CHOSEN).await.is_err(), "{what}");
        }
        assert_eq!(keys.store.uses.load(Ordering::Relaxed), 2, "a refused key is not used");
    }

    #[tokio::test]
    async fn key_that_some_schemes_cannot_carry_is_parsed_in_each_request() {
        let key = "0Zr9Pq4cWv1XsT7uKb3L!6";
        let keys = Changing::keys(ApiKeyRecord::of(key, "ci").unwrap());
        assert!(authenticate(&keys, key).await.is_ok());
        assert!(cached(&keys, key).is_none());
        assert!(authenticate(&keys, key).await.is_ok());
    }

    #[tokio::test]
    async fn key_of_a_store_that_waits_is_not_returned_at_once() {
        struct Waiting(ApiKeyRecord);
        impl ApiKeyStore for Waiting {
            async fn find(&self, _: &str) -> Result<Option<ApiKeyRecord>, Unavailable> {
                Ok(Some(self.0.clone()))
            }
        }
        let keys = ApiKeys::new(Waiting(ApiKeyRecord::of(CHOSEN, "ci").unwrap()));
        assert!(authenticate(&keys, CHOSEN).await.is_ok());
        assert!(cached(&keys, CHOSEN).is_none());
    }

    #[tokio::test]
    async fn a_store_that_is_down_is_unavailable() {
        struct Down;
        impl ApiKeyStore for Down {
            async fn find(&self, _: &str) -> Result<Option<ApiKeyRecord>, Unavailable> {
                Err(Unavailable::new("connection refused"))
            }
        }
        assert!(authenticate(&ApiKeys::new(Down), CHOSEN).await.unwrap_err().is_unavailable());
    }

    #[tokio::test]
    async fn r52_debug_shows_neither_key_nor_hash() {
        let (key, record) = generate("demo", "ci").unwrap();
        let stored = ApiKeyRecord::new(record.id(), *record.sha256(), record.subject());
        assert!(authenticate(&of(stored), key.as_str()).await.is_ok());
        let shown = format!("{key:?} {record:?} {:?}", of(record.clone()));
        let secret = key.as_str().rsplit_once('_').unwrap().1;
        assert!(shown.contains("[hash]") && !shown.contains(secret), "{shown}");
    }

    #[tokio::test]
    async fn r72_a_default_store_has_no_keys() {
        let none: ApiKeys = ApiKeys::default();
        assert!(authenticate(&none, CHOSEN).await.is_err());
        let record = ApiKeyRecord::of(CHOSEN, "ci").unwrap();
        let twice = MemoryApiKeys::new().add(CHOSEN, "ci").unwrap().add_record(record.clone());
        assert_eq!(twice.unwrap_err(), ApiKeyError::Taken { id: record.id().to_owned() });
    }
}
