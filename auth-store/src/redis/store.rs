//! The store, and the state that its clones share.

use std::{fmt, sync::Arc};

use super::connection::Connection;

/// State of many processes in Redis or Valkey. Clones are cheap and share one connection.
///
/// It is a store of
///
/// - attempts ([`AttemptStore`](auth_runtime::throttle::AttemptStore));
/// - sessions ([`SessionStore`](auth_runtime::session::SessionStore));
/// - refresh tokens ([`RefreshTokenStore`](auth_runtime::token_service::RefreshTokenStore));
/// - revocations ([`RevocationStore`](auth_runtime::jwt::RevocationStore));
/// - signing keys ([`SigningKeyStore`](auth_runtime::jwt::SigningKeyStore)).
///
/// ```no_run
/// use auth_runtime::{session::Sessions, users::Basic};
/// use auth_store::{RedisStore, SqlUsers};
///
/// # async fn example() -> Result<(), auth_store::StoreError> {
/// let redis = RedisStore::connect("rediss://app:password@redis.example:6379/0").await?;
/// let users = SqlUsers::options().attempts(redis.clone()).connect("postgres://app@db.example/users").await?;
/// let basic = Basic::new(users);
/// let sessions = Sessions::with_store(&basic, redis);
/// # Ok(()) }
/// ```
///
/// # Freshness
///
/// Up to 10,000 sessions are cached. A cached session usually costs no query. A session that ended in another process
/// is refused within milliseconds, as the server names each cached key that changes. If the network loses the message,
/// it is refused within one second: a cached session is used only if the server has answered on the same connection
/// within that time.
///
/// A revocation in another process counts within milliseconds. If the message is lost, it counts within the bound of
/// [`Revocations::freshness`](auth_runtime::jwt::Revocations::freshness).
///
/// # Requirements
///
/// - Redis 6.2 or later, or Valkey, as one server: with replicas and Sentinel behind one address, but not as a cluster.
/// - `maxmemory-policy noeviction`. Any other policy is refused at each connect: it would evict lockouts and
///   revocations.
/// - `appendonly yes`. Without it, a restart can lose all state. The store logs a warning.
///
/// # Failures
///
/// If Redis does not answer within [`RedisOptions::answer_timeout`](super::RedisOptions::answer_timeout), the request
/// gets 503: neither a denial nor a pass. The store connects again with the next request.
///
/// # What it does not protect against
///
/// - An attacker with write access to Redis can end lockouts and revocations, and open a session as any user.
/// - Lost writes. With `appendfsync everysec`, a machine crash loses up to two seconds of writes. Replication is
///   asynchronous, so a failover loses what the replica has not received.
/// - An attacker in the network, unless the URL begins with `rediss://`.
#[derive(Clone)]
pub struct RedisStore(pub(super) Arc<Shared>);

pub(super) struct Shared {
    pub(super) connection: Connection,
    pub(super) prefix: String,
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("connection", &self.0.connection)
            .field("prefix", &self.0.prefix)
            .finish_non_exhaustive()
    }
}
