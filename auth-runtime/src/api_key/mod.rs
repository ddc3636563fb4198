//! API keys: one of the authenticators of the second step, credential to identity.
//!
//! [`ApiKeys`] verifies them against an [`ApiKeyStore`], which holds their hashes; [`generate`] makes them.

mod key;
mod store;

use std::{fmt, sync::Arc, time::SystemTime};

pub use self::store::{ApiKeyRecord, ApiKeyStore, MemoryApiKeys, generate};
use crate::{
    authenticate::{AuthenticationError, Authenticator, Context, Identity},
    credential::ApiKey,
};

const ISSUER: &str = "api-key";

/// A key that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApiKeyError {
    /// Too short to be hard to guess.
    #[error("an API key needs at least 22 characters, this one has {length}; make one with `openssl rand -hex 32`")]
    Short {
        /// How many it has.
        length: usize,
    },
    /// Other characters than visible ASCII, which cannot be sent.
    #[error("an API key is made of visible ASCII characters only, without spaces")]
    Characters,
    /// Not a prefix for generated keys.
    #[error("the prefix of an API key has 1 to 16 letters and digits (ASCII)")]
    Prefix,
    /// There is a record of this id.
    #[error("there is an API key of id {id:?} already")]
    Taken {
        /// By what records are found; no secret.
        id: String,
    },
    /// The system has no randomness.
    #[error("no API key can be made: {0}")]
    Randomness(String),
}

/// Verifies API keys against a store. Cheap to clone. Those who send them never sign in: their identities are never
/// fresh.
///
/// ```
/// use auth_runtime::api_key::{ApiKeys, MemoryApiKeys, generate};
///
/// let (key, record) = generate("demo", "nightly-build")?;
/// let keys = ApiKeys::new(MemoryApiKeys::new().add(record)?).issuer("machines");
///
/// // With nothing in it, nobody comes in.
/// let keys: ApiKeys = ApiKeys::default();
/// # Ok::<(), auth_runtime::api_key::ApiKeyError>(())
/// ```
///
/// # What it does not protect against
///
/// A key is good until it expires or is revoked, whoever holds it. Serve it over TLS only, and take it from a header:
/// what stands in a query is logged.
pub struct ApiKeys<S = MemoryApiKeys> {
    store: Arc<S>,
    issuer: Arc<str>,
}

impl<S: ApiKeyStore> ApiKeys<S> {
    /// Verifies against this store.
    #[must_use]
    pub fn new(store: S) -> Self {
        Self { store: Arc::new(store), issuer: ISSUER.into() }
    }

    /// The issuer of the identities: a name for the store; `api-key` unless set.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = issuer.into().into();
        self
    }

    async fn record(&self, key: &str) -> Result<ApiKeyRecord, AuthenticationError> {
        let found = self.store.find(&key::lookup_id(key)).await?;
        let record = found.filter(|record| record.is_of(key));
        let record = record.ok_or_else(|| AuthenticationError::invalid("unknown API key"))?;
        if record.is_revoked() {
            return Err(AuthenticationError::invalid("revoked API key"));
        }
        if record.is_expired(SystemTime::now()) {
            return Err(AuthenticationError::invalid("expired API key"));
        }
        Ok(record)
    }
}

impl<S: ApiKeyStore> Authenticator for ApiKeys<S> {
    type Credential = ApiKey;

    async fn authenticate(&self, key: ApiKey, context: &Context) -> Result<Identity, AuthenticationError> {
        let record = self.record(key.as_str()).await?;
        let mut identity = context.identity(&*self.issuer, record.subject());
        for role in record.role_names() {
            identity = identity.role(role);
        }
        for permission in record.permission_names() {
            identity = identity.permission(permission);
        }
        if let Some(name) = record.readable_name() {
            identity = identity.display_name(name);
        }
        Ok(identity.build())
    }
}

impl<S: ApiKeyStore + Default> Default for ApiKeys<S> {
    fn default() -> Self {
        Self::new(S::default())
    }
}

impl<S> Clone for ApiKeys<S> {
    fn clone(&self) -> Self {
        Self { store: Arc::clone(&self.store), issuer: Arc::clone(&self.issuer) }
    }
}

impl<S> fmt::Debug for ApiKeys<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeys").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}
