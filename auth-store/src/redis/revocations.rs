//! Revocations of tokens, shared by all processes of a server.

use std::{
    sync::{Arc, LazyLock},
    time::{Duration, SystemTime},
};

use auth_runtime::{
    authenticate::Unavailable,
    jwt::{NewRevocations, Revocation, RevocationKind, RevocationStore, StaleHandle},
};
use redis::{ErrorKind, RedisError, Script};

use super::{link::Link, names::channel, store::RedisStore};
use crate::time::seconds;

/// The list is a sorted set of revocations by position, and another by the time at which they may be deleted.
///
/// `KEYS` are the last position and these sets. `ARGV` has the revocation, the time at which it may be deleted, and the
/// channel. The position stands before the text, so that each entry is another one.
static REVOKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local position = redis.call('INCR', KEYS[1])
        local entry = position .. ' ' .. ARGV[1]
        redis.call('ZADD', KEYS[2], position, entry)
        redis.call('ZADD', KEYS[3], ARGV[2], entry)
        local now = redis.call('TIME')[1]
        for _, old in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', '(' .. now, 'LIMIT', 0, 100)) do
            redis.call('ZREM', KEYS[2], old)
            redis.call('ZREM', KEYS[3], old)
        end
        redis.call('PUBLISH', ARGV[3], 'revocations')",
    )
});

/// Returns the last position, and the entries after another one. `KEYS` are the last position and the set by position.
static SINCE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local last = tonumber(redis.call('GET', KEYS[1]) or '0')
        return {last, redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[1], '+inf')}",
    )
});

impl RevocationStore for RedisStore {
    async fn revoke(&self, revocation: &Revocation) -> Result<(), Unavailable> {
        let (keys, channel) = (self.revocation_keys(), channel(&self.0.prefix));
        let revoking = async |link: Arc<Link>| {
            let mut revoke = REVOKE.prepare_invoke();
            // A second later: times are cut to seconds.
            let forget_at = seconds(revocation.forget_at()).saturating_add(1);
            revoke.key(&keys[..]).arg(encoded(revocation)).arg(forget_at).arg(&channel);
            revoke.invoke_async::<()>(&mut link.connection()).await
        };
        Ok(self.0.connection.run(revoking).await?)
    }

    async fn since(&self, position: i64) -> Result<NewRevocations, Unavailable> {
        let keys = self.revocation_keys();
        let asking = async |link: Arc<Link>| {
            let mut since = SINCE.prepare_invoke();
            since.key(&keys[..2]).arg(position);
            let (position, entries) = since.invoke_async::<(i64, Vec<String>)>(&mut link.connection()).await?;
            let entries = entries.iter().map(|entry| decoded(entry).ok_or_else(malformed)).collect::<Result<_, _>>()?;
            Ok(NewRevocations { entries, position })
        };
        Ok(self.0.connection.run(asking).await?)
    }

    fn notify(&self, list: StaleHandle) {
        self.0.connection.listen(move || list.mark_stale());
    }
}

impl RedisStore {
    fn revocation_keys(&self) -> [String; 3] {
        ["last", "entries", "times"].map(|name| format!("{}revocation:{name}", self.0.prefix))
    }
}

/// Returns the text of a revocation: JSON of kind, issuer, name, and time in seconds and nanoseconds.
fn encoded(revocation: &Revocation) -> String {
    let kind = match revocation.kind {
        RevocationKind::Token => "token",
        RevocationKind::Session => "session",
        RevocationKind::Subject => "subject",
    };
    let time = revocation.time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    serde_json::json!([kind, revocation.issuer, revocation.name, time.as_secs(), time.subsec_nanos()]).to_string()
}

/// Reads an entry: its position and such a text.
fn decoded(entry: &str) -> Option<Revocation> {
    let (_, text) = entry.split_once(' ')?;
    let (kind, issuer, name, seconds, nanoseconds) =
        serde_json::from_str::<(String, String, String, u64, u32)>(text).ok()?;
    let time = SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, nanoseconds.min(999_999_999)))?;
    match &*kind {
        "token" => Some(Revocation::token(issuer, name, time)),
        "session" => Some(Revocation::session(issuer, name, time)),
        "subject" => Some(Revocation::subject(issuer, name, time)),
        _ => None,
    }
}

/// A list with an entry that is malformed is not used: the tokens that it revokes are unknown.
fn malformed() -> RedisError {
    RedisError::from((ErrorKind::UnexpectedReturnType, "the record of a revocation is malformed"))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use auth_runtime::jwt::Revocation;

    use super::{decoded, encoded};

    #[test]
    fn revocation_is_read_back() {
        let time = SystemTime::UNIX_EPOCH + Duration::new(1_764_000_000, 123_456_789);
        for revocation in [
            Revocation::token("https://a", "id \"1\" 2", time),
            Revocation::session("", "s", SystemTime::UNIX_EPOCH),
            Revocation::subject("https://a", "älice", time),
        ] {
            assert_eq!(decoded(&format!("7 {}", encoded(&revocation))), Some(revocation));
        }
    }

    #[test]
    fn malformed_revocation_is_not_ignored() {
        for entry in ["", "7", "7 []", r#"7 ["other","i","n",1,2]"#, r#"7 ["token","i","n",-1,2]"#] {
            assert_eq!(decoded(entry), None, "{entry}");
        }
    }
}
