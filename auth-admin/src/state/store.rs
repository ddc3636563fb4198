//! A store of sessions, refresh tokens, revocations and signing keys.

use std::{future, sync::Arc};

use auth_runtime::{
    jwt::{KeyRing, KeyRingError, KeyState, Revocation, RevocationStore, SigningKeyRecord, SigningKeyStore},
    session::Session,
    token_service::RefreshFamily,
    users::User,
};
#[cfg(feature = "redis")]
use auth_runtime::{session::SessionStore, token_service::RefreshTokenStore};
#[cfg(feature = "redis")]
use auth_store::RedisStore;
use auth_store::{SqlOptions, SqlUsers};

use crate::error::Failure;

/// A store of shared state.
pub(crate) enum StateStore {
    /// The database of the users.
    Database(SqlUsers),
    /// A Redis server, and its name for people.
    #[cfg(feature = "redis")]
    Redis { store: RedisStore, described: String },
}

impl StateStore {
    /// Makes a store of users count attempts here.
    pub(crate) fn count_attempts(&self, options: SqlOptions) -> SqlOptions {
        match self {
            Self::Database(_) => options,
            #[cfg(feature = "redis")]
            Self::Redis { store, .. } => options.attempts(store.clone()),
        }
    }

    /// Returns the server without its password; `None` for the database.
    pub(crate) fn described(&self) -> Option<&str> {
        match self {
            Self::Database(_) => None,
            #[cfg(feature = "redis")]
            Self::Redis { described, .. } => Some(described),
        }
    }

    /// Waits until the store answers. The database has answered before each command.
    pub(super) async fn ready(&self) -> Result<(), Failure> {
        match self {
            Self::Database(_) => future::ready(Ok(())).await,
            #[cfg(feature = "redis")]
            Self::Redis { store, .. } => store.ready().await.map_err(of_redis),
        }
    }

    pub(super) async fn sessions(&self, user: &User) -> Result<Vec<Arc<Session>>, Failure> {
        match self {
            Self::Database(users) => Ok(users.list_sessions(user.name()).await?),
            #[cfg(feature = "redis")]
            Self::Redis { store, .. } => store.list_sessions(user).await.map_err(of_redis),
        }
    }

    pub(super) async fn end_session(&self, id: &str) -> Result<bool, Failure> {
        match self {
            Self::Database(users) => Ok(users.end_session(id).await?),
            #[cfg(feature = "redis")]
            Self::Redis { store, .. } => SessionStore::end(store, id).await.map_err(of_redis),
        }
    }

    pub(super) async fn end_sessions_of(&self, user: &User) -> Result<u64, Failure> {
        match self {
            Self::Database(users) => Ok(users.end_sessions_of(user.name()).await?),
            #[cfg(feature = "redis")]
            Self::Redis { store, .. } => store.end_sessions_of(user.subject()).await.map_err(of_redis),
        }
    }

    pub(super) async fn refresh_family(&self, id: &str) -> Result<Option<RefreshFamily>, Failure> {
        match self {
            Self::Database(users) => Ok(users.refresh_family(id).await?),
            #[cfg(feature = "redis")]
            Self::Redis { store, .. } => RefreshTokenStore::find(store, id).await.map_err(of_redis),
        }
    }

    pub(super) async fn end_refresh_family(&self, id: &str) -> Result<(), Failure> {
        match self {
            Self::Database(users) => Ok(users.end_refresh_family(id).await.map(drop)?),
            #[cfg(feature = "redis")]
            Self::Redis { store, .. } => RefreshTokenStore::end(store, id).await.map_err(of_redis),
        }
    }

    pub(super) async fn revocations(&self) -> Result<Vec<Revocation>, Failure> {
        match self {
            Self::Database(users) => Ok(users.since(0).await?.entries),
            #[cfg(feature = "redis")]
            Self::Redis { store, .. } => Ok(store.since(0).await.map_err(of_redis)?.entries),
        }
    }

    pub(super) async fn revoke(&self, revocation: &Revocation) -> Result<(), Failure> {
        match self {
            Self::Database(users) => Ok(users.revoke_tokens(revocation).await?),
            #[cfg(feature = "redis")]
            Self::Redis { store, .. } => store.revoke(revocation).await.map_err(of_redis),
        }
    }

    pub(crate) async fn keys(&self) -> Result<Vec<SigningKeyRecord>, Failure> {
        match self {
            Self::Database(users) => Ok(users.keys().await?),
            #[cfg(feature = "redis")]
            Self::Redis { store, .. } => store.keys().await.map_err(of_redis),
        }
    }

    /// Returns the id of the key that signs now, if the secret key of these users does not open it.
    pub(crate) async fn sealed_key(&self, users: &SqlUsers) -> Result<Option<String>, Failure> {
        match self {
            Self::Database(_) => Ok(sealed_key(users.key_ring()?).await?),
            #[cfg(feature = "redis")]
            Self::Redis { store, .. } => sealed_key(users.key_ring_in(store.clone())?).await.map_err(of_redis_keys),
        }
    }

    /// Adds a key that is sealed with the secret key of these users.
    pub(crate) async fn rotate(&self, users: &SqlUsers, now: bool) -> Result<SigningKeyRecord, Failure> {
        match self {
            Self::Database(_) => Ok(rotate(users.key_ring()?, now).await?),
            #[cfg(feature = "redis")]
            Self::Redis { store, .. } => rotate(users.key_ring_in(store.clone())?, now).await.map_err(of_redis_keys),
        }
    }

    /// Retires a key. Returns whether it was not retired before.
    pub(crate) async fn retire(&self, users: &SqlUsers, id: &str) -> Result<bool, Failure> {
        match self {
            Self::Database(_) => Ok(users.key_ring()?.retire(id).await?),
            #[cfg(feature = "redis")]
            Self::Redis { store, .. } => users.key_ring_in(store.clone())?.retire(id).await.map_err(of_redis_keys),
        }
    }
}

async fn sealed_key<S: SigningKeyStore>(ring: KeyRing<S>) -> Result<Option<String>, KeyRingError> {
    let signing = ring.list().await?.into_iter().find(|(_, state)| *state == KeyState::Signing);
    Ok(signing.filter(|(key, _)| !ring.opens(key)).map(|(key, _)| key.id))
}

async fn rotate<S: SigningKeyStore>(ring: KeyRing<S>, now: bool) -> Result<SigningKeyRecord, KeyRingError> {
    if now { ring.rotate_now().await } else { ring.rotate().await }
}

#[cfg(feature = "redis")]
fn of_redis(error: impl std::error::Error + 'static) -> Failure {
    Failure::of_redis(&error)
}

#[cfg(feature = "redis")]
fn of_redis_keys(error: KeyRingError) -> Failure {
    match error {
        KeyRingError::Store(error) => Failure::of_redis(&error),
        error => error.into(),
    }
}
