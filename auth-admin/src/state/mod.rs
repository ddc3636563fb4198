//! Sessions, refresh tokens, revocations and signing keys: in the database, and in Redis if the settings name it.
//!
//! An application may keep some of its state in each. So a command on sessions and tokens uses both. Signing keys
//! belong together: they are in Redis, unless there is none.
//!
//! A change asks Redis first whether it is ready, so that a wrong password shows before the database is changed. Redis may
//! still fail after the database was changed. Then [`Changed`] has both outcomes.

mod changed;
mod store;

use std::{cmp::Reverse, sync::Arc};

use auth_runtime::{
    jwt::Revocation,
    session::Session,
    token_service::RefreshFamily,
    users::{User, UserStore},
};
use auth_store::{SqlUsers, StoreError};

use self::changed::Changed;
pub(crate) use self::store::StateStore;
use crate::error::Failure;

const KEYS_ELSEWHERE: &str = "Redis has no signing keys, but the database has; run the command without the URL of Redis \
                              to use those";

/// The stores of shared state.
pub(crate) struct SharedState {
    database: StateStore,
    redis: Option<StateStore>,
}

impl SharedState {
    pub(crate) fn new(users: &SqlUsers, redis: Option<StateStore>) -> Self {
        Self { database: StateStore::Database(users.clone()), redis }
    }

    pub(crate) const fn redis(&self) -> Option<&StateStore> {
        self.redis.as_ref()
    }

    fn stores(&self) -> impl Iterator<Item = &StateStore> {
        [&self.database].into_iter().chain(&self.redis)
    }

    /// Returns the sessions of a user that have not ended, most recently used first.
    pub(crate) async fn sessions(&self, user: &User) -> Result<Vec<Arc<Session>>, Failure> {
        let mut sessions = Vec::new();
        for store in self.stores() {
            sessions.extend(store.sessions(user).await?);
        }
        sessions.sort_by_key(|session| Reverse(session.last_seen_at));
        Ok(sessions)
    }

    /// Returns Redis, if there is one, after it has answered.
    async fn ready_redis(&self) -> Result<Option<&StateStore>, Failure> {
        if let Some(redis) = &self.redis {
            redis.ready().await?;
        }
        Ok(self.redis.as_ref())
    }

    /// Ends a session. Returns whether it existed.
    pub(crate) async fn end_session(&self, id: &str) -> Result<Changed<bool>, Failure> {
        let redis = self.ready_redis().await?;
        let in_database = self.database.end_session(id).await?;
        let in_redis = redis.map(|redis| redis.end_session(id));
        Ok(Changed::join(in_database, in_redis, |one, other| one || other).await)
    }

    /// Ends all sessions of a user. Returns how many existed.
    pub(crate) async fn end_sessions_of(&self, user: &User) -> Result<Changed<u64>, Failure> {
        let redis = self.ready_redis().await?;
        let in_database = self.database.end_sessions_of(user).await?;
        let in_redis = redis.map(|redis| redis.end_sessions_of(user));
        Ok(Changed::join(in_database, in_redis, |one, other| one + other).await)
    }

    /// Returns the refresh tokens of a sign-in; `None` if there are none, or they have ended.
    pub(crate) async fn refresh_family(&self, id: &str) -> Result<Option<RefreshFamily>, Failure> {
        for store in self.stores() {
            if let Some(family) = store.refresh_family(id).await? {
                return Ok(Some(family));
            }
        }
        Ok(None)
    }

    pub(crate) async fn end_refresh_family(&self, id: &str) -> Result<Changed<()>, Failure> {
        let redis = self.ready_redis().await?;
        self.database.end_refresh_family(id).await?;
        let in_redis = redis.map(|redis| redis.end_refresh_family(id));
        Ok(Changed::join((), in_redis, |(), ()| ()).await)
    }

    pub(crate) async fn revocations(&self) -> Result<Vec<Revocation>, Failure> {
        let mut revocations = Vec::new();
        for store in self.stores() {
            revocations.extend(store.revocations().await?);
        }
        Ok(revocations)
    }

    pub(crate) async fn revoke(&self, revocation: &Revocation) -> Result<Changed<()>, Failure> {
        let redis = self.ready_redis().await?;
        self.database.revoke(revocation).await?;
        let in_redis = redis.map(|redis| redis.revoke(revocation));
        Ok(Changed::join((), in_redis, |(), ()| ()).await)
    }

    /// Returns the store of signing keys. Fails if there are none in Redis, but some in the database.
    pub(crate) async fn of_keys(&self) -> Result<&StateStore, Failure> {
        let Some(redis) = &self.redis else { return Ok(&self.database) };
        if redis.keys().await?.is_empty() && !self.database.keys().await?.is_empty() {
            return Err(Failure::usage(KEYS_ELSEWHERE));
        }
        Ok(redis)
    }
}

/// Returns the user of a name, with the version of the credentials.
pub(crate) async fn user(users: &SqlUsers, name: &str) -> Result<User, Failure> {
    Ok(users.find_at_sign_in(name).await?.ok_or_else(|| StoreError::NoUser(name.to_owned()))?)
}
