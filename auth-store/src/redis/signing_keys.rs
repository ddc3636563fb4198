//! Signing keys, shared by all processes of a server. Private keys are sealed.

use std::{
    sync::{Arc, LazyLock},
    time::SystemTime,
};

use auth_runtime::{
    authenticate::Unavailable,
    jwt::{SigningKeyRecord, SigningKeyStore, StaleHandle},
};
use redis::Script;

use super::{link::Link, names::channel, store::RedisStore};
use crate::time::{seconds, time};

/// Keys are a list of ids in their order, and a hash of each: `published`, `signs`, `retired` and `sealed`.
///
/// `KEYS` are the list and the key of a new one. `ARGV` has the id of the last one or an empty text, the new id, its
/// fields, and the channel. Returns whether the key was added.
static ADD: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        if (redis.call('LINDEX', KEYS[1], -1) or '') ~= ARGV[1] then return 0 end
        redis.call('RPUSH', KEYS[1], ARGV[2])
        redis.call('HSET', KEYS[2], 'published', ARGV[3], 'signs', ARGV[4], 'sealed', ARGV[5])
        redis.call('PUBLISH', ARGV[6], 'signing keys')
        return 1",
    )
});

/// Returns the id and the fields of each key. `KEYS` is the list, `ARGV` the prefix of keys.
static LIST: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local found = {}
        for _, id in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
            found[#found + 1] = {id, redis.call('HMGET', ARGV[1] .. id, 'published', 'signs', 'retired', 'sealed')}
        end
        return found",
    )
});

/// Deletes a private key. `KEYS` are the key, and perhaps the one that must remain. `ARGV` has the time and the channel.
/// Returns whether that other key remains.
static RETIRE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        if KEYS[2] then
            local other = redis.call('HMGET', KEYS[2], 'published', 'retired')
            if not other[1] or other[2] then return 0 end
        end
        if redis.call('EXISTS', KEYS[1]) == 1 then
            redis.call('HSETNX', KEYS[1], 'retired', ARGV[1])
            redis.call('HDEL', KEYS[1], 'sealed')
            redis.call('PUBLISH', ARGV[2], 'signing keys')
        end
        return 1",
    )
});

/// Deletes a key that is not the last one. `KEYS` are the list and the key, and `ARGV` is its id.
static REMOVE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        if redis.call('LINDEX', KEYS[1], -1) ~= ARGV[1] then
            redis.call('LREM', KEYS[1], 0, ARGV[1])
            redis.call('DEL', KEYS[2])
        end",
    )
});

/// When a key is published, signs and was retired, and its sealed private key.
type Fields = (i64, i64, Option<i64>, Option<Vec<u8>>);

impl SigningKeyStore for RedisStore {
    async fn keys(&self) -> Result<Vec<SigningKeyRecord>, Unavailable> {
        let (list, prefix) = (self.signing_key(""), self.signing_key(":"));
        let listing = async |link: Arc<Link>| {
            LIST.key(&list).arg(&prefix).invoke_async::<Vec<(String, Fields)>>(&mut link.connection()).await
        };
        let found = self.0.connection.run(listing).await?;
        Ok(found.into_iter().map(|(id, fields)| record(id, fields)).collect())
    }

    async fn add(&self, key: &SigningKeyRecord, newest: Option<&str>) -> Result<bool, Unavailable> {
        let keys = [self.signing_key(""), self.signing_key(&format!(":{}", key.id))];
        let channel = channel(&self.0.prefix);
        let adding = async |link: Arc<Link>| {
            let mut add = ADD.prepare_invoke();
            add.key(&keys[..]).arg(newest.unwrap_or_default()).arg(&key.id);
            add.arg(seconds(key.published_at)).arg(seconds(key.signs_from)).arg(&key.sealed).arg(&channel);
            add.invoke_async(&mut link.connection()).await
        };
        Ok(self.0.connection.run(adding).await?)
    }

    async fn retire(&self, id: &str, at: SystemTime, remaining: Option<&str>) -> Result<bool, Unavailable> {
        let keys: Vec<_> = [id].into_iter().chain(remaining).map(|id| self.signing_key(&format!(":{id}"))).collect();
        let channel = channel(&self.0.prefix);
        let retiring = async |link: Arc<Link>| {
            RETIRE.key(&keys[..]).arg(seconds(at)).arg(&channel).invoke_async(&mut link.connection()).await
        };
        Ok(self.0.connection.run(retiring).await?)
    }

    async fn remove(&self, id: &str) -> Result<(), Unavailable> {
        let keys = [self.signing_key(""), self.signing_key(&format!(":{id}"))];
        let removing = async |link: Arc<Link>| REMOVE.key(&keys[..]).arg(id).invoke_async(&mut link.connection()).await;
        Ok(self.0.connection.run(removing).await?)
    }

    fn notify(&self, ring: StaleHandle) {
        self.0.connection.listen(move || ring.mark_stale());
    }
}

impl RedisStore {
    fn signing_key(&self, rest: &str) -> String {
        format!("{}signing-key{rest}", self.0.prefix)
    }
}

fn record(id: String, (published_at, signs_from, retired_at, sealed): Fields) -> SigningKeyRecord {
    let mut record = SigningKeyRecord::new(id, time(published_at), time(signs_from));
    record.retired_at = retired_at.map(time);
    record.sealed = sealed.unwrap_or_default();
    record
}
