//! Sessions, shared by all processes of a server.

use std::sync::{Arc, LazyLock};

use auth_runtime::{
    authenticate::Unavailable,
    session::{Session, SessionStore},
};
use redis::{ErrorKind, RedisError, Script, cmd, pipe};

use super::{
    link::Link,
    names::session_prefix,
    store::{RedisStore, Shared},
};
use crate::StoreError;

/// How many sessions one script or pipeline handles.
const AT_ONCE: usize = 500;
/// The year 9999.
const LATEST: u64 = 253_402_300_799;

/// A session is a hash: `record` is JSON, `seen` the last request, and `user` the key of the sessions of its user. That is a
/// sorted set of ids by the time at which they expire.
///
/// `KEYS` are the keys of a session and of its user. `ARGV` has the prefix of sessions, the id, the record, the time at which
/// it expires, and the id of the session that it replaces, or an empty text.
static INSERT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        if ARGV[5] ~= '' then
            local replaced = ARGV[1] .. ARGV[5]
            local user = redis.call('HGET', replaced, 'user')
            redis.call('DEL', replaced)
            if user then redis.call('ZREM', user, ARGV[5]) end
        end
        redis.call('HSET', KEYS[1], 'record', ARGV[3], 'user', KEYS[2])
        redis.call('EXPIREAT', KEYS[1], ARGV[4])
        redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', redis.call('TIME')[1])
        redis.call('ZADD', KEYS[2], ARGV[4], ARGV[2])
        redis.call('EXPIREAT', KEYS[2], redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')[2])",
    )
});

/// Ends a session, and returns whether it existed. `KEYS` is its key, and `ARGV` its id.
static END: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local user = redis.call('HGET', KEYS[1], 'user')
        if user then redis.call('ZREM', user, ARGV[1]) end
        return redis.call('DEL', KEYS[1])",
    )
});

/// Ends sessions of a user, and returns the ids of those that existed. `KEYS` is the key of the user. `ARGV` has the prefix
/// of sessions, and the ids.
static END_BATCH: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local ended = {}
        for index = 2, #ARGV do
            if redis.call('DEL', ARGV[1] .. ARGV[index]) == 1 then ended[#ended + 1] = ARGV[index] end
            redis.call('ZREM', KEYS[1], ARGV[index])
        end
        return ended",
    )
});

/// Notes the last request of a session, if it has not ended. `KEYS` is its key, `ARGV` the time.
static TOUCH: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local seen = redis.call('HMGET', KEYS[1], 'record', 'seen')
        if seen[1] and tonumber(seen[2] or '0') < tonumber(ARGV[1]) then
            redis.call('HSET', KEYS[1], 'seen', ARGV[1])
        end",
    )
});

/// The record of a session and its last request, as they are stored.
type Stored = (Option<String>, Option<u64>);

impl SessionStore for RedisStore {
    async fn find(&self, id: &str) -> Result<Option<Arc<Session>>, Unavailable> {
        match self.find_now(id) {
            Some(session) => Ok(Some(session)),
            None => self.find_current(id).await,
        }
    }

    fn find_now(&self, id: &str) -> Option<Arc<Session>> {
        self.0.connection.current()?.state.session(id)
    }

    async fn find_current(&self, id: &str) -> Result<Option<Arc<Session>>, Unavailable> {
        let key = self.0.session_key(id);
        Ok(self.0.connection.run(|link| read(link, &key)).await?)
    }

    async fn insert(&self, session: Arc<Session>, replaced: Option<&str>) -> Result<(), Unavailable> {
        let record = serde_json::to_string(&*session).map_err(Unavailable::new)?;
        let keys = [self.0.session_key(&session.id), self.0.user_key(&session.issuer, &session.subject)];
        let mut insert = INSERT.prepare_invoke();
        insert.key(&keys[..]).arg(session_prefix(&self.0.prefix)).arg(&session.id).arg(record);
        insert.arg(expiry(session.expires_at)).arg(replaced.unwrap_or_default());
        let inserting = async |link: Arc<Link>| {
            insert.invoke_async::<()>(&mut link.connection()).await?;
            if let Some(id) = replaced {
                link.state.forget(id);
            }
            Ok(())
        };
        Ok(self.0.connection.run(inserting).await?)
    }

    async fn end(&self, id: &str) -> Result<bool, Unavailable> {
        let key = self.0.session_key(id);
        let ending = async |link: Arc<Link>| {
            let ended = END.key(&key).arg(id).invoke_async(&mut link.connection()).await;
            link.state.forget(id);
            ended
        };
        Ok(self.0.connection.run(ending).await?)
    }

    async fn end_all(&self, issuer: &str, subject: &str, except: Option<&str>) -> Result<u64, Unavailable> {
        let user = self.0.user_key(issuer, subject);
        let mut count = 0;
        // A session that a request has just replaced has a new identifier.
        loop {
            let mut ids = self.0.ids(&user).await?;
            ids.retain(|id| Some(id.as_str()) != except);
            if ids.is_empty() {
                return Ok(count);
            }
            // The server does nothing else during a script.
            for batch in ids.chunks(AT_ONCE) {
                count += self.0.end_batch(&user, batch).await?;
            }
        }
    }

    async fn list(&self, issuer: &str, subject: &str) -> Result<Vec<Arc<Session>>, Unavailable> {
        let ids = self.0.ids(&self.0.user_key(issuer, subject)).await?;
        let mut sessions = Vec::with_capacity(ids.len());
        for batch in ids.chunks(AT_ONCE) {
            sessions.extend(self.0.sessions(batch).await?);
        }
        Ok(sessions)
    }

    fn touch(&self, id: &str, now: u64) {
        let (store, key) = (self.clone(), self.0.session_key(id));
        tokio::spawn(async move {
            if let Err(error) = store.0.touch(&key, now).await {
                tracing::warn!(%error, "could not record the last request of a session");
            }
        });
    }
}

impl Shared {
    fn session_key(&self, id: &str) -> String {
        session_prefix(&self.prefix) + id
    }

    /// JSON keeps the two names apart, whatever is in them.
    fn user_key(&self, issuer: &str, subject: &str) -> String {
        format!("{}session-user:{}", self.prefix, serde_json::json!([issuer, subject]))
    }

    /// Returns the ids of a user's sessions.
    async fn ids(&self, user: &str) -> Result<Vec<String>, StoreError> {
        let asking = async |link: Arc<Link>| {
            let mut range = cmd("ZRANGE");
            range.arg(user).arg(0).arg(-1).query_async(&mut link.connection()).await
        };
        self.connection.run(asking).await
    }

    /// Ends sessions of a user. Returns how many existed.
    async fn end_batch(&self, user: &str, ids: &[String]) -> Result<u64, StoreError> {
        let prefix = session_prefix(&self.prefix);
        let ending = async |link: Arc<Link>| {
            let mut end = END_BATCH.prepare_invoke();
            end.key(user).arg(&prefix).arg(ids);
            let ended = end.invoke_async::<Vec<String>>(&mut link.connection()).await?;
            for id in &ended {
                link.state.forget(id);
            }
            Ok(ended.len())
        };
        Ok(u64::try_from(self.connection.run(ending).await?).unwrap_or(u64::MAX))
    }

    /// Returns the sessions with these ids that have not ended.
    async fn sessions(&self, ids: &[String]) -> Result<Vec<Arc<Session>>, StoreError> {
        let asking = async |link: Arc<Link>| {
            let mut asking = pipe();
            for id in ids {
                asking.cmd("HMGET").arg(self.session_key(id)).arg("record").arg("seen");
            }
            let found = asking.query_async::<Vec<Stored>>(&mut link.connection()).await?;
            found.into_iter().filter_map(|stored| session(stored).transpose()).collect()
        };
        self.connection.run(asking).await
    }

    async fn touch(&self, key: &str, now: u64) -> Result<(), StoreError> {
        let touching = async |link: Arc<Link>| TOUCH.key(key).arg(now).invoke_async(&mut link.connection()).await;
        self.connection.run(touching).await
    }
}

/// Returns the time at which a key expires. Redis refuses one that overflows in milliseconds, after it has set the key.
fn expiry(expires_at: u64) -> u64 {
    expires_at.min(LATEST)
}

/// Reads a session. The server names its key on this connection when it changes.
async fn read(link: Arc<Link>, key: &str) -> Result<Option<Arc<Session>>, RedisError> {
    let changes = link.state.changes();
    let mut asking = pipe();
    asking.cmd("CLIENT").arg("CACHING").arg("YES").ignore();
    asking.cmd("HMGET").arg(key).arg("record").arg("seen");
    let (stored,) = asking.query_async::<(Stored,)>(&mut link.connection()).await?;
    let found = session(stored)?;
    if let Some(session) = &found {
        link.state.cache(session, changes);
    }
    Ok(found)
}

/// Reads what is stored. A record that is malformed makes the store unavailable: whether the session has ended is unknown.
fn session((record, seen): Stored) -> Result<Option<Arc<Session>>, RedisError> {
    let Some(record) = record else { return Ok(None) };
    let mut session: Session = serde_json::from_str(&record).map_err(|error| {
        RedisError::from((ErrorKind::UnexpectedReturnType, "the record of a session is malformed", error.to_string()))
    })?;
    session.last_seen_at = session.last_seen_at.max(seen.unwrap_or_default());
    Ok(Some(Arc::new(session)))
}
