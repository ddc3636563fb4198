//! Sessions, shared by all processes of a server.

use std::sync::{Arc, LazyLock};

use auth_runtime::{
    authenticate::Unavailable,
    session::{Session, SessionStore},
};
use redis::{RedisError, Script, pipe};

use super::{
    link::Link,
    names::session_prefix,
    store::{RedisStore, Shared},
    user_sessions::{Member, Stored, session},
};
use crate::StoreError;

/// The year 9999.
const LATEST: u64 = 253_402_300_799;

/// A session is a hash: `record` is JSON, `seen` the last request, `user` the key of the sessions of its subject, and
/// `member` its entry there. That key is a sorted set by the time at which the sessions expire.
///
/// `KEYS` are the keys of a session and of its subject. `ARGV` has the prefix of sessions, the record, the member, the
/// time at which it expires, and the id of the session that it replaces, or an empty text.
static INSERT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        if ARGV[5] ~= '' then
            local replaced = ARGV[1] .. ARGV[5]
            local entry = redis.call('HMGET', replaced, 'user', 'member')
            redis.call('DEL', replaced)
            if entry[1] and entry[2] then redis.call('ZREM', entry[1], entry[2]) end
        end
        redis.call('HSET', KEYS[1], 'record', ARGV[2], 'user', KEYS[2], 'member', ARGV[3])
        redis.call('EXPIREAT', KEYS[1], ARGV[4])
        redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', redis.call('TIME')[1])
        redis.call('ZADD', KEYS[2], ARGV[4], ARGV[3])
        redis.call('EXPIREAT', KEYS[2], redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')[2])",
    )
});

/// Ends a session, and returns whether it existed. `KEYS` is its key.
static END: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local entry = redis.call('HMGET', KEYS[1], 'user', 'member')
        if entry[1] and entry[2] then redis.call('ZREM', entry[1], entry[2]) end
        return redis.call('DEL', KEYS[1])",
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
        let keys = [self.0.session_key(&session.id), self.0.user_key(&session.subject)];
        let mut insert = INSERT.prepare_invoke();
        insert.key(&keys[..]).arg(session_prefix(&self.0.prefix)).arg(record).arg(Member::of(&session).text);
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
            let ended = END.key(&key).invoke_async(&mut link.connection()).await;
            link.state.forget(id);
            ended
        };
        Ok(self.0.connection.run(ending).await?)
    }

    async fn end_all(&self, issuer: &str, subject: &str, except: Option<&str>) -> Result<u64, Unavailable> {
        let is_meant = |member: &Member| member.issuer == issuer && Some(&*member.id) != except;
        Ok(self.0.end_all_of(subject, is_meant).await?)
    }

    async fn list(&self, issuer: &str, subject: &str) -> Result<Vec<Arc<Session>>, Unavailable> {
        Ok(self.0.list_of(subject, |member| member.issuer == issuer).await?)
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
